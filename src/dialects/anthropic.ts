/** Anthropic's wire, for `…/messages`: the shape of its errors. */
import { errorRow, type Refused } from '../contract/errors.ts'
import type { ErrorDialect, ErrorReply, ReplyIds } from './dialect.ts'
import { anthropicRateHeaders } from './rate-headers.ts'
import { detailsOf, refusalHeaders, sentenceOf } from './refusals.ts'

export const anthropicErrors: ErrorDialect = {
  name: 'anthropic',
  generationHeaders: ['X-Generation-Id', 'request-id'],
  error: errorReply,
  rateHeaders: anthropicRateHeaders,
}

function errorReply(refused: Refused, ids: ReplyIds): ErrorReply {
  const row = errorRow(refused.code)
  const status = refused.extras.status ?? row.anthropicStatus ?? row.status
  const error = {
    type: row.anthropicType,
    message: sentenceOf(refused),
    error_type: row.errorType,
    details: detailsOf(refused),
  }
  const body = JSON.stringify({ type: 'error', error, request_id: ids.generationId ?? ids.requestId })
  return { status, headers: refusalHeaders(refused, status), body }
}
