/** The calls behind a report, newest first by when they occurred, each with all that is kept of it. */
import { sql } from 'kysely'
import { GENERATION_COLUMNS, type GenerationRow, generationOf, type StoredGeneration } from './generations.ts'
import { type Folded, NARROW, type Narrow } from './report-columns.ts'
import { recordMatches, type ValueFilter } from './report-values.ts'
import { codeRange } from './row-by-code.ts'
import type { Store } from './store.ts'

export type StoredRecord = StoredGeneration & {
  readonly id: bigint
  readonly context: string
  readonly accountCode: string | null
  readonly externalId: string | null
  readonly keyHash: string | null
  readonly provider: string
  readonly usageType: string
  readonly costNanos: bigint | null
  readonly chargeNanos: bigint | null
  readonly cacheSavingNanos: bigint
  /** JSON: the line items. */
  readonly items: string
  readonly flags: string
  readonly rateCardId: string | null
  readonly transactionCode: string | null
  /** Told by a caller, and not a call of the gateway's own. */
  readonly isTold: boolean
  /** JSON object of what the client attached. */
  readonly tags: string | null
  readonly firstTokenMs: number | null
  readonly occurredAt: number
  readonly recordedAt: number
}

export type RecordFilter = {
  readonly narrow: Readonly<Partial<Record<Narrow, readonly string[]>>>
  readonly folded: Readonly<Partial<Record<Folded, ValueFilter>>>
  /** `[start, end)` by when it occurred. */
  readonly start: number
  readonly end: number
  readonly minCostNanos?: bigint | undefined
  readonly minLatencyMs?: number | undefined
  readonly sources?: readonly string[] | undefined
  /** Recorded by then: what comes later is left out. */
  readonly recordedBy?: number | undefined
}

/** The row that a page begins behind. */
export type RecordCursor = { readonly occurredAt: number; readonly id: bigint }
export type RecordPage = { readonly limit: number; readonly offset: number; readonly before: RecordCursor | undefined }

/** Throws `StoreTooSlow` where it takes longer than it may. */
export async function recordPage(
  store: Store,
  organisationId: bigint,
  filter: RecordFilter,
  { limit, offset, before }: RecordPage,
  withinMs: number,
): Promise<StoredRecord[]> {
  // One upper bound: of two, the database may begin at the wrong one, and read again all that came before.
  const end = before ? Math.min(filter.end, before.occurredAt + 1) : filter.end
  let query = matchingIn(store, organisationId, { ...filter, end })
  if (before) query = query.where(sql<boolean>`(u.occurred_at, u.id) < (${BigInt(before.occurredAt)}, ${before.id})`)
  const page = query.orderBy('u.occurred_at', 'desc').orderBy('u.id', 'desc').limit(limit).offset(offset)
  return (await store.scan(shownOf(page), withinMs)).map(recordOf)
}

export async function recordCount(
  store: Store,
  organisationId: bigint,
  filter: RecordFilter,
  withinMs: number,
): Promise<number> {
  const query = matchingIn(store, organisationId, filter).select((of) => of.fn.countAll<bigint>().as('total'))
  const [row] = await store.scan(query, withinMs)
  return Number(row?.total ?? 0)
}

export async function findRecord(
  store: Store,
  organisationId: bigint,
  code: string,
  isTold: boolean,
): Promise<StoredRecord | undefined> {
  const range = codeRange(code)
  if (!range) return undefined
  const query = recordsOf(store, organisationId)
    .where('u.id', '>=', range.from)
    .where('u.id', '<', range.to)
    .where('u.code', '=', code)
    .where('u.payload_hash', isTold ? 'is not' : 'is', null)
  const [row] = await store.rows(shownOf(query))
  return row && recordOf(row)
}

const recordsOf = (store: Store, organisationId: bigint) =>
  store.sql
    .selectFrom('usage_records as u')
    .leftJoin('call_details as d', (join) =>
      join.onRef('d.hash', '=', 'u.details_hash').onRef('d.organisation_id', '=', 'u.organisation_id'),
    )
    .where('u.organisation_id', '=', organisationId)

