/** The sums that are kept beside usage records, changed in the same step: by quarter hour, and by API key. */
import type { KeyUsage, Quarter, Rollup, UsageRecord } from './usage-rows.ts'
import { utcRule, windowAt } from './window.ts'

export const QUARTER_MS = 15 * 60_000

/** The quarter hour that holds an instant: every offset of a time zone is a multiple of it. */
const quarterOf = (instant: number): number => Math.floor(instant / QUARTER_MS) * QUARTER_MS

/** How many calls a record stands for: one that puts another right is none by itself. */
export const callsIn = ({ kind }: Pick<UsageRecord, 'kind'>): bigint => (kind === 'original' ? 1n : 0n)

export const rollupOf = (record: UsageRecord): Rollup => ({
  organisationId: record.organisationId,
  quarter: quarterOf(record.occurredAt),
  model: record.model,
  provider: record.provider,
  context: record.context,
  status: record.status,
  requests: callsIn(record),
  inputTokens: BigInt(record.inputTokens),
  cachedTokens: BigInt(record.cachedTokens),
  outputTokens: BigInt(record.outputTokens),
  reasoningTokens: BigInt(record.reasoningTokens),
  costNanos: record.costNanos ?? 0n,
  chargeNanos: record.chargeNanos ?? 0n,
  cacheSavingNanos: record.cacheSavingNanos,
  byokCostNanos: record.isByok ? (record.costNanos ?? 0n) : 0n,
  unpriced: record.costNanos === null ? callsIn(record) : 0n,
  estimated: record.source === 'reported' ? 0n : callsIn(record),
  noUsage: record.source === 'unknown' ? callsIn(record) : 0n,
})

export const rollupKey = ({ organisationId, quarter, model, provider, context, status }: Rollup): string =>
  JSON.stringify([String(organisationId), quarter, model, provider, context, status])

/** Every field of a roll-up that adds up. */
export const ROLLUP_SUMS = [
  'requests',
  'inputTokens',
  'cachedTokens',
  'outputTokens',
  'reasoningTokens',
  'costNanos',
  'chargeNanos',
  'cacheSavingNanos',
  'byokCostNanos',
  'unpriced',
  'estimated',
  'noUsage',
] as const

export function foldRollup(rollups: Map<string, Rollup>, rollup: Rollup): void {
  const key = rollupKey(rollup)
  const sum = rollups.get(key)
  if (!sum) rollups.set(key, { ...rollup })
  else for (const field of ROLLUP_SUMS) sum[field] += rollup[field]
}

/** How many of the records belong to each quarter hour, in one order. */
export function quartersOf(records: readonly Pick<UsageRecord, 'organisationId' | 'occurredAt'>[]): Quarter[] {
  const quarters = new Map<string, Quarter>()
  for (const { organisationId, occurredAt } of records) {
    const quarter = quarterOf(occurredAt)
    const key = `${organisationId} ${quarter}`
    const known = quarters.get(key)
    if (known) known.records++
    else quarters.set(key, { organisationId, quarter, records: 1n })
  }
  return [...quarters.values()].sort((a, b) => Number(a.organisationId - b.organisationId) || a.quarter - b.quarter)
}

export const emptyKeyUsage = (apiKeyId: bigint, organisationId: bigint): KeyUsage => ({
  apiKeyId,
  organisationId,
  total: 0n,
  byokTotal: 0n,
  day: 0,
  dayNanos: 0n,
  byokDayNanos: 0n,
  week: 0,
  weekNanos: 0n,
  byokWeekNanos: 0n,
  month: 0,
  monthNanos: 0n,
  byokMonthNanos: 0n,
  counted: 0n,
  dayCounted: 0n,
  weekCounted: 0n,
  monthCounted: 0n,
})

/** What a key was charged, and what its BYOK calls cost upstream, in the windows that hold the admission. */
export function addToKeyUsage(usage: KeyUsage, record: UsageRecord, upstreamNanos: bigint): void {
  const charge = record.chargeNanos ?? 0n
  const byok = record.isByok ? upstreamNanos : 0n
  usage.total += charge
  usage.byokTotal += byok
  usage.counted += countedNanos(record)
  for (const { window, nanos, byokNanos, counted } of WINDOWS) {
    const { start } = windowAt(utcRule(window), record.admittedAt)
    if (start < usage[window]) continue
    if (start > usage[window]) {
      usage[window] = start
      usage[nanos] = 0n
      usage[byokNanos] = 0n
      usage[counted] = 0n
    }
    usage[nanos] += charge
    usage[byokNanos] += byok
    usage[counted] += countedNanos(record)
  }
}

/** Adds sums of other calls of the same key: of each window, those of the later one are kept. */
export function addKeyUsage(usage: KeyUsage, more: Omit<KeyUsage, 'apiKeyId' | 'organisationId'>): void {
  for (const field of ['total', 'byokTotal', 'counted'] as const) usage[field] += more[field]
  for (const { window, nanos, byokNanos, counted } of WINDOWS) {
    if (more[window] < usage[window]) continue
    for (const field of [nanos, byokNanos, counted])
      usage[field] = (more[window] > usage[window] ? 0n : usage[field]) + more[field]
    usage[window] = more[window]
  }
}

/** What was given back of a call counts no more against the limit of its key; what the key was charged stays what it was. */
export function giveBackToKey(usage: KeyUsage, admittedAt: number, nanos: bigint): void {
  usage.counted -= nanos
  for (const { window, counted } of WINDOWS)
    if (windowAt(utcRule(window), admittedAt).start === usage[window]) usage[counted] -= nanos
}

/** What a call counts against the limit of its key: the charge, or what our own credential would have been charged. */
export const countedNanos = ({ limitNanos, chargeNanos }: Pick<UsageRecord, 'limitNanos' | 'chargeNanos'>): bigint =>
  limitNanos ?? chargeNanos ?? 0n

const WINDOWS = [
  { window: 'day', nanos: 'dayNanos', byokNanos: 'byokDayNanos', counted: 'dayCounted' },
  { window: 'week', nanos: 'weekNanos', byokNanos: 'byokWeekNanos', counted: 'weekCounted' },
  { window: 'month', nanos: 'monthNanos', byokNanos: 'byokMonthNanos', counted: 'monthCounted' },
] as const
