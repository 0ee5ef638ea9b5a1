/** Makes the request of what a person typed. Everything that is wrong with it is told at once, before anything is sent. */
import type { z } from 'zod'
import { CannotGoOn, EXIT } from './exit-code.ts'
import { shown } from './fault.ts'
import type { Command, Field, Part } from './fields.ts'
import { membersOf } from './pages.ts'

/** As the parser gives them: options by their name in kebab-case, arguments by their place. */
export type Typed = {
  readonly args: readonly (string | undefined)[]
  readonly options: Readonly<Record<string, unknown>>
}

/** A file after `@`, or standard input for `-`. */
export type ReadInput = (source: string) => string

export type Values = Record<Part, Record<string, unknown>>

export function valuesOf(command: Command, typed: Typed, readInput: ReadInput): Values {
  const values: Values = { params: {}, query: {}, body: { ...command.row.fixed } }
  const faults: string[] = []
  const given = givenFields(command, typed, faults)
  for (const [field, value] of given) values[field.part][field.name] = read(field, value, readInput, faults)
  for (const [field] of given) if (field.account === 'either') nameAccount(values[field.part])
  for (const field of cleared(command, typed, faults)) values[field.part][field.name] = null
  faults.push(...missingAccount(command, values))
  if (faults.length === 0) faults.push(...refusedBySchemas(command, values))
  if (faults.length > 0) throw new CannotGoOn(faults.join('\n'), EXIT.usage)
  return values
}

/** Each field that was typed, with its text. */
function givenFields({ places, options }: Command, typed: Typed, faults: string[]): [Field, unknown][] {
  const byPlace = places.flatMap((fields, index): [Field, unknown][] => {
    const text = typed.args[index]
    const [first, second] = fields
    if (text === undefined || !first) return []
    if (!second) return [[first, text]]
    const cut = text.indexOf('/')
    if (cut <= 0 || cut === text.length - 1)
      faults.push(`<${placeName(fields)}>: expected both, e.g. openai/gpt-4o-mini; found ${shown(text)}`)
    return [
      [first, text.slice(0, cut)],
      [second, text.slice(cut + 1)],
    ]
  })
  const byOption = options.flatMap((field): [Field, unknown][] => {
    const value = typed.options[field.option]
    return value === undefined ? [] : [[field, value]]
  })
  return [...byPlace, ...byOption]
}

export const placeName = (fields: readonly Field[]): string => fields.map(({ option }) => option).join('/')

/** `--clear email`: what is set to nothing. */
function cleared({ options }: Command, typed: Typed, faults: string[]): Field[] {
  const names = (typed.options.clear ?? []) as readonly string[]
  return names.flatMap((name) => {
    const field = options.find(({ option, nullable }) => option === name && nullable)
    if (!field) faults.push(`--clear: nothing called ${shown(name)} can be cleared here`)
    return field ? [field] : []
  })
}

function read(field: Field, value: unknown, readInput: ReadInput, faults: string[]): unknown {
  if (typeof value === 'boolean') return value
  if (field.kind === 'pairs') return pairsOf(field, value as readonly string[], readInput, faults)
  if (field.kind === 'numbers') return (value as readonly string[]).map(numberIn)
  if (typeof value !== 'string') return value
  if (field.kind === 'secret') return /^(@|-$)/.test(value) ? readInput(value).trim() : value
  if (field.kind === 'json') return jsonOf(field, value, readInput, faults)
  return field.kind === 'integer' || field.kind === 'number' ? numberIn(value) : value
}

/** What has not the form of a number stays text, and the schema says what it expects. */
const numberIn = (text: string): number | string => (DECIMAL.test(text) ? Number(text) : text)

const DECIMAL = /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/

