/**
 * Calendar windows of budgets: `[start, end)` in UTC instants. A window starts at the first instant of its local date and
 * ends where the next one starts, so windows tile time: days of 23 and 25 hours and missing midnights included. Nothing
 * is ever "+24 h".
 */
import { Temporal } from 'temporal-polyfill'

export type WindowKind = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total'

export type WindowRule = {
  readonly window: WindowKind
  /** IANA zone; minutes and hours are whole UTC ones whatever it says. */
  readonly timeZone: string
  /** 1 Monday … 7 Sunday. */
  readonly weekStart: number
  /** Day of the month on which a month begins; a short month uses its last day. */
  readonly anchorDay: number
}

/** Milliseconds since the epoch; `end` is undefined for the one window of `total`. */
export type Window = { readonly start: number; readonly end: number | undefined }

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const utcRule = (window: WindowKind): WindowRule => ({ window, timeZone: 'UTC', weekStart: 1, anchorDay: 1 })

/** The window that holds the instant `at`. */
export function windowAt(rule: WindowRule, at: number): Window {
  switch (rule.window) {
    case 'total':
      return { start: 0, end: undefined }
    case 'minute':
      return fixed(at, MINUTE)
    case 'hour':
      return fixed(at, HOUR)
    case 'day':
      return rule.timeZone === 'UTC' ? fixed(at, DAY) : calendarWindow(rule, at)
    case 'week':
    case 'month':
      return rule.timeZone === 'UTC' ? utcWindow(rule, at) : calendarWindow(rule, at)
  }
}

const fixed = (at: number, length: number): Window => {
  const start = Math.floor(at / length) * length
  return { start, end: start + length }
}

/** The common case without a calendar library: it is on the path of every call. */
function utcWindow({ window, weekStart, anchorDay }: WindowRule, at: number): Window {
  const day = Math.floor(at / DAY)
  if (window === 'week') {
    // 1970-01-01 was a Thursday, day 4 of a week that begins on Monday.
    const start = (day - ((((day + 4 - weekStart) % 7) + 7) % 7)) * DAY
    return { start, end: start + 7 * DAY }
  }
  const date = new Date(at)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  const begins = (offset: number) =>
    Date.UTC(year, month + offset, Math.min(anchorDay, daysInMonth(year, month + offset)))
  return at >= begins(0) ? { start: begins(0), end: begins(1) } : { start: begins(-1), end: begins(0) }
}

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate()

function calendarWindow(rule: WindowRule, at: number): Window {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(rule.timeZone).toPlainDate()
  let first = firstDate(rule, local)
  let start = startOf(first, rule.timeZone)
  let next = following(rule, first)
  let end = startOf(next, rule.timeZone)
  // A local date that does not exist (Apia skipped 2011-12-30) begins where the next one does: an empty window is none.
  while (end <= at) {
    first = next
    start = end
    next = following(rule, first)
    end = startOf(next, rule.timeZone)
  }
  return { start, end }
}

function firstDate({ window, weekStart, anchorDay }: WindowRule, date: Temporal.PlainDate): Temporal.PlainDate {
  if (window === 'day') return date
  if (window === 'week') return date.subtract({ days: (date.dayOfWeek - weekStart + 7) % 7 })
  const anchor = anchored(date, anchorDay)
  return Temporal.PlainDate.compare(date, anchor) >= 0
    ? anchor
    : anchored(date.with({ day: 1 }).subtract({ months: 1 }), anchorDay)
}

function following({ window, anchorDay }: WindowRule, first: Temporal.PlainDate): Temporal.PlainDate {
  if (window === 'day') return first.add({ days: 1 })
  if (window === 'week') return first.add({ days: 7 })
  return anchored(first.with({ day: 1 }).add({ months: 1 }), anchorDay)
}

const anchored = (date: Temporal.PlainDate, anchorDay: number): Temporal.PlainDate =>
  date.with({ day: Math.min(anchorDay, date.daysInMonth) })

/** The first instant of a local date, or of the next one that exists. */
const startOf = (date: Temporal.PlainDate, timeZone: string): number =>
  date.toZonedDateTime(timeZone).startOfDay().epochMilliseconds
