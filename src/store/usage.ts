/** Usage records as the API shows them, newest first, and what they come to. */
import { sql } from 'kysely'
import type { PageOf } from './page-of.ts'
import type { Store } from './store.ts'

export type StoredUsage = {
  readonly id: bigint
  readonly code: string
  /** By whoever calls the API; otherwise the gateway counted it, under the code of its generation. */
  readonly isTold: boolean
  readonly context: 'customer' | 'system'
  readonly accountCode: string | null
  readonly externalId: string | null
  readonly transactionId: bigint | null
  readonly transactionCode: string | null
  readonly model: string
  readonly usageType: string
  readonly source: string
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedTokens: number
  readonly cacheWriteTokens: number
  readonly reasoningTokens: number
  /** JSON object: meter → count as decimal text. */
  readonly counts: string
  readonly costNanos: bigint | null
  readonly chargeNanos: bigint | null
  /** Decimal text or `n/d`. */
  readonly costExact: string | null
  readonly chargeExact: string | null
  readonly sequence: number | null
  readonly description: string | null
  readonly metadata: string | null
  readonly occurredAt: number
  readonly recordedAt: number
}

export type UsageFilter = {
  readonly accountId?: bigint | undefined
  readonly apiKeyId?: bigint | undefined
  readonly model?: string | undefined
  readonly context?: 'customer' | 'system' | undefined
  readonly usageType?: string | undefined
  /** `[from, to)` by when it occurred, milliseconds. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Recorded by then: what comes later is left out. */
  readonly recordedBy?: number | undefined
}

/** One more than the limit, so that the caller sees whether there are more. */
export async function usagePage(
  store: Store,
  organisationId: bigint,
  filter: UsageFilter,
  page: PageOf,
): Promise<StoredUsage[]> {
  const matching = matchingIn(store, organisationId, filter)
  const rows = await store.rows(
    shownOf(page.before === undefined ? matching : matching.where('u.id', '<', page.before))
      .orderBy('u.id', 'desc')
      .limit(page.limit + 1)
      .offset(page.offset),
  )
  return rows.map(usageOf)
}

export async function usageCount(store: Store, organisationId: bigint, filter: UsageFilter): Promise<number> {
  const [row] = await store.rows(
    matchingIn(store, organisationId, filter).select((of) => of.fn.countAll<bigint>().as('total')),
  )
  return Number(row?.total ?? 0)
}

/** By their numbers, or by those of the transactions that they are linked to; oldest first. */
export async function usageBy(
  store: Store,
  organisationId: bigint,
  { field, ids }: { field: 'id' | 'transaction_id'; ids: readonly bigint[] },
): Promise<StoredUsage[]> {
  if (ids.length === 0) return []
  const matching = matchingIn(store, organisationId, {})
  // A transaction of the gateway has the number of its record; the index of the others holds only what callers told.
  const named =
    field === 'id'
      ? matching.where('u.id', 'in', ids)
      : matching.where(({ or, and, eb }) =>
          or([
            and([eb('u.id', 'in', ids), eb('u.payload_hash', 'is', null)]),
            and([eb('u.transaction_id', 'in', ids), eb('u.payload_hash', 'is not', null)]),
          ]),
        )
  return (await store.rows(shownOf(named).orderBy('u.id'))).map(usageOf)
}

export type UsageSum = {
  readonly model: string
  readonly context: 'customer' | 'system'
  readonly records: bigint
  readonly costNanos: bigint
  readonly inputTokens: bigint
  readonly outputTokens: bigint
  readonly cachedTokens: bigint
  readonly unpriced: bigint
  readonly unknown: bigint
}

/** Sums by model and context. Costs may come to more than 64 bits hold, so dollars and nanos are summed apart. */
export async function usageSums(store: Store, organisationId: bigint, filter: UsageFilter): Promise<UsageSum[]> {
  const text = (expression: string) => sql<string>`CAST(COALESCE(SUM(${sql.raw(expression)}), 0) AS TEXT)`
  const rows = await store.rows(
    matchingIn(store, organisationId, filter)
      .groupBy(['u.model', 'u.context'])
      .orderBy('u.model')
      .select(['u.model', 'u.context'])
      .select([
        text("CASE WHEN u.kind = 'original' THEN 1 ELSE 0 END").as('records'),
        text('u.cost_nanos / 1000000000').as('dollars'),
        text('u.cost_nanos % 1000000000').as('nanos'),
        text('u.input_tokens').as('input'),
        text('u.output_tokens').as('output'),
        text('u.cached_tokens').as('cached'),
        text("CASE WHEN u.cost_nanos IS NULL AND u.kind = 'original' THEN 1 ELSE 0 END").as('unpriced'),
        text("CASE WHEN u.source = 'unknown' AND u.kind = 'original' THEN 1 ELSE 0 END").as('unknown'),
      ]),
  )
  return rows.map((row) => ({
    model: row.model,
    context: row.context as UsageSum['context'],
    records: BigInt(row.records),
    costNanos: BigInt(row.dollars) * 1_000_000_000n + BigInt(row.nanos),
    inputTokens: BigInt(row.input),
    outputTokens: BigInt(row.output),
    cachedTokens: BigInt(row.cached),
    unpriced: BigInt(row.unpriced),
    unknown: BigInt(row.unknown),
  }))
}

