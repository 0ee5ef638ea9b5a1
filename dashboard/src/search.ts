/** What the address says of a view: who reloads it, or is sent it, sees the same. */
export const RANGES = [
  'Today',
  'Yesterday',
  'Last 7 days',
  'Last 30 days',
  'This month',
  'Last month',
  'Custom',
] as const

export type Range = (typeof RANGES)[number]

export type Search = {
  readonly range?: Range | undefined
  /** Calendar days, both included; with `Custom`. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** The hash of an API key. */
  readonly key?: string | undefined
  readonly model?: string | undefined
  readonly provider?: string | undefined
  readonly status?: string | undefined
  /** What the bars are made of. */
  readonly by?: Grouping | undefined
  readonly cursor?: string | undefined
  /** Of budgets. */
  readonly history?: 'thresholds' | undefined
  /** Of a statement, `2026-11`. */
  readonly month?: string | undefined
}

export const GROUPINGS = ['model', 'provider', 'api_key', 'account', 'end_user', 'tag'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** Whatever stands in the address: what is no part of a view is passed over. */
export function searchOf(given: Record<string, unknown>): Search {
  const text = (name: string) => {
    const value = given[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  }
  const found: Record<string, string | undefined> = {
    range: RANGES.find((range) => range === text('range')),
    by: GROUPINGS.find((by) => by === text('by')),
  }
  if (text('history') === 'thresholds') found.history = 'thresholds'
  if (/^\d{4}-(?:0[1-9]|1[0-2])$/.test(text('month') ?? '')) found.month = text('month')
  for (const name of ['from', 'to', 'key', 'model', 'provider', 'status', 'cursor']) found[name] = text(name)
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as Search
}