function matchingIn(store: Store, organisationId: bigint, filter: RecordFilter) {
  const { narrow, folded, start, end, minCostNanos, minLatencyMs, sources, recordedBy } = filter
  let query = recordsOf(store, organisationId)
    .where('u.occurred_at', '>=', BigInt(start))
    .where('u.occurred_at', '<', BigInt(end))
  for (const column of NARROW) {
    const values = narrow[column]
    if (values) query = query.where(`u.${column}`, 'in', values)
  }
  for (const [dimension, values] of Object.entries(folded))
    query = query.where(sql<boolean>`${recordMatches(store, dimension as Folded, values)}`)
  if (minCostNanos !== undefined) query = query.where('u.cost_nanos', '>=', minCostNanos)
  if (minLatencyMs !== undefined) query = query.where('u.latency_ms', '>=', BigInt(minLatencyMs))
  if (sources) query = query.where('u.source', 'in', sources)
  if (recordedBy !== undefined) query = query.where('u.recorded_at', '<=', BigInt(recordedBy))
  return query
}

const shownOf = (query: ReturnType<typeof recordsOf>) =>
  query
    .leftJoin('accounts as a', (join) =>
      join.onRef('a.id', '=', 'u.account_id').onRef('a.organisation_id', '=', 'u.organisation_id'),
    )
    .leftJoin('api_keys as k', (join) =>
      join.onRef('k.id', '=', 'u.api_key_id').onRef('k.organisation_id', '=', 'u.organisation_id'),
    )
    .leftJoin('transactions as t', (join) =>
      join.onRef('t.id', '=', 'u.transaction_id').onRef('t.organisation_id', '=', 'u.organisation_id'),
    )
    .leftJoin('token_counts as c', (join) =>
      join.onRef('c.usage_record_id', '=', 'u.id').onRef('c.organisation_id', '=', 'u.organisation_id'),
    )
    .select(GENERATION_COLUMNS)
    .select([
      'u.id',
      'u.context',
      'u.provider',
      'u.usage_type',
      'u.cost_nanos',
      'u.charge_nanos',
      'u.cache_saving_nanos',
    ])
    .select(['u.items', 'u.flags', 'u.rate_card_id', 'u.payload_hash'])
    .select(['u.first_token_ms', 'u.occurred_at', 'u.recorded_at'])
    .select(['a.code as account_code', 'a.external_id', 'k.hash as key_hash', 't.code as transaction_code'])
    .select('d.metadata as tags')

type RecordRow = GenerationRow & {
  id: bigint
  context: string
  provider: string
  usage_type: string
  cost_nanos: bigint | null
  charge_nanos: bigint | null
  cache_saving_nanos: bigint
  items: string
  flags: string
  rate_card_id: string | null
  payload_hash: string | null
  first_token_ms: bigint | null
  occurred_at: bigint
  recorded_at: bigint
  account_code: string | null
  external_id: string | null
  key_hash: string | null
  transaction_code: string | null
  tags: string | null
}

const recordOf = (row: RecordRow): StoredRecord => ({
  ...generationOf(row),
  id: row.id,
  context: row.context,
  accountCode: row.account_code,
  externalId: row.external_id,
  keyHash: row.key_hash,
  provider: row.provider,
  usageType: row.usage_type,
  costNanos: row.cost_nanos,
  chargeNanos: row.charge_nanos,
  cacheSavingNanos: row.cache_saving_nanos,
  items: row.items,
  flags: row.flags,
  rateCardId: row.rate_card_id,
  transactionCode: row.transaction_code,
  isTold: row.payload_hash !== null,
  tags: row.tags,
  firstTokenMs: row.first_token_ms === null ? null : Number(row.first_token_ms),
  occurredAt: Number(row.occurred_at),
  recordedAt: Number(row.recorded_at),
})