/** `--metadata tier=gold --metadata seat=7`: the values are text. A whole object comes from a file. */
function pairsOf(field: Field, pairs: readonly string[], readInput: ReadInput, faults: string[]): unknown {
  const [only] = pairs
  if (pairs.length === 1 && only !== undefined && /^(@|-$|\{)/.test(only)) return jsonOf(field, only, readInput, faults)
  const entries = pairs.flatMap((pair): [string, string][] => {
    const cut = pair.indexOf('=')
    if (cut <= 0) faults.push(`--${field.option}: expected name=value; found ${shown(pair)}`)
    return cut <= 0 ? [] : [[pair.slice(0, cut), pair.slice(cut + 1)]]
  })
  return Object.fromEntries(entries)
}

function jsonOf(field: Field, text: string, readInput: ReadInput, faults: string[]): unknown {
  const isElsewhere = text === '-' || text.startsWith('@')
  try {
    return JSON.parse(isElsewhere ? readInput(text) : text)
  } catch (error) {
    if (error instanceof CannotGoOn) throw error
    faults.push(`--${field.option}: expected JSON, @file with it, or - for standard input; found ${shown(text)}`)
    return undefined
  }
}

export const isAccountId = (text: unknown): boolean => typeof text === 'string' && /^acc_[0-9A-Za-z]{20}$/.test(text)

/** What has not the form of an id is your own name; one that looks like an id is told by --external-id. */
function nameAccount(values: Record<string, unknown>): void {
  if (isAccountId(values.accountId) || values.externalId !== undefined) return
  values.externalId = values.accountId
  delete values.accountId
}

/** Some operations take either name of an account, and none is missed by their schema. */
function missingAccount({ row }: Command, { params, query, body }: Values): string[] {
  if (!row.needsAccount) return []
  const named = [query, body].filter((part) => part.accountId !== undefined || part.externalId !== undefined).length > 0
  if (named || params.id !== undefined) return []
  return ['the account is missing: name it with its id or with your own name for it, see --help']
}

function refusedBySchemas(command: Command, values: Values): string[] {
  return (['params', 'query', 'body'] as const).flatMap((part) => {
    const result = command.operation[part]?.safeParse(values[part])
    return result?.error ? result.error.issues.map((issue) => told(command, part, issue, values[part])) : []
  })
}

function told(command: Command, part: Part, issue: z.core.$ZodIssue, values: Record<string, unknown>): string {
  const name = String(issue.path[0] ?? '')
  const place = command.places.find((fields) => fields.some((field) => field.part === part && field.name === name))
  const option = command.options.find((field) => field.part === part && field.name === name)?.option ?? name
  const label = place ? `<${placeName(place)}>` : `--${option}`
  const expected = issue.message.replace(/^is missing: /, '')
  if (values[name] === undefined) return `${label} is missing: ${expected}`
  const where = issue.path.length > 1 ? `, at ${issue.path.slice(1).join('.')}` : ''
  const found = issue.path.reduce<unknown>((outer, step) => membersOf(outer)[String(step)], values)
  return `${label}: ${expected}${where}${typeof found === 'object' ? '' : `; found ${shown(found)}`}`
}

/** The first of the operation's paths whose parameters are all there. */
export function pathWith({ operation }: Command, values: Values['params'] & Record<string, unknown>): string {
  const paths = [operation.path, ...(operation.aliases ?? [])]
  const fitting = paths.find((path) =>
    [...path.matchAll(PARAMETER)].every(({ 1: name = '' }) => values[name] !== undefined),
  )
  if (fitting === undefined) throw new CannotGoOn('something is missing, see --help', EXIT.usage)
  return fitting.replace(PARAMETER, (_whole, name: string, rest: string) => segment(String(values[name]), rest === '*'))
}

const PARAMETER = /\{(\w+)(\*?)\}/g

/** A dot alone would be read as a step within the path. */
function segment(text: string, isRest: boolean): string {
  if (/^\.{0,2}$/.test(text)) throw new CannotGoOn(`expected a name or an id; found ${shown(text)}`, EXIT.usage)
  return isRest
    ? text
        .split('/')
        .map((part) => segment(part, false))
        .join('/')
    : encodeURIComponent(text)
}

/** With its question mark; nothing where there is nothing. */
export function queryText(query: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one))
  return params.size === 0 ? '' : `?${params}`
}
