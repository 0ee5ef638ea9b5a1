/**
 * The tables of operations and of model calls as an OpenAPI 3.1 document: a pure function of the tables, so that what is
 * documented is what is served. Objects in replies are open: a reply may carry more members than are listed.
 */
import type { ModelCall } from './model-calls.ts'
import { errorResponses, errorSchemas } from './openapi-errors.ts'
import { documentedCall } from './openapi-model-calls.ts'
import { propertiesOf, schemaOf } from './openapi-schemas.ts'
import type { Operation } from './operation.ts'
import { summaries } from './operation-summaries.ts'
import type { OperationName } from './operations.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
export type JsonObject = { readonly [name: string]: Json }

export type OpenApiDocument = {
  readonly openapi: string
  readonly info: JsonObject
  readonly servers: Json
  readonly security: Json
  readonly tags: Json
  readonly paths: { readonly [path: string]: { readonly [method: string]: JsonObject } }
  readonly components: {
    readonly schemas: { readonly [name: string]: JsonObject }
    readonly securitySchemes: JsonObject
  }
}

/** Of the API, not of the server: it changes when a client would have to. */
const API_VERSION = '1.0.0'

export function openApiDocument(operations: readonly Operation[], calls: readonly ModelCall[]): OpenApiDocument {
  const schemas: Record<string, JsonObject> = { ...errorSchemas }
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const call of calls)
    for (const { path, ...described } of documentedCall(call, schemas))
      paths[path] = { post: { ...described, tags: [MODEL_CALLS], security: SECURITY } }
  for (const operation of operations)
    for (const [index, path] of [operation.path, ...(operation.aliases ?? [])].entries()) {
      const shown = path.replace('*}', '}')
      paths[shown] = { ...paths[shown], [operation.method.toLowerCase()]: documented(operation, path, index, schemas) }
    }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Turnpike',
      version: API_VERSION,
      description:
        'A self-hosted gateway to large language models that accounts for every token. Money is a JSON number made from decimal text; objects repeat it, exact, as text under the same name in `decimal`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that this document came from' }],
    security: SECURITY,
    tags: [MODEL_CALLS, ...new Set(operations.map(({ path }) => tagOf(path)))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: '`sk-tp-…` (API key) or `mk-tp-…` (management key)' },
        apiKeyHeader: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: 'The same keys without `Bearer`',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'turnpike.session_token',
          description:
            "A person who is signed in, with the rights of a management key; for the dashboard's own pages alone",
        },
      },
    },
  }
}

const MODEL_CALLS = 'model calls'
const SECURITY: Json = [{ bearer: [] }, { apiKeyHeader: [] }, { session: [] }]

const CALLERS: Readonly<Record<Operation['key'], string>> = {
  any: 'API keys see what is theirs, management keys all of their organisation.',
  management: 'Needs a management key (`mk-tp-…`); a reader may only read.',
  operator: "Needs the operator's key.",
}

function documented(
  operation: Operation,
  path: string,
  index: number,
  schemas: Record<string, JsonObject>,
): JsonObject {
  const { name, key, body, result, status = 200, idempotent, rows } = operation
  const alias = index === 0 ? {} : { 'x-alias-of': name }
  const same = index === 0 ? '' : ` The same operation as \`${operation.method} ${operation.path}\`.`
  return {
    operationId: index === 0 ? name : `${name}Alias${index === 1 ? '' : index}`,
    ...alias,
    summary: summaries[name as OperationName],
    description: `${CALLERS[key]}${same}${rows ? ` Rows also by the ending of the path: \`${path}.csv\`, \`${path}.ndjson\`, \`${path}.jsonl\`.` : ''}`,
    tags: [tagOf(operation.path)],
    security: SECURITY,
    parameters: [
      ...pathParameters(operation, path, schemas),
      ...queryParameters(operation, schemas),
      ...(idempotent ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(body
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, schemas) } } } }
      : {}),
    responses: {
      [String(status)]: {
        description: idempotent ? 'Done; or done before, with `Idempotent-Replay: true`' : 'Done',
        headers: { 'x-request-id': REQUEST_ID, ...(idempotent ? { 'Idempotent-Replay': REPLAY } : {}) },
        content: {
          'application/json': { schema: schemaOf(result, schemas) },
          ...(rows ? { 'text/csv': EVERY_ROW, 'application/x-ndjson': EVERY_ROW } : {}),
        },
      },
      ...errorResponses(operation),
    },
  }
}

const EVERY_ROW: Json = { schema: { type: 'string', description: 'Every row that the filters match.' } }
const REQUEST_ID: Json = { description: '32 hex digits', schema: { type: 'string' } }
const REPLAY: Json = { description: '`true`: the stored answer', schema: { type: 'string', const: 'true' } }
const IDEMPOTENCY_KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'With the same key and body the effect happens once, and the first answer comes again. Kept for 30 days.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
}

/** `{id*}` stands for all the rest of a path, which OpenAPI cannot say but in words. */
function pathParameters({ params }: Operation, path: string, schemas: Record<string, JsonObject>): Json[] {
  const properties = params ? propertiesOf(schemaOf(params, schemas)) : {}
  return [...path.matchAll(/\{(\w+)(\*?)\}/g)].map(([, name = '', rest]) => {
    const { description, ...schema } = (properties[name] ?? { type: 'string' }) as Record<string, Json>
    const words = [...(description === undefined ? [] : [description]), ...(rest ? ['May contain slashes.'] : [])]
    return { name, in: 'path', required: true, ...(words.length > 0 ? { description: words.join(' ') } : {}), schema }
  })
}

function queryParameters({ query }: Operation, schemas: Record<string, JsonObject>): Json[] {
  if (!query) return []
  const object = schemaOf(query, schemas)
  const required = (object.required ?? []) as readonly string[]
  return Object.entries(propertiesOf(object)).map(([name, property]) => {
    const { description, ...schema } = property as Record<string, Json>
    return {
      name,
      in: 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
    }
  })
}

/** The first word after the mount. */
function tagOf(path: string): string {
  const [, word = ''] = /^\/(?:api\/v1|api\/admin|v1)\/([\w-]+)/.exec(path) ?? []
  return TAGS[word] ?? word
}

const TAGS: Readonly<Record<string, string>> = {
  key: 'keys',
  model: 'models',
  providers: 'models',
  'management-keys': 'organisations',
}
