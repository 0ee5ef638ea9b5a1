/** What may be asked of reports, what a history of calls must come to, and the figures of what was answered. */
import fc from 'fast-check'
import { parseAmount } from '../src/lib/money.ts'
import { type Happened, MODELS, type Owners, USERS } from './usage-history.ts'

const QUARTER = 900_000

type Group = 'api_key' | 'account' | 'model' | 'provider' | 'context' | 'end_user' | 'tag' | 'status'
export type Posted = { readonly accountId: string; readonly nanos: bigint }
const GROUPS: readonly Group[] = ['api_key', 'account', 'model', 'provider', 'context', 'end_user', 'tag', 'status']

export type Asked = {
  readonly start: number
  readonly end: number
  readonly zone: string
  readonly bucket: string
  readonly groupBy: readonly Group[]
  /** One or two values of each; any of them will do. */
  readonly filters: Readonly<Partial<Record<Group, readonly number[]>>>
}

export const asking = (from: number): fc.Arbitrary<Asked> =>
  fc
    .record({
      first: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 * 96 })),
      length: fc.oneof(fc.constant(60 * 96), fc.integer({ min: 1, max: 20 * 96 })),
      zone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/New_York', 'Europe/Berlin'),
      bucket: fc.constantFrom('hour', 'day', 'day', 'week', 'month'),
      groupBy: fc.uniqueArray(fc.constantFrom(...GROUPS), { maxLength: 2 }),
      filters: fc.dictionary(
        fc.constantFrom(...GROUPS),
        fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }),
        { maxKeys: 2 },
      ),
    })
    .map(({ first, length, bucket, ...rest }) => ({
      ...{ ...rest, start: from + first * QUARTER, end: from + (first + length) * QUARTER },
      bucket: length > 40 * 24 && bucket === 'hour' ? 'day' : bucket,
    }))

/** What the number of a filter stands for: one of the values, or none. */
const FILTERS: Readonly<Record<Group, (n: number, owners: Owners) => string>> = {
  api_key: (n, { keys }) => keys[n]?.hash ?? '',
  account: (n, { accounts }) => (accounts[n] ? `acc_${accounts[n].code}` : ''),
  model: (n) => MODELS[n] ?? 'nobody/nothing',
  provider: (n) => ['acme', 'other'][n] ?? 'nobody',
  context: (n) => ['customer', 'system'][n % 2] ?? '',
  end_user: (n) => ['', ...USERS][n] ?? '',
  tag: (n) => ['', 'team:red', 'env:prod', 'a:b:c","team":"red'][n] ?? '',
  status: (n) => ['ok', 'error', 'cancelled', 'interrupted'][n] ?? '',
}

export function queryOf({ start, end, zone, bucket, groupBy, filters }: Asked, owners: Owners): string {
  const query = new URLSearchParams({ from: instant(start), to: instant(end), timeZone: zone, bucket })
  for (const group of groupBy) query.append('groupBy', group)
  for (const [group, values] of Object.entries(filters))
    for (const n of values) query.append(group, FILTERS[group as Group](n, owners))
  return String(query)
}

export const instant = (ms: number) => new Date(ms).toISOString()
export const within = ({ occurredAt }: Happened, start: number, end: number) => occurredAt >= start && occurredAt < end

export const dayAndModel = ({ occurredAt, model, provider }: Happened) =>
  `${instant(occurredAt).slice(0, 10)} ${model} ${provider}`

/** What a call says of a group, as a report shows it. */
function keyOf(call: Happened, group: Group, { keys, accounts }: Owners): unknown {
  switch (group) {
    case 'api_key':
      return call.apiKey === null ? null : keys[call.apiKey]?.hash
    case 'account':
      return call.account === null ? null : `acc_${accounts[call.account]?.code}`
    case 'context':
      return call.account === null ? 'system' : 'customer'
    case 'end_user':
      return call.endUser
    case 'tag':
      return call.tags && Object.fromEntries(Object.entries(call.tags).sort(([a], [b]) => (a < b ? -1 : 1)))
    default:
      return call[group]
  }
}

