/** Which time a report is about: dates are whole days of its zone, instants lie on the quarter hour. */

import { Temporal } from 'temporal-polyfill'
import { isTimeZone } from '../contract/common.ts'
import { refuse } from '../contract/errors.ts'
import { type BucketKind, bucketsIn, type Span } from '../core/report-plan.ts'
import { QUARTER_MS } from '../core/usage-sums.ts'
import { DAY_MS } from '../lib/clock.ts'
import { findOrganisation } from '../store/organisations.ts'
import { instantOf } from './date-range.ts'
import type { ApiParts } from './parts.ts'

type Told = {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly timeZone?: string | undefined
}

export type ReportRange = Span & {
  readonly timeZone: string
  /** Words for the name of a file. */
  readonly words: readonly string[]
}

/** Where nothing else is said: as many days, today among them. */
const USUAL_DAYS = 30

export async function reportRange(
  { store }: Pick<ApiParts, 'store'>,
  organisationId: bigint,
  at: number,
  told: Told,
): Promise<ReportRange> {
  const timeZone = zoneOf(told.timeZone ?? (await findOrganisation(store, { id: organisationId }))?.timeZone ?? 'UTC')
  const today = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate()
  const to = told.to ?? today.toString()
  const end = instantOf('to', to, timeZone, 1)
  const from = told.from ?? before(end, timeZone)
  const start = instantOf('from', from, timeZone, 0)
  if (end <= start) throw refuse('invalid_request', `to: ${to} does not lie behind from, ${from}`, { param: 'to' })
  return { start, end, timeZone, words: [from, to, timeZone] }
}

/** A report adds up quarter hours, so its ends lie on them. */
export function onQuarters(range: ReportRange, told: Told): ReportRange {
  for (const [param, instant] of [['from', range.start] as const, ['to', range.end] as const])
    if (instant % QUARTER_MS !== 0)
      throw refuse('invalid_request', `${param}: ${told[param]} does not lie on a quarter hour (:00, :15, :30, :45)`, {
        param,
      })
  return range
}

const MOST_BUCKETS = 1_000

export function bucketsOf(range: ReportRange, bucket: BucketKind): Span[] {
  const buckets = bucketsIn(range, bucket, range.timeZone, MOST_BUCKETS)
  if (buckets) return buckets
  const days = Math.ceil((range.end - range.start) / DAY_MS)
  const about = { hour: days * 24, day: days, week: Math.ceil(days / 7), month: Math.ceil(days / 30) }[bucket]
  throw refuse(
    'invalid_request',
    `bucket: the range has about ${about} buckets of one ${bucket}; at most ${MOST_BUCKETS}. Take a wider bucket or a shorter range`,
    { param: 'bucket', details: { buckets: about, most: MOST_BUCKETS } },
  )
}

const before = (end: number, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(end - 1)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .subtract({ days: USUAL_DAYS - 1 })
    .toString()

/** By its name alone: an offset like +05:45 is no zone, since what it says today may not hold in summer. */
function zoneOf(timeZone: string): string {
  if (isTimeZone(timeZone)) return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone).timeZoneId
  throw refuse(
    'invalid_request',
    `timeZone: ${timeZone} is no time zone; expected the IANA name of one, e.g. Europe/Berlin`,
    {
      param: 'timeZone',
    },
  )
}
