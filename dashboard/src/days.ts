/** What a range means today: calendar days as text, `2026-11-22`, in the zone that is looked at. */
import { now } from './clock.ts'
import type { Range, Search } from './search.ts'
import { dayIn, instantAt, wallTime } from './zone.ts'

/** Days, both included, or instants, the last one not. */
export type Days = { readonly from: string; readonly to: string }

export const USUAL: Range = 'Last 30 days'

export function daysOf({ range = USUAL, from, to }: Search, timeZone: string): Days {
  const today = dayIn(timeZone, now())
  if (range === 'Custom') return { from: from ?? plus(today, -29), to: to ?? today }
  return named(range, today)
}

function named(range: Exclude<Range, 'Custom'>, today: string): Days {
  const first = `${today.slice(0, 8)}01`
  const before = plus(first, -1)
  const ranges: Record<typeof range, Days> = {
    Today: { from: today, to: today },
    Yesterday: { from: plus(today, -1), to: plus(today, -1) },
    'Last 7 days': { from: plus(today, -6), to: today },
    'Last 30 days': { from: plus(today, -29), to: today },
    'This month': { from: first, to: today },
    'Last month': { from: `${before.slice(0, 8)}01`, to: before },
  }
  return ranges[range]
}

export const isDay = (text: string): boolean => text.length === 10

/** How many days it is long, at least one. */
export const count = ({ from, to }: Days): number =>
  Math.max(1, Math.ceil((Date.parse(to) - Date.parse(from)) / DAY_MS) + (isDay(to) ? 1 : 0))

const DAY_MS = 86_400_000
const QUARTER_MS = 900_000

/** As long, so many lengths later. */
export function movedBy({ from, to }: Days, lengths: number): Days {
  if (isDay(from) && isDay(to)) {
    const days = count({ from, to }) * lengths
    return { from: plus(from, days), to: plus(to, days) }
  }
  const [start, end] = [Date.parse(from), Date.parse(to)]
  const moved = (at: number) => new Date(at + (end - start) * lengths).toISOString()
  return { from: moved(start), to: moved(end) }
}

/** As long, and just before. Of a day that is not over yet as much as it has had, to the quarter hour that reports know. */
export function previousTo({ from, to }: Days, timeZone: string): Days {
  const before = movedBy({ from, to }, -1)
  if (to !== dayIn(timeZone, now())) return before
  const soFar = new Date(Math.ceil(now().getTime() / QUARTER_MS) * QUARTER_MS)
  const clock = wallTime(soFar, timeZone)
  const end = instantAt(`${plus(clock.slice(0, 10), -count({ from, to }))}${clock.slice(10)}`, timeZone)
  return { from: before.from, to: end.toISOString() }
}

export function plus(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)
}