export const hasKey = (call: Happened, key: Readonly<Record<string, unknown>>, owners: Owners): boolean =>
  Object.entries(key).every(
    ([group, value]) => JSON.stringify(keyOf(call, group as Group, owners)) === JSON.stringify(value),
  )

export const matches = (call: Happened, { start, end, filters }: Asked, owners: Owners): boolean =>
  within(call, start, end) &&
  Object.entries(filters).every(([name, values]) =>
    values.some((n) => hasValue(call, name as Group, FILTERS[name as Group](n, owners), owners)),
  )

function hasValue(call: Happened, group: Group, wanted: string, owners: Owners): boolean {
  if (group !== 'tag') return (keyOf(call, group, owners) ?? '') === wanted
  if (wanted === '') return call.tags === null
  return Object.entries(call.tags ?? {}).some(([key, value]) => `${key}:${value}` === wanted)
}

export type Figures = Readonly<Record<(typeof NAMES)[number], bigint>>
const COUNTS = [
  ...(['requests', 'errors', 'inputTokens', 'cachedTokens', 'outputTokens', 'reasoningTokens', 'totalTokens'] as const),
  ...(['unpricedRequests', 'estimatedRequests'] as const),
]
const MONEY = ['costUsd', 'chargeUsd', 'cacheSavingUsd'] as const
const NAMES = [...COUNTS, ...MONEY] as const

const figures = (of: (name: (typeof NAMES)[number]) => bigint): Figures =>
  Object.fromEntries(NAMES.map((name) => [name, of(name)])) as Figures

export const nanosOf = (text: string | undefined): bigint =>
  text === undefined || text === ''
    ? 0n
    : text.startsWith('-')
      ? -(parseAmount(text.slice(1)) ?? 0n)
      : BigInt(parseAmount(text) ?? 0n)

/** Of a row of a report, JSON or CSV: amounts by their exact text. */
export const figuresOf = (row: Readonly<Record<string, unknown>>): Figures => {
  const exact = (row.decimal ?? row) as Readonly<Record<string, string>>
  return figures((name) =>
    (MONEY as readonly string[]).includes(name) ? nanosOf(exact[name]) : BigInt(row[name] as number | string),
  )
}

/** Of one call in a list; tokens that nobody knows are none. */
export function figuresOfCall(row: Readonly<Record<string, unknown>>): Figures {
  return figures((name) => {
    if (name === 'requests') return 1n
    if ((MONEY as readonly string[]).includes(name)) return nanosOf(String(row[name] ?? ''))
    return 0n
  })
}

export const moneyOf = ({ requests, costUsd, chargeUsd, cacheSavingUsd }: Figures) => ({
  requests,
  costUsd,
  chargeUsd,
  cacheSavingUsd,
})

export const addedUp = (all: readonly Figures[]): Figures =>
  figures((name) => all.reduce((sum, each) => sum + each[name], 0n))

export const sumOf = (calls: readonly Happened[]): Figures => addedUp(calls.map(countedAs))

const countedAs = (call: Happened): Figures => ({
  requests: 1n,
  errors: call.status === 'error' ? 1n : 0n,
  inputTokens: BigInt(call.input),
  cachedTokens: BigInt(call.cached),
  outputTokens: BigInt(call.output),
  reasoningTokens: BigInt(call.reasoning),
  totalTokens: BigInt(call.input + call.output),
  unpricedRequests: call.cost === null ? 1n : 0n,
  estimatedRequests: call.source === 'estimated' ? 1n : 0n,
  costUsd: call.cost ?? 0n,
  chargeUsd: call.charge ?? 0n,
  cacheSavingUsd: call.saving,
})

export const unknownsIn = (calls: readonly Happened[]): number =>
  calls.filter(({ source }) => source === 'unknown').length

export function rowsOf(text: string, format: string): Record<string, unknown>[] {
  if (format === 'ndjson')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  const [columns = [], ...rows] = csvCells(text)
  return rows.map((cells) => Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])))
}

/** RFC 4180, read by hand. */
function csvCells(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
