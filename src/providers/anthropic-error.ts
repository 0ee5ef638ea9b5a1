/** How Anthropic's wire says that a call failed: by its status, or by an error's type in a body or event that says 200. */
import type { Headers } from './http-exchange.ts'
import { UpstreamFailure } from './provider.ts'
import { readReply } from './upstream-error.ts'

/** `body` is a reply or the data of an event that is no answer. */
export function anthropicFailure(status: number, headers: Headers, body: string): UpstreamFailure {
  const read = readReply(status, headers, body)
  if (!(read instanceof UpstreamFailure)) return new UpstreamFailure('invalid', 'the reply is no message', { status })
  if (read.kind !== 'status') return read
  const { message, code, retryAfterMs } = read
  return new UpstreamFailure('status', message, {
    status: statusOf(read, status),
    ...(TOO_LONG.test(message) ? { code: 'context_length_exceeded' } : code === undefined ? {} : { code }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** An empty purse is told as a bad request there, which the client could do nothing about. */
function statusOf({ message, code, status = 502 }: UpstreamFailure, stated: number): number {
  if (NO_CREDIT.test(message)) return 402
  return stated === 200 ? (STATUS_BY_TYPE.get(code ?? '') ?? status) : status
}

const TOO_LONG = /prompt is too long|exceed context limit/i
const NO_CREDIT = /credit balance is too low/i

const STATUS_BY_TYPE: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
])
