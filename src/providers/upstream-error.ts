/**
 * A provider's reply, or the error that it is: by its status, or although it says 200 (an error object, HTML, JSON that
 * does not parse). Messages are cut and scrubbed, since providers quote keys in them.
 */
import type { Headers } from './http-exchange.ts'
import { type Fields, isFields, parse } from './json-fields.ts'
import { UpstreamFailure } from './provider.ts'

export function readReply(status: number, headers: Headers, body: string): Fields | UpstreamFailure {
  const parsed = parse(body)
  const error = isFields(parsed) && parsed.error !== undefined && parsed.error !== null ? parsed.error : undefined
  if (status === 200 && isFields(parsed) && error === undefined) return parsed
  if (status === 200 && error === undefined)
    return new UpstreamFailure('invalid', 'the reply is not a JSON object', { status })
  const stated = isFields(error) ? error : {}
  const message =
    typeof stated.message === 'string' ? stated.message : typeof error === 'string' ? error : `status ${status}`
  const code = [stated.code, stated.type].find((value) => typeof value === 'string')
  const retryAfterMs = retryAfter(headers)
  return new UpstreamFailure('status', scrubbed(message), {
    status: status === 200 ? statedStatus(stated.code) : status,
    ...(typeof code === 'string' ? { code } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** An error object in a 200 may carry its status as its code. */
const statedStatus = (code: unknown): number => (typeof code === 'number' && code >= 400 && code <= 599 ? code : 502)

const LONGEST_WAIT_MS = 24 * 3_600_000

/** How long the reply's headers ask to wait. */
export function retryAfter(headers: Headers): number | undefined {
  const ms = Number(headers['retry-after-ms'] ?? Number.NaN)
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  const wait = Number.isFinite(ms) ? ms : seconds * 1000
  return Number.isFinite(wait) && wait >= 0 && wait <= LONGEST_WAIT_MS ? wait : undefined
}

const MESSAGE_LENGTH = 500
const SECRETS = /\b(sk|mk|pk|key|gsk|xai)[-_][A-Za-z0-9_*.-]{8,}|\bAIza[A-Za-z0-9_-]{10,}|Bearer\s+\S+/gi

/** What may be told of a provider's own words. */
export const scrubbed = (message: string): string => message.slice(0, MESSAGE_LENGTH).replace(SECRETS, '[removed]')
