/** What a budget would have counted in a time that is over, and whether its limit would have been met: from sums of the reports. */
import { sumOf } from '../../sdk/src/decimal.ts'
import type { Budget, UsageReport } from '../../sdk/src/index.ts'
import { now } from './clock.ts'
import { count, type Days, daysOf, plus } from './days.ts'
import { isAbove, unitsOf } from './decimal.ts'
import type { Search } from './search.ts'
import { dayIn } from './zone.ts'

export type Rule = Pick<Budget, 'scope' | 'scopeId' | 'metric' | 'window' | 'timeZone'>

/** The filter that leaves what it binds; undefined: there is none. */
export function boundBy({ scope, scopeId }: Pick<Budget, 'scope' | 'scopeId'>): Search | undefined {
  if (scope === 'organisation') return {}
  const names = { account: 'account', api_key: 'key', end_user: 'user', tag: 'tag', model: 'model' } as const
  // Each end user by themself has no filter.
  return scopeId === '' || scopeId === '*' ? undefined : { [names[scope]]: scopeId }
}

/** Reports add up quarter hours, and know no shorter time. */
export const canPreview = ({ window, metric }: Rule): boolean =>
  window !== 'minute' && window !== 'request' && metric !== 'concurrency'

/** The month before this one; for weeks, all that touch it. */
export function previewDays({ window, timeZone }: Pick<Rule, 'window' | 'timeZone'>): Days {
  const { from, to } = daysOf({ range: 'Last month' }, timeZone)
  return window === 'week' ? { from: mondayOf(from), to: plus(mondayOf(to), 6) } : { from, to }
}

/** The Monday before, or itself. */
const mondayOf = (day: string): string => plus(day, -((new Date(day).getUTCDay() + 6) % 7))

export const countedBy = (metric: Budget['metric'], figures: UsageReport['totals']): string =>
  metric === 'usd'
    ? (figures.decimal.chargeUsd ?? '0')
    : String(metric === 'tokens' ? figures.totalTokens : figures.requests)

export type Preview = {
  readonly total: string
  /** Of one window. */
  readonly most: string
  readonly windows: number
  readonly met: number
  /** The start of the day or hour in which it was met first. */
  readonly firstMet: string | undefined
}

export function previewOf({ buckets, range }: UsageReport, { window, metric }: Rule, limit: string): Preview {
  const windowOf = (start: string): string => {
    const day = dayIn(range.timeZone, new Date(start))
    return window === 'hour' ? start : window === 'day' ? day : window === 'week' ? mondayOf(day) : 'all'
  }
  const spent = new Map<string, string>()
  const met = new Map<string, string>()
  for (const bucket of buckets) {
    const name = windowOf(bucket.start)
    const sum = sumOf([spent.get(name) ?? '0', countedBy(metric, bucket)])
    spent.set(name, sum)
    if (!met.has(name) && unitsOf(sum) >= unitsOf(limit)) met.set(name, bucket.start)
  }
  const sums = [...spent.values()]
  return {
    total: sumOf(sums),
    most: sums.reduce((most, sum) => (isAbove(sum, most) ? sum : most), '0'),
    windows: windowsIn(range, window),
    met: met.size,
    firstMet: [...met.values()].sort()[0],
  }
}

const HOUR_MS = 3_600_000

function windowsIn({ from, to, timeZone }: UsageReport['range'], window: Budget['window']): number {
  if (window === 'hour') return Math.round((Date.parse(to) - Date.parse(from)) / HOUR_MS)
  const days = count({ from: dayIn(timeZone, new Date(from)), to: dayIn(timeZone, new Date(Date.parse(to) - 1)) })
  return window === 'day' ? days : window === 'week' ? Math.ceil(days / 7) : 1
}

const QUARTER_MS = 900_000

/** From the quarter hour in which something began until the one that runs, also where this clock is behind the server's. */
export function sinceQuarter(start: string): Days {
  const began = Date.parse(start)
  const quarter = (at: number, later = 0) => new Date(Math.floor(at / QUARTER_MS + later) * QUARTER_MS).toISOString()
  return { from: quarter(began), to: quarter(Math.max(began, now().getTime()), 1) }
}
