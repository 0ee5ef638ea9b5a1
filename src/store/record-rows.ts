/** Records as lists and exports read them: the columns that are asked for, and what becomes of them. */
import { sql } from 'kysely'
import type { Span } from '../core/report-plan.ts'
import { type GenerationRow, generationOf, type StoredGeneration } from './generations.ts'
import { joined } from './report-parts.ts'
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

/** What a row of an export shows of it. */
export type ExportedRecord = Omit<StoredRecord, OnlyShown>
type OnlyShown = 'items' | 'counts' | 'chargeExact' | 'costExact' | 'admittedAt' | 'userAgent' | 'referer' | Counted
type Counted = 'promptTokens' | 'completionTokens'

export const recordsOf = (store: Store, organisationId: bigint, spans?: readonly Span[]) =>
  store.sql
    .selectFrom(spans ? recordsIn(store, organisationId, spans) : 'usage_records as u')
    .leftJoin(spans ? detailsOfEach(store) : 'call_details as d', (join) =>
      join.onRef('d.hash', '=', 'u.details_hash').onRef('d.organisation_id', '=', 'u.organisation_id'),
    )
    .where('u.organisation_id', '=', organisationId)

/** Of each record by itself: PostgreSQL would rather read the details of everybody, in every span anew. */
const detailsOfEach = ({ engine }: Store) =>
  engine === 'sqlite'
    ? 'call_details as d'
    : (sql`LATERAL (SELECT c.* FROM call_details AS c WHERE c.organisation_id = u.organisation_id
        AND c.hash = u.details_hash OFFSET 0)`.as('d') as unknown as 'call_details as d')

/** Under the name and with the columns of the table, so that a query is the same over either. */
function recordsIn(store: Store, organisationId: bigint, spans: readonly Span[]) {
  const within = sql`u.organisation_id = ${organisationId} AND u.occurred_at >= s.first AND u.occurred_at < s.past`
  const segments = spans.map((span) => ({ ...span, bucket: 0 }))
  const { from, where } = joined(store, segments, ['usage_records', 'u'], within)
  // Kept as one by its limit, or SQLite would go through the details of everybody first.
  const whole = store.engine === 'sqlite' ? sql` LIMIT -1` : sql``
  return sql`(SELECT u.* FROM ${from} WHERE ${where}${whole})`.as('u') as unknown as 'usage_records as u'
}

export const namedOf = (query: ReturnType<typeof recordsOf>) =>
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
    .select(['u.id', 'u.code', 'u.occurred_at', 'u.recorded_at', 'u.payload_hash', 'u.status', 'u.context'])
    .select(['u.model', 'u.provider', 'u.usage_type', 'u.source', 'u.is_byok', 'u.latency_ms', 'u.generation'])
    .select('u.first_token_ms')
    .select(['u.input_tokens', 'u.cached_tokens', 'u.output_tokens', 'u.reasoning_tokens', 'u.flags', 'u.rate_card_id'])
    .select(['u.cost_nanos', 'u.charge_nanos', 'u.cache_saving_nanos'])
    .select(['a.code as account_code', 'a.external_id', 'k.hash as key_hash', 't.code as transaction_code'])
    .select(['d.end_user', 'd.session_id', 'd.metadata as tags'])

export const shownOf = (query: ReturnType<typeof recordsOf>) =>
  namedOf(query)
    .leftJoin('token_counts as c', (join) =>
      join.onRef('c.usage_record_id', '=', 'u.id').onRef('c.organisation_id', '=', 'u.organisation_id'),
    )
    .select(['u.counts', 'u.charge_exact', 'u.cost_exact', 'u.admitted_at', 'u.items'])
    .select(['d.user_agent', 'd.referer', 'c.prompt', 'c.completion'])

type NamedRow = {
  id: bigint
  code: string
  occurred_at: bigint
  recorded_at: bigint
  payload_hash: string | null
  status: string
  context: string
  model: string
  provider: string
  usage_type: string
  source: string
  is_byok: bigint
  latency_ms: bigint | null
  first_token_ms: bigint | null
  generation: string
  input_tokens: bigint
  cached_tokens: bigint
  output_tokens: bigint
  reasoning_tokens: bigint
  flags: string
  rate_card_id: string | null
  cost_nanos: bigint | null
  charge_nanos: bigint | null
  cache_saving_nanos: bigint
  account_code: string | null
  external_id: string | null
  key_hash: string | null
  transaction_code: string | null
  end_user: string | null
  session_id: string | null
  tags: string | null
}

export const exportedOf = (row: NamedRow): ExportedRecord => ({
  id: row.id,
  code: row.code,
  occurredAt: Number(row.occurred_at),
  recordedAt: Number(row.recorded_at),
  isTold: row.payload_hash !== null,
  status: row.status,
  context: row.context,
  model: row.model,
  provider: row.provider,
  usageType: row.usage_type,
  source: row.source,
  isByok: row.is_byok === 1n,
  latencyMs: row.latency_ms === null ? null : Number(row.latency_ms),
  firstTokenMs: row.first_token_ms === null ? null : Number(row.first_token_ms),
  facts: row.generation,
  inputTokens: Number(row.input_tokens),
  cachedTokens: Number(row.cached_tokens),
  outputTokens: Number(row.output_tokens),
  reasoningTokens: Number(row.reasoning_tokens),
  flags: row.flags,
  rateCardId: row.rate_card_id,
  costNanos: row.cost_nanos,
  chargeNanos: row.charge_nanos,
  cacheSavingNanos: row.cache_saving_nanos,
  accountCode: row.account_code,
  externalId: row.external_id,
  keyHash: row.key_hash,
  transactionCode: row.transaction_code,
  endUser: row.end_user,
  sessionId: row.session_id,
  tags: row.tags,
})

export const recordOf = (row: NamedRow & GenerationRow & { items: string }): StoredRecord => ({
  ...generationOf(row),
  ...exportedOf(row),
  items: row.items,
})
