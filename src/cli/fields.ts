/** What a command takes: each field of its operation, read from the schemas, with its option and how it is typed. */
import { z } from 'zod'
import type { Operation } from '../contract/operation.ts'
import { operations } from '../contract/operations.ts'
import { type CommandRow, SHORT_NAMES } from './command-row.ts'

/** How the text that a person typed becomes a value. */
type Kind = 'text' | 'amount' | 'integer' | 'number' | 'flag' | 'texts' | 'numbers' | 'pairs' | 'json' | 'secret'

export type Part = 'params' | 'query' | 'body'

export type Field = {
  readonly name: string
  readonly part: Part
  /** In kebab-case, without the dashes. */
  readonly option: string
  readonly kind: Kind
  /** The words that it takes, where they are few. */
  readonly values: readonly string[]
  readonly required: boolean
  /** Can be set to nothing. */
  readonly nullable: boolean
  /** Of a flag: it can be said that it is not. */
  readonly opposite: boolean
  readonly about: string
  /** Names an account: by its id alone, by either name, or by your own name alone. */
  readonly account?: 'id' | 'either' | 'name'
}

/** The most rows that a page of the list may have; `undefined` where pages cannot be chosen. */
export type Paging = {
  readonly most: number | undefined
  readonly by: 'cursor' | 'offset' | undefined
}

export type Command = {
  readonly row: CommandRow
  readonly operation: Operation
  /** What is typed by its place, in that order; `author/slug` is two fields. */
  readonly places: readonly (readonly Field[])[]
  readonly options: readonly Field[]
  readonly paging: Paging
}

/** Those of lists, which the walk through the pages and the options of the output fill in. */
const PAGE_FIELDS = ['limit', 'offset', 'cursor', 'format']

export function commandOf(row: CommandRow, operation = operationOf(row)): Command {
  const all = (['params', 'query', 'body'] as const).flatMap((part) => fieldsOf(row, operation, part))
  const isList = row.columns !== undefined
  const places = (row.args ?? []).map((arg) => placeOf(row, arg, all))
  const placed = new Set(places.flat().map(({ part, name }) => `${part}.${name}`))
  const hidden = new Set([...(row.without ?? []), ...Object.keys(row.fixed ?? {}), ...(isList ? PAGE_FIELDS : [])])
  const options = all.filter(
    (field) =>
      !placed.has(`${field.part}.${field.name}`) &&
      field.part !== 'params' &&
      !hidden.has(field.name) &&
      !(row.fixed && field.part === 'body'),
  )
  return { row, operation, places, options, paging: pagingOf(operation) }
}

const operationOf = (row: CommandRow): Operation => {
  const found = (operations as readonly Operation[]).find(({ name }) => name === row.operation)
  if (!found) throw new Error(`no operation ${row.operation}`)
  return found
}

function placeOf(row: CommandRow, arg: string, fields: readonly Field[]): Field[] {
  if (arg === 'account') return [accountPlace(row, fields)]
  return arg.split('/').map((name) => {
    const field = fields.find((candidate) => candidate.name === name)
    if (!field) throw new Error(`${row.noun} ${row.verb}: the operation has no field ${name}`)
    return field
  })
}

/** Either name where the operation takes both, else the id in its path. */
function accountPlace({ noun, verb }: CommandRow, fields: readonly Field[]): Field {
  const field =
    fields.find(({ account }) => account === 'either') ??
    fields.find(({ name, part }) => name === 'id' && part === 'params')
  if (!field) throw new Error(`${noun} ${verb}: the operation has no account`)
  const kind = field.account ?? 'id'
  return { ...field, option: 'account', account: kind, about: ACCOUNT, required: kind === 'id' }
}

const ACCOUNT = 'The account: its id, or your own name for it.'

type JsonSchema = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly description?: string
  readonly pattern?: string
  /** It goes in and never comes out. */
  readonly writeOnly?: boolean
  readonly not?: unknown
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

/** What is made ready before it is checked is shown as it is checked. */
const JSON_OPTIONS: Parameters<typeof z.toJSONSchema>[1] = {
  io: 'input',
  unrepresentable: 'any',
  reused: 'inline',
  override: ({ zodSchema, jsonSchema }) => {
    if (zodSchema instanceof z.ZodPipe && zodSchema.def.in instanceof z.ZodTransform)
      Object.assign(jsonSchema, z.toJSONSchema(zodSchema.def.out, JSON_OPTIONS), { $schema: undefined })
  },
}

