/** What `startDate` and `endDate` come to: dates are whole days of the organisation, both inclusive; instants `[start, end)`. */
import { Temporal } from 'temporal-polyfill'
import { refuse } from '../contract/errors.ts'

/** Milliseconds since the epoch. Throws `invalid_request` for what is neither a date nor an instant. */
export const rangeStart = (text: string, timeZone: string): number => instantOf('startDate', text, timeZone, 0)
export const rangeEnd = (text: string, timeZone: string): number => instantOf('endDate', text, timeZone, 1)

function instantOf(param: string, text: string, timeZone: string, daysOn: number): number {
  try {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return Temporal.Instant.from(text).epochMilliseconds
    return Temporal.PlainDate.from(text).add({ days: daysOn }).toZonedDateTime(timeZone).startOfDay().epochMilliseconds
  } catch {
    throw refuse('invalid_request', `${param}: expected a date (2026-11-20) or an instant (2026-11-20T09:00:00Z)`, {
      param,
    })
  }
}