function matchingIn(store: Store, organisationId: bigint, filter: UsageFilter) {
  const { accountId, apiKeyId, model, context, usageType, from, to, recordedBy } = filter
  let query = store.sql.selectFrom('usage_records as u').where('u.organisation_id', '=', organisationId)
  if (accountId !== undefined) query = query.where('u.account_id', '=', accountId)
  if (apiKeyId !== undefined) query = query.where('u.api_key_id', '=', apiKeyId)
  if (model !== undefined) query = query.where('u.model', '=', model)
  if (context !== undefined) query = query.where('u.context', '=', context)
  if (usageType !== undefined) query = query.where('u.usage_type', '=', usageType)
  if (from !== undefined) query = query.where('u.occurred_at', '>=', BigInt(from))
  if (to !== undefined) query = query.where('u.occurred_at', '<', BigInt(to))
  if (recordedBy !== undefined) query = query.where('u.recorded_at', '<=', BigInt(recordedBy))
  return query
}

const shownOf = (query: ReturnType<typeof matchingIn>) =>
  query
    .leftJoin('accounts as a', (join) =>
      join.onRef('a.id', '=', 'u.account_id').onRef('a.organisation_id', '=', 'u.organisation_id'),
    )
    .leftJoin('transactions as t', (join) =>
      join.onRef('t.id', '=', 'u.transaction_id').onRef('t.organisation_id', '=', 'u.organisation_id'),
    )
    .select(['u.id', 'u.code', 'u.context', 'u.transaction_id', 'u.model', 'u.usage_type', 'u.source', 'u.counts'])
    .select(['u.input_tokens', 'u.output_tokens', 'u.cached_tokens', 'u.cache_write_tokens', 'u.reasoning_tokens'])
    .select(['u.cost_nanos', 'u.charge_nanos', 'u.cost_exact', 'u.charge_exact', 'u.sequence', 'u.description'])
    .select(['u.metadata', 'u.occurred_at', 'u.recorded_at', 'u.payload_hash'])
    .select(['a.code as account_code', 'a.external_id', 't.code as transaction_code'])

type UsageRow = {
  id: bigint
  code: string
  context: string
  transaction_id: bigint | null
  model: string
  usage_type: string
  source: string
  counts: string
  input_tokens: bigint
  output_tokens: bigint
  cached_tokens: bigint
  cache_write_tokens: bigint
  reasoning_tokens: bigint
  cost_nanos: bigint | null
  charge_nanos: bigint | null
  cost_exact: string | null
  charge_exact: string | null
  sequence: bigint | null
  description: string | null
  metadata: string | null
  occurred_at: bigint
  recorded_at: bigint
  payload_hash: string | null
  account_code: string | null
  external_id: string | null
  transaction_code: string | null
}

const usageOf = (row: UsageRow): StoredUsage => ({
  id: row.id,
  code: row.code,
  isTold: row.payload_hash !== null,
  context: row.context as StoredUsage['context'],
  accountCode: row.account_code,
  externalId: row.external_id,
  transactionId: row.transaction_id,
  transactionCode: row.transaction_code,
  model: row.model,
  usageType: row.usage_type,
  source: row.source,
  inputTokens: Number(row.input_tokens),
  outputTokens: Number(row.output_tokens),
  cachedTokens: Number(row.cached_tokens),
  cacheWriteTokens: Number(row.cache_write_tokens),
  reasoningTokens: Number(row.reasoning_tokens),
  counts: row.counts,
  costNanos: row.cost_nanos,
  chargeNanos: row.charge_nanos,
  costExact: row.cost_exact,
  chargeExact: row.charge_exact,
  sequence: row.sequence === null ? null : Number(row.sequence),
  description: row.description,
  metadata: row.metadata,
  occurredAt: Number(row.occurred_at),
  recordedAt: Number(row.recorded_at),
})
