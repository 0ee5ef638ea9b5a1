/**
 * What a report is cut into: calendar buckets, and for each the spans that its sums are read from. Whole UTC days and
 * quarter hours were folded; a quarter hour that changed since is read record by record.
 */
import { Temporal } from 'temporal-polyfill'
import { QUARTER_MS } from './usage-sums.ts'
import { windowAt } from './window.ts'

export type BucketKind = 'hour' | 'day' | 'week' | 'month'
/** `[start, end)`, milliseconds. */
export type Span = { readonly start: number; readonly end: number }

export const DAY_MS = 86_400_000

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
  readonly days: readonly Segment[]
  readonly quarters: readonly Segment[]
  readonly records: readonly Segment[]
}

/** `days` are folded and current; `unfolded` quarter hours have records that no fold has seen. */
export function planOf(buckets: readonly Span[], days: ReadonlySet<number>, unfolded: ReadonlySet<number>): Plan {
  const plan = { days: [] as Segment[], quarters: [] as Segment[], records: [] as Segment[] }
  const changed = [...unfolded].sort((a, b) => a - b)
  for (const [bucket, { start, end }] of buckets.entries()) {
    let at = start
    while (at < end) {
      const dayEnd = Math.floor(at / DAY_MS) * DAY_MS + DAY_MS
      if (days.has(at) && dayEnd <= end) add(plan.days, bucket, at, dayEnd)
      else addQuarters(plan, bucket, { start: at, end: Math.min(dayEnd, end) }, changed)
      at = Math.min(dayEnd, end)
    }
  }
  return plan
}

function addQuarters(
  plan: { quarters: Segment[]; records: Segment[] },
  bucket: number,
  { start, end }: Span,
  changed: readonly number[],
): void {
  let from = start
  for (let index = firstFrom(changed, start); index < changed.length; index++) {
    const quarter = changed[index] ?? end
    if (quarter >= end) break
    if (quarter > from) add(plan.quarters, bucket, from, quarter)
    add(plan.records, bucket, quarter, quarter + QUARTER_MS)
    from = quarter + QUARTER_MS
  }
  if (from < end) add(plan.quarters, bucket, from, end)
}

/** Joined to the one before where that ends here. */
function add(segments: Segment[], bucket: number, start: number, end: number): void {
  const last = segments.at(-1)
  if (last?.bucket === bucket && last.end === start) segments[segments.length - 1] = { ...last, end }
  else segments.push({ bucket, start, end })
}

function firstFrom(sorted: readonly number[], at: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}
