/**
 * What became of the calls at one endpoint, by time, in constant memory: counts by the minute for half an hour and by
 * the half hour for a day, sizes by five minutes. Times are milliseconds of a clock that only goes forward.
 */
import { addTo, type Histogram, newHistogram, type Percentiles, percentilesOf } from './histogram.ts'

/** Why an attempt failed; `credential`: the provider did not take our key, or our credit there. */
export type FailureKind = 'connect' | 'timeout' | 'rate_limited' | 'status' | 'credential' | 'invalid' | 'cut'

export type EndpointHealth = {
  readonly minutes: Ring<Counts>
  readonly halfHours: Ring<Counts>
  readonly sizes: Ring<{ readonly latency: Histogram; readonly throughput: Histogram }>
  readonly failures: Record<FailureKind, number>
  successes: number
}

export type Figures = {
  /** Percent of the attempts that served; null: there were none. */
  readonly uptime5m: number | null
  readonly uptime30m: number | null
  readonly uptime1d: number | null
  /** Milliseconds to the first token of streams. */
  readonly latency30m: Percentiles | null
  /** Tokens of output a second. */
  readonly throughput30m: Percentiles | null
}

type Counts = { ok: number; failed: number }

const MINUTE_MS = 60_000
const newCounts = (): Counts => ({ ok: 0, failed: 0 })

export const newHealth = (): EndpointHealth => ({
  minutes: newRing(MINUTE_MS, 30, newCounts),
  halfHours: newRing(30 * MINUTE_MS, 48, newCounts),
  sizes: newRing(5 * MINUTE_MS, 6, () => ({ latency: newHistogram(), throughput: newHistogram() })),
  failures: { connect: 0, timeout: 0, rate_limited: 0, status: 0, credential: 0, invalid: 0, cut: 0 },
  successes: 0,
})

export function noteSuccess(health: EndpointHealth, at: number): void {
  health.successes++
  for (const ring of [health.minutes, health.halfHours]) slotAt(ring, at).ok++
}

export function noteFailure(health: EndpointHealth, kind: FailureKind, at: number): void {
  health.failures[kind]++
  for (const ring of [health.minutes, health.halfHours]) slotAt(ring, at).failed++
}

export const noteLatency = (health: EndpointHealth, ms: number, at: number): void =>
  addTo(slotAt(health.sizes, at).latency, ms)

export const noteThroughput = (health: EndpointHealth, tokensPerSecond: number, at: number): void =>
  addTo(slotAt(health.sizes, at).throughput, tokensPerSecond)

export function figuresOf({ minutes, halfHours, sizes }: EndpointHealth, at: number): Figures {
  const recent = slotsSince(sizes, at, 6)
  return {
    uptime5m: uptime(slotsSince(minutes, at, 5)),
    uptime30m: uptime(slotsSince(minutes, at, 30)),
    uptime1d: uptime(slotsSince(halfHours, at, 48)),
    latency30m: percentilesOf(recent.map(({ latency }) => latency)),
    throughput30m: percentilesOf(recent.map(({ throughput }) => throughput)),
  }
}

/** Of the last two minutes more attempts failed than served, and it was no single mishap. */
export function isFailing({ minutes }: EndpointHealth, at: number): boolean {
  const { ok, failed } = summed(slotsSince(minutes, at, 2))
  return failed >= FAILING_LEAST && failed > ok
}

const FAILING_LEAST = 3

function uptime(counts: readonly Counts[]): number | null {
  const { ok, failed } = summed(counts)
  return ok + failed === 0 ? null : Number(((ok * 100) / (ok + failed)).toFixed(3))
}

const summed = (counts: readonly Counts[]): Counts =>
  counts.reduce((sum, { ok, failed }) => ({ ok: sum.ok + ok, failed: sum.failed + failed }), newCounts())

/** A fixed number of spans of time; one that is over makes room for the one that begins. */
type Ring<T> = {
  readonly spanMs: number
  readonly length: number
  readonly slots: { readonly number: number; readonly value: T }[]
  readonly fresh: () => T
}

const newRing = <T>(spanMs: number, length: number, fresh: () => T): Ring<T> => ({ spanMs, length, slots: [], fresh })

function slotAt<T>({ spanMs, length, slots, fresh }: Ring<T>, at: number): T {
  const number = Math.floor(at / spanMs)
  const place = number % length
  const slot = slots[place]
  if (slot?.number === number) return slot.value
  const value = fresh()
  slots[place] = { number, value }
  return value
}

/** The span of `at` and those before it, `count` in all. */
function slotsSince<T>({ spanMs, slots }: Ring<T>, at: number, count: number): T[] {
  const last = Math.floor(at / spanMs)
  return slots.filter(({ number }) => number > last - count && number <= last).map(({ value }) => value)
}
