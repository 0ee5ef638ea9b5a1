/** One operation of the API, as a row of the table: its place, who may call it, what goes in and out, how it may be refused. */
import type { z } from 'zod'
import type { ErrorCode } from './errors.ts'

export type Operation = {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** `{name}` is one segment, `{name*}` all the rest. */
  readonly path: string
  /** Other paths of the same operation: for idempotency they are one. Parameters that a path lacks are missing. */
  readonly aliases?: readonly string[]
  /** The shape of its errors. */
  readonly dialect: 'openai' | 'openrouter'
  /** `any`: API keys too, which see what is theirs. `operator`: the server's own management key alone. */
  readonly key: 'any' | 'management' | 'operator'
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodObject
  readonly result: z.ZodType
  /** Default: 200. */
  readonly status?: number
  /** Takes `Idempotency-Key`. */
  readonly idempotent?: true
  /** Comes as rows too, text/csv or application/x-ndjson, by `Accept`, `format` or the ending of its path. */
  readonly rows?: true
  /** Beside those that every operation may answer with: {@link COMMON_ERRORS}. */
  readonly errors: readonly ErrorCode[]
}

/** About the request itself, the key, or the server. */
export const COMMON_ERRORS: readonly ErrorCode[] = [
  'invalid_json',
  'invalid_request',
  'invalid_api_key',
  'forbidden',
  'rate_limit_exceeded',
  'payload_too_large',
  'unsupported_media_type',
  'internal_error',
  'service_unavailable',
]

/** Keeps the literal types of a row. */
export const operation = <const O extends Operation>(definition: O): O => definition

/** Refusals that operations share. */
export const IDEMPOTENCY_ERRORS = ['idempotency_key_mismatch', 'idempotency_in_progress'] as const
export const WHOSE_ERRORS = ['account_not_found', 'account_mismatch'] as const
export const USAGE_ERRORS = ['unknown_model', 'invalid_usage', 'out_of_range'] as const
