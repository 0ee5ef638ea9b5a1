/** From a view to what is asked of the API, the same for the screen and its CSV. */
import type { Operations } from '@turnpike/sdk'
import { count, daysOf } from './days.ts'
import type { Grouping, Search } from './search.ts'

type Query = Omit<NonNullable<Operations['reportUsage']['query']>, 'format' | 'columns'>

export function narrowed(search: Search, timeZone: string) {
  const { key, model, provider } = search
  return {
    ...daysOf(search, timeZone),
    timeZone,
    ...(key === undefined ? {} : { api_key: [key] }),
    ...(model === undefined ? {} : { model: [model] }),
    ...(provider === undefined ? {} : { provider: [provider] }),
  }
}

export function usageQuery(search: Search, timeZone: string): Query {
  const days = daysOf(search, timeZone)
  const bucket = count(days) <= 2 ? 'hour' : count(days) <= 100 ? 'day' : 'month'
  return { ...narrowed(search, timeZone), bucket, groupBy: [groupingOf(search)] }
}

export const groupingOf = ({ by = 'model' }: Search): Grouping => by

/** A file of exactly what the query asks for. */
export function csvOf(path: string, query: object): string {
  const words = new URLSearchParams({ format: 'csv' })
  for (const [name, value] of Object.entries(query)) if (value !== undefined) words.set(name, String(value))
  return `${path}?${words}`
}
