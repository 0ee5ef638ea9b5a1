/** From a view to what is asked of the API, the same for the screen and its CSV. */
import type { Operations } from '../../sdk/src/index.ts'
import { count, type Days, daysOf, previousTo } from './days.ts'
import { BUCKETS, type Bucket, callStatus, type Grouping, type Search } from './search.ts'

type Query = Omit<NonNullable<Operations['reportUsage']['query']>, 'format' | 'columns'>
type CallsQuery = Omit<NonNullable<Operations['listGenerations']['query']>, 'format' | 'columns'>

/** What reports and lists of calls are both narrowed by. */
export function narrowed(search: Search, timeZone: string, days: Days = daysOf(search, timeZone)) {
  const { key, account, user, tag, model, provider } = search
  const status = callStatus(search)
  return {
    ...days,
    timeZone,
    ...(key === undefined ? {} : { api_key: [key] }),
    ...(account === undefined ? {} : { account: [account] }),
    ...(user === undefined ? {} : { end_user: [user] }),
    ...(tag === undefined ? {} : { tag: [tag] }),
    ...(model === undefined ? {} : { model: [model] }),
    ...(provider === undefined ? {} : { provider: [provider] }),
    ...(status === undefined ? {} : { status: [status] }),
  }
}

/** Calls one by one know some more of themselves. */
export function callsQuery(search: Search, timeZone: string): CallsQuery {
  const { source, minCost, minLatency } = search
  return {
    ...narrowed(search, timeZone),
    ...(source === undefined ? {} : { usageSource: [source] }),
    ...(minCost === undefined ? {} : { minCostUsd: minCost }),
    ...(minLatency === undefined ? {} : { minLatencyMs: Number(minLatency) }),
  }
}

export const usageQuery = (search: Search, timeZone: string): Query => ({
  ...narrowed(search, timeZone),
  bucket: bucketOf(search, timeZone),
  groupBy: [groupingOf(search)],
})

/** The same of the time before, in as few rows as there are. */
export const usageBefore = (search: Search, timeZone: string): Query => ({
  ...narrowed(search, timeZone, previousTo(daysOf(search, timeZone), timeZone)),
  bucket: 'month',
  groupBy: [groupingOf(search)],
})

/** How the calls of a view ended, over time. */
export const requestsQuery = (search: Search, timeZone: string): Query => ({
  ...narrowed(search, timeZone),
  bucket: bucketOf(search, timeZone),
  groupBy: ['status'],
})

export const groupingOf = ({ by = 'model' }: Search): Grouping => by

/** The one that was chosen, where the range has not too many of them. */
export function bucketOf(search: Search, timeZone: string): Bucket {
  const days = count(daysOf(search, timeZone))
  const usual = days <= 2 ? 'hour' : days <= 100 ? 'day' : 'month'
  return bucketsFor(days).find((bucket) => bucket === search.bucket) ?? usual
}

const MOST_BARS = 400
const DAYS_IN = { hour: 1 / 24, day: 1, week: 7, month: 30 }

export const bucketsFor = (days: number): readonly Bucket[] =>
  BUCKETS.filter((bucket) => days / DAYS_IN[bucket] <= MOST_BARS)

/** A file of exactly what the query asks for. */
export function csvOf(path: string, query: object): string {
  const words = new URLSearchParams({ format: 'csv' })
  for (const [name, value] of Object.entries(query)) if (value !== undefined) words.set(name, String(value))
  return `${path}?${words}`
}
