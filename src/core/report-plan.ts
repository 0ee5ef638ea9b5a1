/**
 * What a report is cut into: calendar buckets, and for each the spans that its sums are read from, the longest that fit.
 * So a bucket of any length that begins at any quarter hour takes a dozen spans and not hundreds, in any time zone.
 */
import { Temporal } from 'temporal-polyfill'
import { SPAN_MS, type SpanName } from './report-spans.ts'
import { QUARTER_MS } from './usage-sums.ts'
import { windowAt } from './window.ts'

export type BucketKind = 'hour' | 'day' | 'week' | 'month'
/** `[start, end)`, milliseconds. */
export type Span = { readonly start: number; readonly end: number }

/**
 * The calendar buckets that tile the range; the first and the last are cut to it. Undefined: there would be more than
 * `most`.
 */
export function bucketsIn(range: Span, kind: BucketKind, timeZone: string, most: number): Span[] | undefined {
  const endOf = kind === 'hour' ? hourEnds(timeZone) : calendarEnds(kind, timeZone)
  const buckets: Span[] = []
  for (let { start } = range; start < range.end; ) {
    if (buckets.length === most) return undefined
    const end = Math.min(endOf(start), range.end)
    buckets.push({ start, end })
    start = end
  }
  return buckets
}

const calendarEnds = (window: 'day' | 'week' | 'month', timeZone: string) => (at: number) =>
  windowAt({ window, timeZone, weekStart: 1, anchorDay: 1 }, at).end ?? at

const HOUR_MS = 3_600_000

/**
 * Hours by the clocks of the zone, which need not be those of UTC. Where clocks are set by half an hour, an hour is cut
 * short at that instant or ends half an hour later.
 */
function hourEnds(timeZone: string): (at: number) => number {
  const isWhole = (at: number, offset: number) => (at + offset) % HOUR_MS === 0
  let zone: Span & { readonly offset: number } = { start: 0, end: 0, offset: 0 }
  return (at) => {
    if (at < zone.start || at >= zone.end) zone = sameOffset(at, timeZone)
    for (let next = at + QUARTER_MS; ; next += QUARTER_MS) {
      if (isWhole(next, zone.offset)) return next
      if (next < zone.end) continue
      zone = sameOffset(next, timeZone)
      if (isWhole(next, zone.offset)) return next
    }
  }
}

/** The time around an instant in which the clocks of the zone are not set; it begins there. */
const sameOffset = (at: number, timeZone: string) => ({
  start: at,
  end: changeAfter(at, timeZone),
  offset: offsetAt(at, timeZone),
})

const zoned = (at: number, timeZone: string) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
const offsetAt = (at: number, timeZone: string): number => zoned(at, timeZone).offsetNanoseconds / 1e6
const changeAfter = (at: number, timeZone: string): number =>
  zoned(at, timeZone).getTimeZoneTransition('next')?.epochMilliseconds ?? Number.POSITIVE_INFINITY

/** Of one bucket, by its place in the list. */
export type Segment = Span & { readonly bucket: number }
export type Plan = {
  /** By the name of a span, each segment so many of them in a row. */
  readonly spans: ReadonlyMap<SpanName, readonly Segment[]>
  /** What no span could be had for. */
  readonly rest: readonly Segment[]
}

/** `names`: what there is, the longest first. */
export function planOf(
  buckets: readonly Span[],
  names: readonly SpanName[],
  isUsable: (name: SpanName, start: number) => boolean,
): Plan {
  const spans = new Map<SpanName, Segment[]>(names.map((name) => [name, []]))
  const rest: Segment[] = []
  for (const [bucket, { start, end }] of buckets.entries())
    for (let at = start; at < end; ) {
      const name = names.find((each) => at % SPAN_MS[each] === 0 && at + SPAN_MS[each] <= end && isUsable(each, at))
      const past = at + (name ? SPAN_MS[name] : QUARTER_MS)
      add((name && spans.get(name)) ?? rest, { bucket, start: at, end: past })
      at = past
    }
  return { spans, rest }
}

/** What changed lies apart from what did not; `changed` are quarter hours in their order. */
export function partedBy(changed: readonly number[], segments: readonly Segment[]) {
  const [same, other] = [[] as Segment[], [] as Segment[]]
  for (const { bucket, start, end } of segments) {
    let from = start
    for (let index = firstFrom(changed, start); index < changed.length; index++) {
      const quarter = changed[index] ?? end
      if (quarter >= end) break
      if (quarter > from) add(same, { bucket, start: from, end: quarter })
      add(other, { bucket, start: quarter, end: quarter + QUARTER_MS })
      from = quarter + QUARTER_MS
    }
    if (from < end) add(same, { bucket, start: from, end })
  }
  return { same, other }
}

/** Joined to the one before where that ends here. */
function add(segments: Segment[], segment: Segment): void {
  const last = segments.at(-1)
  if (last?.bucket === segment.bucket && last.end === segment.start)
    segments[segments.length - 1] = { ...last, end: segment.end }
  else segments.push(segment)
}

/** Where the first one lies that is not before; all are sorted. */
export function firstFrom(sorted: readonly number[], at: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}
