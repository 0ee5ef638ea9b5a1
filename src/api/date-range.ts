/** What `startDate` and `endDate` come to: dates are whole days of the organisation, both inclusive; instants `[start, end)`. */
import { Temporal } from 'temporal-polyfill'
import { refuse } from '../contract/errors.ts'
import { findOrganisation } from '../store/organisations.ts'
import type { ApiParts } from './parts.ts'

type Dates = { readonly startDate?: string | undefined; readonly endDate?: string | undefined }

/** `[from, to)` in milliseconds. Throws `invalid_request` for what is neither a date nor an instant, and for a range that ends before it begins. */
export async function rangeOf(
  { store }: Pick<ApiParts, 'store'>,
  organisationId: bigint,
  { startDate, endDate }: Dates,
  names: { readonly startDate: string; readonly endDate: string } = NAMES,
): Promise<{ from: number | undefined; to: number | undefined }> {
  if (startDate === undefined && endDate === undefined) return { from: undefined, to: undefined }
  const zone = (await findOrganisation(store, { id: organisationId }))?.timeZone ?? 'UTC'
  const from = startDate === undefined ? undefined : instantOf(names.startDate, startDate, zone, 0)
  const to = endDate === undefined ? undefined : instantOf(names.endDate, endDate, zone, 1)
  // Two equal instants are a range with nothing in it; a day that is over when the range begins is a mistake.
  if (from !== undefined && to !== undefined && (to < from || (to === from && isDate(endDate ?? ''))))
    throw refuse('invalid_request', `${names.endDate}: ${endDate} lies before ${names.startDate}, ${startDate}`, {
      param: names.endDate,
    })
  return { from, to }
}

/** What the two are called in the query. */
const NAMES = { startDate: 'startDate', endDate: 'endDate' }

const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text)

/** A date begins in the zone, so many days later where it is told; an instant is itself. */
export function instantOf(param: string, text: string, timeZone: string, daysOn: number): number {
  try {
    if (!isDate(text)) return Temporal.Instant.from(text).epochMilliseconds
    return Temporal.PlainDate.from(text).add({ days: daysOn }).toZonedDateTime(timeZone).startOfDay().epochMilliseconds
  } catch {
    throw refuse('invalid_request', `${param}: expected a date (2026-11-20) or an instant (2026-11-20T09:00:00Z)`, {
      param,
    })
  }
}
