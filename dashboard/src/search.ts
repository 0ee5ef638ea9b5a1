/** What the address says of a view: who reloads it, or is sent it, sees the same. */
import { isTimeZone } from './zone.ts'

export const RANGES = [
  'Today',
  'Yesterday',
  'Last 7 days',
  'Last 30 days',
  'This month',
  'Last month',
  'Custom',
] as const
export const GROUPINGS = ['model', 'provider', 'api_key', 'account', 'end_user', 'tag'] as const
export const METRICS = ['charge', 'requests', 'errors', 'tokens', 'kinds'] as const
export const BUCKETS = ['hour', 'day', 'week', 'month'] as const
export const STATUSES = ['ok', 'error', 'cancelled', 'interrupted'] as const
const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const
export const SOURCES = ['reported', 'estimated', 'unknown'] as const

const FORMS_OPEN = ['new', 'top-up'] as const

export type Range = (typeof RANGES)[number]
export type Grouping = (typeof GROUPINGS)[number]
export type Metric = (typeof METRICS)[number]
export type Bucket = (typeof BUCKETS)[number]

export type Search = {
  readonly range?: Range | undefined
  /** With `Custom`: calendar days, both included, or instants from bar to bar. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** The time zone of days and of all times; none: the organisation's. */
  readonly zone?: string | undefined
  /** The hash of an API key. Of this and the next ones, empty text is "without one". */
  readonly key?: string | undefined
  readonly account?: string | undefined
  readonly user?: string | undefined
  /** `key:value` */
  readonly tag?: string | undefined
  readonly model?: string | undefined
  readonly provider?: string | undefined
  /** Of calls, or of deliveries. */
  readonly status?: string | undefined
  /** Who counted the tokens. */
  readonly source?: (typeof SOURCES)[number] | undefined
  /** USD and milliseconds that a call came to, at least. */
  readonly minCost?: string | undefined
  readonly minLatency?: string | undefined
  /** What the bars are made of, what they measure, and how wide they are. */
  readonly by?: Grouping | undefined
  readonly metric?: Metric | undefined
  readonly bucket?: Bucket | undefined
  /** The bars as a table. */
  readonly as?: 'table' | undefined
  /** Every part by itself, in place of the few dearest and all others. */
  readonly all?: 'yes' | undefined
  /** Columns of the list of calls, with commas. */
  readonly columns?: string | undefined
  /** New calls come by themselves. */
  readonly live?: 'yes' | undefined
  readonly cursor?: string | undefined
  /** By what tables are sorted, with commas: `keys.-spent`. */
  readonly sort?: string | undefined
  /** Of budgets. */
  readonly history?: 'thresholds' | undefined
  /** Which form of the screen is open. */
  readonly open?: (typeof FORMS_OPEN)[number] | undefined
  /** Of an account, the one to be looked at. */
  readonly transaction?: string | undefined
  /** Of a statement, `2026-11`. */
  readonly month?: string | undefined
}

/** As the command line says them. */
const SHORT: Readonly<Record<string, Range>> = Object.assign(Object.create(null), {
  today: 'Today',
  yesterday: 'Yesterday',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  'this-month': 'This month',
  'last-month': 'Last month',
})

const WORDS: { readonly [name in keyof Search]?: readonly string[] } = {
  range: RANGES,
  by: GROUPINGS,
  metric: METRICS,
  bucket: BUCKETS,
  status: [...STATUSES, ...DELIVERY_STATES],
  source: SOURCES,
  as: ['table'],
  all: ['yes'],
  live: ['yes'],
  history: ['thresholds'],
  open: FORMS_OPEN,
}
const TEXTS = [
  'key',
  'account',
  'user',
  'tag',
  'model',
  'provider',
  'columns',
  'cursor',
  'sort',
  'transaction',
] as const

const FORMS: { readonly [name in keyof Search]?: (text: string) => boolean } = {
  from: isDayOrInstant,
  to: isDayOrInstant,
  zone: isTimeZone,
  month: (text) => /^\d{4}-(?:0[1-9]|1[0-2])$/.test(text),
  minCost: (text) => /^\d{1,9}(\.\d{1,9})?$/.test(text),
  minLatency: (text) => /^\d{1,9}$/.test(text),
}

/** Whatever stands in the address: what is no part of a view is passed over. */
export function searchOf(given: Record<string, unknown>): Search {
  const found: Record<string, string> = {}
  const take = (name: string, isFit: (text: string) => boolean) => {
    const value = given[name]
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
    if (text !== undefined && isFit(text)) found[name] = text
  }
  for (const [name, words] of Object.entries(WORDS)) take(name, (text) => words.includes(text))
  const short = SHORT[String(given.range)]
  if (short !== undefined) found.range = short
  for (const [name, isFit] of Object.entries(FORMS)) take(name, isFit)
  for (const name of TEXTS) take(name, () => true)
  return found as Search
}

export const callStatus = ({ status }: Search) => STATUSES.find((each) => each === status)

/** The part of a view that every screen has. */
export const zoneIn = (given: Record<string, unknown>): Pick<Search, 'zone'> => {
  const { zone } = searchOf(given)
  return zone === undefined ? {} : { zone }
}

function isDayOrInstant(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z)?$/.test(text)) return false
  const at = new Date(text)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text.slice(0, 10))
}
