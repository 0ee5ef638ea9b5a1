/** Failures as replies: a refusal in its dialect, what the framework found wrong with a request, and everything else as our fault. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refused, refuse } from '../contract/errors.ts'
import { COMMON_ERRORS, type Operation } from '../contract/operation.ts'
import { openai } from '../dialects/openai.ts'
import { openrouter } from '../dialects/openrouter.ts'
import { CollectorFull } from '../lib/collect.ts'
import { StoreAway } from '../store/store.ts'
import type { ApiParts } from './parts.ts'

type Failed = { readonly error: unknown; readonly request: FastifyRequest; readonly reply: FastifyReply }
type Logging = Pick<ApiParts, 'log' | 'requestId'>

const dialects = { openai, openrouter } as const

export function replyWithError({ log, requestId }: Logging, operation: Operation, { error, request, reply }: Failed) {
  const refused = refusedOf(error)
  const context = { operation: operation.name, requestId: requestId(request) }
  if (refused.code === 'internal_error') log.error({ ...context, error }, 'a request failed unexpectedly')
  else if (!announced(operation, refused))
    log.error({ ...context, code: refused.code }, 'an operation was refused with a code that it does not announce')
  return sendError(reply, operation.dialect, refused, context.requestId)
}

/** For what no operation serves. */
export function sendError(reply: FastifyReply, dialect: Operation['dialect'], refused: Refused, requestId: string) {
  const { status, headers, body } = dialects[dialect].error(refused, { requestId })
  return reply
    .code(status)
    .headers({ ...headers, 'x-request-id': requestId })
    .send(body)
}

const announced = ({ errors }: Operation, { code }: Refused): boolean =>
  errors.includes(code) || COMMON_ERRORS.includes(code) || code === 'method_not_allowed'

function refusedOf(error: unknown): Refused {
  if (error instanceof Refused) return error
  if (error instanceof StoreAway || error instanceof CollectorFull)
    return refuse('service_unavailable', undefined, { retryAfterMs: 1_000 })
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse('payload_too_large')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return refuse('unsupported_media_type')
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? refuse('invalid_request')
    : refuse('internal_error')
}
