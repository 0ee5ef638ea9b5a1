/** Whether a failure is tried again, and after how long. */
import { AbortError, BudgetExceededError, ConnectionError, TimeoutError, type TurnpikeError } from './errors.ts'
import type { Platform } from './platform.ts'

export type Retrying = {
  /** From 0: how often it was tried again before. */
  readonly retries: number
  /** Doing it twice is doing it once: the server knows the idempotency key, or nothing is made. */
  readonly repeatable: boolean
  readonly platform: Pick<Platform, 'now' | 'random'>
}

/** Milliseconds to wait; undefined: not again. */
export function retryAfterMs(failure: TurnpikeError, retrying: Retrying): number | undefined {
  if (!isRetried(failure, retrying)) return undefined
  const asked = askedMs(failure.headers, retrying.platform.now())
  if (asked === undefined) return backOffMs(retrying)
  return asked <= MOST_WAITED_MS ? asked : undefined
}

/** A server that asks for more than this gets no further try: the caller knows better than we whether to wait. */
const MOST_WAITED_MS = 60_000
const FIRST_MS = 500
const MOST_MS = 8_000

function isRetried(failure: TurnpikeError, { repeatable }: Retrying): boolean {
  if (failure instanceof AbortError || failure instanceof BudgetExceededError) return false
  if (failure instanceof ConnectionError || failure instanceof TimeoutError) return repeatable
  const said = failure.headers.get('x-should-retry')
  if (said === 'true' || said === 'false') return said === 'true'
  const { status = 0, code } = failure
  // These came before anything was done.
  if (status === 408 || status === 429 || status === 503) return true
  if (status === 409) return code === 'idempotency_in_progress'
  return status >= 500 && repeatable
}

/** Doubles from try to try, less up to a quarter, so that clients that failed together don't come back together. */
const backOffMs = ({ retries, platform }: Retrying): number =>
  Math.min(FIRST_MS * 2 ** retries, MOST_MS) * (1 - platform.random() / 4)

function askedMs(headers: Headers, now: number): number | undefined {
  const exact = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  if (exact >= 0) return exact
  const text = headers.get('retry-after')
  if (text === null) return undefined
  const seconds = Number(text)
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0)
}
