/** The OpenAPI document as TypeScript: a type for each shape, for each operation what it takes and gives, and where it is. */
import type { Json, JsonObject, OpenApiDocument } from '../../src/contract/openapi.ts'

export function sdkTypes({ paths, components }: OpenApiDocument): string {
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const own = entries.filter(({ operation }) => !('x-alias-of' in operation))
  return `// Made by \`npx node scripts/generate-sdk.ts\` from the table of operations. Not to be edited.
/* eslint-disable */

${Object.entries(components.schemas)
  .filter(([name]) => !name.endsWith('Error'))
  .map(([name, schema]) => `${comment(schema, 0)}export type ${name} = ${typeOf(schema, 0)}`)
  .join('\n\n')}

/** What each operation takes and what it answers. */
export type Operations = {
${own.map((entry) => operationType(entry)).join('\n')}
}

/**
 * Where each operation is. \`alias\`: where it takes nothing in its path. \`once\`: the server takes an
 * \`Idempotency-Key\`, and does the same thing once.
 */
export const endpoints = {
${own.map((entry) => endpointRow(entry, entries)).join('\n')}
} as const
`
}

function endpointRow({ path, method, operation }: Entry, all: readonly Entry[]): string {
  const { operationId } = operation
  const alias = all.find((other) => other.operation['x-alias-of'] === operationId && !other.path.includes('{'))
  const members = [
    `method: '${method.toUpperCase()}'`,
    `path: '${path}'`,
    ...(alias && path.includes('{') ? [`alias: '${alias.path}'`] : []),
    ...(takesKey(operation) ? ['once: true'] : []),
  ]
  return `  ${String(operationId)}: { ${members.join(', ')} },`
}

type Entry = { readonly path: string; readonly method: string; readonly operation: JsonObject }

const parametersOf = ({ parameters }: JsonObject): readonly JsonObject[] => parameters as readonly JsonObject[]

const takesKey = (operation: JsonObject): boolean =>
  parametersOf(operation).some(({ name }) => name === 'Idempotency-Key')

function operationType({ operation }: Entry): string {
  const { operationId, summary, requestBody, responses } = operation
  const query = parametersOf(operation).filter((parameter) => parameter.in === 'query')
  const success = Object.entries(responses as JsonObject).find(([status]) => status.startsWith('2'))?.[1]
  const members = [
    ...(query.length > 0 ? [`    query: ${typeOf(objectOf(query), 2)}`] : []),
    ...(requestBody ? [`    body: ${typeOf(contentOf(requestBody), 2)}`] : []),
    `    result: ${typeOf(contentOf(success), 2)}`,
  ]
  return `  /** ${String(summary)} */\n  ${operationId}: {\n${members.join('\n')}\n  }`
}

const objectOf = (parameters: readonly JsonObject[]): JsonObject => ({
  type: 'object',
  required: parameters.filter(({ required }) => required === true).map(({ name }) => String(name)),
  properties: Object.fromEntries(
    parameters.map(({ name, schema, description }) => [
      String(name),
      { ...(schema as JsonObject), ...(description === undefined ? {} : { description }) },
    ]),
  ),
})

const contentOf = (holder: Json | undefined): Json =>
  (holder as { content?: { 'application/json'?: { schema?: Json } } } | undefined)?.content?.['application/json']
    ?.schema ?? {}

function typeOf(schema: Json, depth: number): string {
  const { $ref, oneOf, anyOf = oneOf, allOf, enum: values, const: only, type, items } = schema as Record<string, Json>
  if (typeof $ref === 'string') return $ref.split('/').at(-1) ?? 'unknown'
  if (Array.isArray(anyOf)) return [...new Set(anyOf.map((one) => typeOf(one, depth)))].join(' | ')
  if (Array.isArray(allOf)) return allOf.map((one) => typeOf(one, depth)).join(' & ')
  if (Array.isArray(values)) return values.map(literal).join(' | ')
  if (only !== undefined) return literal(only)
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...(schema as JsonObject), type: one }, depth)).join(' | ')
  if (type === 'array') return arrayOf(typeOf(items ?? {}, depth))
  if (type === 'object') return objectType(schema as JsonObject, depth)
  return type === 'integer' ? 'number' : typeof type === 'string' ? type : 'unknown'
}

const literal = (value: Json): string =>
  typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value)

const arrayOf = (item: string): string => (/[|&]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`)

function objectType({ properties = {}, required = [], additionalProperties }: JsonObject, depth: number): string {
  const indent = '  '.repeat(depth + 1)
  const members = Object.entries(properties as JsonObject).map(([name, member]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`
    const isRequired = (required as readonly Json[]).includes(name)
    const type = typeOf(member, depth + 1)
    return `${comment(member as JsonObject, depth + 1)}${indent}${key}${isRequired ? '' : '?'}: ${type}${isRequired ? '' : ' | undefined'}`
  })
  const open = typeof additionalProperties === 'object' && additionalProperties !== null
  if (members.length === 0) return `Record<string, ${open ? typeOf(additionalProperties, depth) : 'unknown'}>`
  if (open) members.push(`${indent}[name: string]: unknown`)
  return `{\n${members.join('\n')}\n${'  '.repeat(depth)}}`
}

const comment = ({ description }: JsonObject, depth: number): string =>
  typeof description === 'string' ? `${'  '.repeat(depth)}/** ${description.replaceAll('*/', '*\\/')} */\n` : ''
