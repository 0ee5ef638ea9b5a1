/** Bars over time, each of several parts: from a report to what a chart draws and its table says. */

import { sumOf } from '../../sdk/src/decimal.ts'
import type { UsageReport } from '../../sdk/src/index.ts'
import { plus } from './days.ts'
import { dayIn, formatIn, wallTime } from './zone.ts'

export type Series = {
  /** Its key in `exact`. */
  readonly name: string
  readonly label: string
  readonly colour: string
}

export type Column = {
  readonly label: string
  /** As `from` and `to` of an address. Undefined: nothing happened then. */
  readonly span: { readonly from: string; readonly to: string } | undefined
  /** It is not over yet. */
  readonly isRunning: boolean
  /** Decimal text for each part that it has. */
  readonly exact: Readonly<Record<string, string>>
}

export type Stack = { readonly series: readonly Series[]; readonly columns: readonly Column[] }

type Range = UsageReport['range']
type Bucket = UsageReport['buckets'][number]

/** `partsOf` says to which series a row of the report adds how much. */
export function columnsOf(
  { buckets, range }: UsageReport,
  partsOf: (bucket: Bucket) => readonly (readonly [name: string, amount: string])[],
  now: Date,
): Column[] {
  const sums = new Map<string, { exact: Record<string, string>; bucket: Bucket | undefined }>()
  for (const time of timesIn(range)) sums.set(time, { exact: {}, bucket: undefined })
  for (const bucket of buckets) {
    const time = timeOf(new Date(bucket.start), range)
    const column = sums.get(time) ?? { exact: {}, bucket }
    sums.set(time, column)
    column.bucket = bucket
    for (const [name, amount] of partsOf(bucket)) column.exact[name] = sumOf([column.exact[name] ?? '0', amount])
  }
  const running = timeOf(now, range)
  return [...sums].map(([time, { exact, bucket }]) => ({
    label: labelOf(time, range),
    span: bucket && spanOf(bucket, range),
    isRunning: time === running,
    exact,
  }))
}

/** Every part of the range, empty ones too: a day without calls is seen as one. Half days meet each, whatever the clocks do. */
function timesIn(range: Range): string[] {
  const step = range.bucket === 'hour' ? 3_600_000 : 43_200_000
  const times = new Set<string>()
  for (let at = Date.parse(range.from); at < Date.parse(range.to); at += step) times.add(timeOf(new Date(at), range))
  return [...times]
}

/** Names the bucket that an instant lies in: an hour by its instant, since one comes twice a year by the clock. */
function timeOf(at: Date, { timeZone, bucket }: Range): string {
  if (bucket === 'hour') {
    const minutes = Number(wallTime(at, timeZone).slice(14))
    return new Date(Math.floor(at.getTime() / 60_000) * 60_000 - minutes * 60_000).toISOString()
  }
  const day = dayIn(timeZone, at)
  if (bucket === 'month') return day.slice(0, 7)
  return bucket === 'week' ? plus(day, -((new Date(day).getUTCDay() + 6) % 7)) : day
}

function labelOf(time: string, { timeZone, bucket }: Range): string {
  if (bucket === 'hour') return formatIn(timeZone, HOUR).format(new Date(time))
  if (bucket === 'month') return formatIn('UTC', MONTH).format(new Date(`${time}-01`))
  const day = formatIn('UTC', DAY).format(new Date(time))
  return bucket === 'week' ? `week of ${day}` : day
}

const HOUR = {
  locale: 'en-GB',
  options: { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' },
} as const
const DAY = { locale: 'en-GB', options: { day: '2-digit', month: 'short' } } as const
const MONTH = { locale: 'en-GB', options: { month: 'short', year: 'numeric' } } as const

/** Whole days where it has them. */
function spanOf({ start, end }: Bucket, { timeZone, bucket }: Range): Column['span'] {
  const isWhole = bucket !== 'hour' && [start, end].every((at) => wallTime(new Date(at), timeZone).endsWith('T00:00'))
  if (!isWhole) return { from: start, to: end }
  return { from: dayIn(timeZone, new Date(start)), to: dayIn(timeZone, new Date(Date.parse(end) - 1)) }
}
