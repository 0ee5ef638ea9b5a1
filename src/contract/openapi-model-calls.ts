/** A model call in the OpenAPI document: once for each mount, since money is told differently on each. */
import { CALL_ERRORS, COUNT_ERRORS, type ModelCall } from './model-calls.ts'
import type { Json, JsonObject } from './openapi.ts'
import { errorResponses } from './openapi-errors.ts'
import { schemaOf } from './openapi-schemas.ts'

const MOUNTS = [
  { base: '/v1', dialect: 'openai', suffix: '' },
  { base: '/api/v1', dialect: 'openrouter', suffix: 'OnOpenRouter' },
] as const

export function documentedCall(
  call: ModelCall,
  schemas: Record<string, JsonObject>,
): (JsonObject & { readonly path: string })[] {
  const { name, path, summary, errorsOf, body, results, type = 'application/json', stream, free } = call
  return MOUNTS.map((mount, index) => {
    const dialect = errorsOf === 'anthropic' ? errorsOf : mount.dialect
    return {
      path: `${mount.base}/${path}`,
      operationId: `${name}${mount.suffix}`,
      summary: index === 0 ? summary : `${summary}, in the form of OpenRouter`,
      description: free ? 'Nothing is called and nothing charged.' : MONEY[dialect],
      parameters: free ? [] : PARAMETERS,
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, schemas) } } },
      responses: {
        200: {
          description: 'Done',
          headers: free ? { 'x-request-id': REQUEST_ID } : HEADERS,
          content: {
            [type]: { schema: schemaOf(results[index] ?? results[0], schemas) },
            ...(stream ? { 'text/event-stream': { schema: { type: 'string', description: stream } } } : {}),
          },
        },
        ...errorResponses({ dialect, errors: free ? COUNT_ERRORS : CALL_ERRORS }),
      },
    }
  })
}

const ALWAYS = '`usage.cost` is the charge in USD, always.'
const MONEY = {
  openai: '`cost` and its nine parts, in USD, come where `usage: {"include": true}` asks for them.',
  openrouter: ALWAYS,
  anthropic: ALWAYS,
} as const

const REQUEST_ID: Json = { description: '32 hex digits', schema: { type: 'string' } }
const text = (description: string): Json => ({ description, schema: { type: 'string' } })

const HEADERS: JsonObject = {
  'x-request-id': REQUEST_ID,
  'X-Generation-Id': text('The call, for `/api/v1/generation`'),
  'X-Turnpike-Cost': text('The charge in USD as decimal text, where the reply is no stream'),
  'X-Turnpike-Output-Limit': text('The output limit that was fitted to the credit, where the client named none'),
  'X-Turnpike-Ignored': text('Members that the provider has no word for and that only advise'),
}

const PARAMETERS: Json = [
  {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'A call that was charged is not made again under the same key.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  },
  {
    name: 'X-Turnpike-Usage',
    in: 'header',
    description: 'The same as `usage: {"include": true}` in the body.',
    schema: { type: 'string', enum: ['include'] },
  },
]
