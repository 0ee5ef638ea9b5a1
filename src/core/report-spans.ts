/** The spans of time that sums are folded for: each lies in one of the next longer, and begins at a multiple of its length. */
import { DAY_MS } from '../lib/clock.ts'
import { QUARTER_MS } from './usage-sums.ts'

export type SpanName = '64 days' | '16 days' | '4 days' | 'day' | '4 hours' | 'hour' | 'quarter'

export const SPAN_MS: Readonly<Record<SpanName, number>> = {
  '64 days': 64 * DAY_MS,
  '16 days': 16 * DAY_MS,
  '4 days': 4 * DAY_MS,
  day: DAY_MS,
  '4 hours': DAY_MS / 6,
  hour: DAY_MS / 24,
  quarter: QUARTER_MS,
}

/** Those that are folded from the next shorter, the shortest first. */
export const FOLDED_SPANS = ['hour', '4 hours', 'day', '4 days', '16 days', '64 days'] as const
export type FoldedSpan = (typeof FOLDED_SPANS)[number]

/** Of the span that an instant lies in. */
export const spanStart = (name: SpanName, at: number): number => at - (at % SPAN_MS[name])