const schemaOf = (schema: z.ZodObject | undefined): JsonSchema =>
  schema ? (z.toJSONSchema(schema, JSON_OPTIONS) as JsonSchema) : {}

function fieldsOf(row: CommandRow, operation: Operation, part: Part): Field[] {
  const { properties = {}, required = [] } = schemaOf(operation[part])
  // What is never taken is there for its message alone.
  const taken = Object.entries(properties).filter(([, { not }]) => not === undefined)
  return taken.map(([name, schema]) => {
    const { leaf, nullable } = withoutNull(schema)
    const option = row.names?.[name] ?? SHORT_NAMES[name] ?? kebab(name)
    const account = accountKind(name, properties)
    return {
      ...{ name, part, option, nullable, kind: kindOf(leaf) },
      values: valuesOf(leaf),
      required: required.includes(name),
      opposite: part === 'body' || (row.opposites ?? []).includes(name),
      about: aboutOf(name, account, schema.description ?? leaf.description ?? ''),
      ...(account ? { account } : {}),
    }
  })
}

function accountKind(name: string, siblings: object): Field['account'] {
  if (name === 'accountId') return 'externalId' in siblings ? 'either' : 'id'
  if (name === 'external_user') return 'name'
  return name === 'account' ? 'id' : undefined
}

function aboutOf(name: string, account: Field['account'], described: string): string {
  if (account === 'either') return ACCOUNT
  return name === 'externalId' && described === '' ? 'Your own name for the account.' : described
}

function withoutNull(schema: JsonSchema): { leaf: JsonSchema; nullable: boolean } {
  const others = schema.anyOf?.filter(({ type }) => type !== 'null')
  if (!others || others.length === schema.anyOf?.length) return { leaf: schema, nullable: false }
  return { leaf: others.length === 1 && others[0] ? others[0] : { anyOf: others }, nullable: true }
}

const LIST_KINDS: Readonly<Record<string, Kind>> = { string: 'texts', number: 'numbers', integer: 'numbers' }

function kindOf({ type, anyOf, items, properties, writeOnly }: JsonSchema): Kind {
  if (writeOnly) return 'secret'
  if (anyOf?.every((one) => one.type === 'string')) return 'text'
  // An amount of money: a number or decimal text. It travels as the text that was typed.
  if (anyOf)
    return anyOf.some(({ type: one, pattern }) => one === 'string' && pattern?.includes('{1,9}')) ? 'amount' : 'json'
  if (type === 'boolean') return 'flag'
  if (type === 'integer' || type === 'number') return type
  if (type === 'array') return LIST_KINDS[items?.type ?? ''] ?? 'json'
  if (type === 'object') return properties ? 'json' : 'pairs'
  return type === 'string' || type === undefined ? 'text' : 'json'
}

function valuesOf({ enum: words, const: word, items }: JsonSchema): string[] {
  const values = words ?? items?.enum ?? (word === undefined ? [] : [word])
  return values.map(String)
}

/** `externalId` and `external_id` → `external-id` */
const kebab = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll('_', '-')

function pagingOf({ query }: Operation): Paging {
  const { properties = {} } = schemaOf(query)
  const by = 'cursor' in properties ? 'cursor' : 'offset' in properties ? 'offset' : undefined
  return { most: properties.limit?.maximum, by }
}

/** The members of a row of the list, in the order of the schema: the columns of its CSV. */
export function membersOf({ row, operation }: Command): string[] {
  const shape = (schema: unknown): Record<string, unknown> => {
    if (schema instanceof z.ZodObject) return schema.shape
    if (schema instanceof z.ZodUnion) return Object.assign({}, ...schema.options.map(shape))
    return schema instanceof z.ZodArray ? shape(schema.element) : {}
  }
  const shown = (row.shows?.split('.') ?? []).reduce<unknown>((schema, name) => shape(schema)[name], operation.result)
  return Object.keys(shape(shown)).filter((name) => name !== 'decimal')
}
