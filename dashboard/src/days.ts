/** Calendar days as text, `2026-11-22`: what a range means today, in the zone of the organisation. */
import { now } from './clock.ts'
import type { Range, Search } from './search.ts'

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

export const count = ({ from, to }: Days): number => Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1

const DAY_MS = 86_400_000

/** The calendar day so many days later. */
export function plus(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)
}

const dayIn = (timeZone: string, at: Date): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at)
