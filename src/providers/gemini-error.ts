/** Google's error objects as failures: `{error: {code, message, status, details}}`, alone, in a list, or in an event of a stream. */
import type { Headers } from './http-exchange.ts'
import { type Fields, fieldsOf, isFields, listOf, numberOf, someText } from './json-fields.ts'
import { UpstreamFailure } from './provider.ts'
import { retryAfter, scrubbed } from './upstream-error.ts'

/** Undefined: the body holds no error, and its status is no refusal. */
export function geminiError(status: number, headers: Headers, body: unknown): UpstreamFailure | undefined {
  const error = errorIn(body)
  if (status === 200 && error === undefined) return undefined
  const stated = fieldsOf(error)
  const message = someText(stated.message) ?? someText(error) ?? `status ${status}`
  const retryAfterMs = retryDelay(stated) ?? retryAfter(headers)
  const code = codeOf(stated, message)
  return new UpstreamFailure('status', scrubbed(message), {
    status: statusOf(status, stated, code),
    ...(code === undefined ? {} : { code }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

function errorIn(body: unknown): unknown {
  const holder = Array.isArray(body) ? body.find((each) => isFields(each) && each.error != null) : body
  return isFields(holder) ? (holder.error ?? undefined) : undefined
}

const TOO_LONG = /token count .*exceeds the maximum|exceeds the maximum number of tokens/i

/** Google's own word, but where ours says more: what is too long is told apart, and so is a credential of ours. */
function codeOf(error: Fields, message: string): string | undefined {
  if (TOO_LONG.test(message)) return 'context_length_exceeded'
  const reasons = listOf(error.details).map(({ reason }) => reason)
  return reasons.includes('API_KEY_INVALID') ? 'API_KEY_INVALID' : someText(error.status)
}

/** 400s that are about our key, its project or its place, and nothing that the client could mend. */
const OURS: ReadonlyMap<string, number> = new Map([
  ['API_KEY_INVALID', 401],
  ['FAILED_PRECONDITION', 403],
])

/** An error in a 200, and in a stream, carries its status as its code. */
function statusOf(status: number, error: Fields, code: string | undefined): number {
  const own = code === undefined ? undefined : OURS.get(code)
  if (own !== undefined) return own
  if (status !== 200) return status
  const stated = numberOf(error.code)
  return stated !== undefined && stated >= 400 && stated <= 599 ? stated : 502
}

const LONGEST_WAIT_MS = 24 * 3_600_000

/** `{"@type": "…RetryInfo", "retryDelay": "34.074824224s"}` */
function retryDelay({ details }: Fields): number | undefined {
  for (const { retryDelay: text } of listOf(details)) {
    const seconds = typeof text === 'string' ? /^([0-9]{1,6}(?:\.[0-9]{1,9})?)s$/.exec(text)?.[1] : undefined
    if (seconds !== undefined) return Math.min(Math.ceil(Number(seconds) * 1000), LONGEST_WAIT_MS)
  }
  return undefined
}
