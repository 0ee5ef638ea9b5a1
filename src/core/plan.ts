/** When the occurrences of a plan begin: whole days, weeks and months of a zone, counted from its start. */
import { Temporal } from 'temporal-polyfill'
import { windowAt } from './window.ts'

const DAYS = /^([1-9][0-9]{0,3})d$/

/** `week`, `month`, or so many days as `30d`. */
export const isInterval = (text: string): boolean => text === 'week' || text === 'month' || DAYS.test(text)

/** The instant at which occurrence `index` begins (0: the start itself); it ends where the next one begins. */
export function occurrenceAt(interval: string, startsAt: number, index: number, timeZone: string): number {
  if (index === 0) return startsAt
  const start = Temporal.Instant.fromEpochMilliseconds(startsAt).toZonedDateTimeISO(timeZone)
  const days = DAYS.exec(interval)?.[1]
  const step =
    days !== undefined ? { days: Number(days) * index } : interval === 'week' ? { weeks: index } : { months: index }
  return start.add(step).epochMilliseconds
}

/** Where the next day, week or month of the calendar begins. */
export function nextBoundary(interval: string, at: number, timeZone: string): number {
  const window = interval === 'week' || interval === 'month' ? interval : 'day'
  return windowAt({ window, timeZone, weekStart: 1, anchorDay: 1 }, at).end ?? at
}
