/** Errors in the OpenAPI document: the two shapes as components, and for each operation the codes that it announces, by status. */
import { type ErrorCode, errorRow } from './errors.ts'
import type { Json, JsonObject } from './openapi.ts'
import { COMMON_ERRORS } from './operation.ts'

export const errorSchemas = {
  Error: {
    type: 'object',
    description: 'An error on `/v1` and `/api/admin`.',
    required: ['error', 'request_id'],
    properties: {
      error: {
        type: 'object',
        required: ['message', 'type', 'param', 'code'],
        properties: {
          message: { type: 'string' },
          type: { type: 'string' },
          param: { type: ['string', 'null'], description: 'The member of the request at fault.' },
          code: { type: 'string' },
          details: { type: 'object', additionalProperties: true },
        },
      },
      request_id: { type: 'string' },
    },
  },
  OpenRouterError: {
    type: 'object',
    description: 'An error on `/api/v1`.',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message'],
        properties: {
          code: { type: 'integer', description: 'The HTTP status.' },
          message: { type: 'string' },
          metadata: {
            type: 'object',
            required: ['error_type'],
            properties: {
              error_type: { type: 'string' },
              details: { type: 'object', additionalProperties: true },
            },
          },
        },
      },
    },
  },
  AnthropicError: {
    type: 'object',
    description: "An error of a call in Anthropic's words, on either mount.",
    required: ['type', 'error', 'request_id'],
    properties: {
      type: { const: 'error' },
      error: {
        type: 'object',
        required: ['type', 'message', 'error_type'],
        properties: {
          type: { type: 'string', description: "Anthropic's word for it." },
          message: { type: 'string' },
          error_type: { type: 'string' },
          details: { type: 'object', additionalProperties: true },
        },
      },
      request_id: { type: 'string', description: 'The id of the generation, where there is one.' },
    },
  },
} as const satisfies { readonly [name: string]: JsonObject }

type Dialect = 'openai' | 'openrouter' | 'anthropic'
type Refusing = { readonly dialect: Dialect; readonly errors: readonly ErrorCode[] }

export function errorResponses({ dialect, errors }: Refusing): JsonObject {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set([...COMMON_ERRORS, ...errors])) {
    const own = statusIn(dialect, code)
    byStatus.set(own, [...(byStatus.get(own) ?? []), code])
  }
  const sorted = [...byStatus].sort(([a], [b]) => a - b)
  return Object.fromEntries(sorted.map(([status, codes]) => [String(status), responseOf(dialect, codes)]))
}

function statusIn(dialect: Dialect, code: ErrorCode): number {
  const { status, openrouterStatus = status, anthropicStatus = status } = errorRow(code)
  return { openai: status, openrouter: openrouterStatus, anthropic: anthropicStatus }[dialect]
}

function responseOf(dialect: Dialect, codes: readonly ErrorCode[]): Json {
  const description = codes.map((code) => `\`${code}\`: ${errorRow(code).message}`).join('\n\n')
  return { description, content: { 'application/json': { schema: SCHEMAS[dialect](codes) } } }
}

const anthropicError = (codes: readonly ErrorCode[]): Json => ({
  allOf: [
    { $ref: '#/components/schemas/AnthropicError' },
    {
      properties: {
        error: { properties: { type: { enum: [...new Set(codes.map((code) => errorRow(code).anthropicType))] } } },
      },
    },
  ],
})

const openaiError = (codes: readonly ErrorCode[]): Json => ({
  allOf: [{ $ref: '#/components/schemas/Error' }, { properties: { error: { properties: { code: { enum: codes } } } } }],
})

const openrouterError = (codes: readonly ErrorCode[]): Json => ({
  allOf: [
    { $ref: '#/components/schemas/OpenRouterError' },
    {
      properties: {
        error: {
          properties: {
            metadata: {
              properties: { error_type: { enum: [...new Set(codes.map((code) => errorRow(code).errorType))] } },
            },
          },
        },
      },
    },
  ],
})

const SCHEMAS: Readonly<Record<Dialect, (codes: readonly ErrorCode[]) => Json>> = {
  openai: openaiError,
  openrouter: openrouterError,
  anthropic: anthropicError,
}
