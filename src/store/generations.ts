/** One generation by its code, with what is kept apart from its record: personal fields and normalised counts. */
import { addCounts, lateKey } from '../core/ledger-adjust.ts'
import { nanosText, roundToNanos } from '../lib/money.ts'
import { exactRatio } from '../lib/ratio.ts'
import { codeRange } from './row-by-code.ts'
import type { Store } from './store.ts'
import { wasToldAs } from './told-as.ts'

export type StoredGeneration = {
  readonly code: string
  readonly model: string
  readonly status: string
  readonly source: string
  readonly usageType: string
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  /** JSON object: meter → count as decimal text. */
  readonly counts: string
  /** Decimal text or `n/d`; null: unknown. */
  readonly chargeExact: string | null
  readonly costExact: string | null
  readonly isByok: boolean
  readonly admittedAt: number
  readonly latencyMs: number | null
  /** JSON: what the gateway noted beside the columns. */
  readonly facts: string
  readonly endUser: string | null
  readonly sessionId: string | null
  readonly userAgent: string | null
  readonly referer: string | null
  readonly promptTokens: number | null
  readonly completionTokens: number | null
}

/** `apiKeyId`: of this key alone. */
export async function findGeneration(
  store: Store,
  organisationId: bigint,
  code: string,
  apiKeyId?: bigint,
): Promise<StoredGeneration | undefined> {
  const range = codeRange(code)
  if (!range) return undefined
  const query = store.sql
    .selectFrom('usage_records as u')
    .leftJoin('call_details as d', (join) =>
      join.onRef('d.hash', '=', 'u.details_hash').onRef('d.organisation_id', '=', 'u.organisation_id'),
    )
    .leftJoin('token_counts as c', (join) =>
      join.onRef('c.usage_record_id', '=', 'u.id').onRef('c.organisation_id', '=', 'u.organisation_id'),
    )
    .where('u.organisation_id', '=', organisationId)
    .where('u.id', '>=', range.from)
    .where('u.id', '<', range.to)
    .where('u.code', '=', code)
    .where('u.kind', '=', 'original')
    .where('u.payload_hash', 'is', null)
    .select(GENERATION_COLUMNS)
  const [row] = await store.rows(apiKeyId === undefined ? query : query.where('u.api_key_id', '=', apiKeyId))
  if (!row) return undefined
  const stored = generationOf(row)
  return row.status === 'interrupted' ? withLateTruth(store, organisationId, stored) : stored
}

/** What was told of it once it had been settled by an estimate. */
async function withLateTruth(
  store: Store,
  organisationId: bigint,
  estimate: StoredGeneration,
): Promise<StoredGeneration> {
  const [late] = await store.rows(
    store.sql
      .selectFrom('usage_records')
      .select(['source', 'input_tokens', 'cached_tokens', 'output_tokens', 'reasoning_tokens', 'counts'])
      .select(['charge_nanos', 'cost_nanos', 'latency_ms', 'generation'])
      .where('organisation_id', '=', organisationId)
      .where(wasToldAs(store, organisationId, lateKey(estimate.code))),
  )
  if (!late) return estimate
  const sum = (exact: string | null, nanos: bigint | null) =>
    nanos === null ? exact : nanosText((exact === null ? 0n : roundToNanos(exactRatio(exact))) + nanos)
  return {
    ...estimate,
    source: late.source,
    inputTokens: estimate.inputTokens + Number(late.input_tokens),
    cachedTokens: estimate.cachedTokens + Number(late.cached_tokens),
    outputTokens: estimate.outputTokens + Number(late.output_tokens),
    reasoningTokens: estimate.reasoningTokens + Number(late.reasoning_tokens),
    counts: addCounts(estimate.counts, late.counts, 1n),
    chargeExact: sum(estimate.chargeExact, late.charge_nanos),
    costExact: sum(estimate.costExact, late.cost_nanos),
    latencyMs: numberOrNull(late.latency_ms),
    facts: late.generation,
  }
}

/** Of the record, of its personal fields `d` and of its normalised counts `c`. */
const GENERATION_COLUMNS = [
  ...([
    'u.code',
    'u.model',
    'u.status',
    'u.source',
    'u.usage_type',
    'u.input_tokens',
    'u.cached_tokens',
    'u.output_tokens',
  ] as const),
  ...(['u.reasoning_tokens', 'u.counts', 'u.charge_exact', 'u.cost_exact', 'u.is_byok', 'u.admitted_at'] as const),
  ...(['u.latency_ms', 'u.generation', 'd.end_user', 'd.session_id', 'd.user_agent', 'd.referer'] as const),
  ...(['c.prompt', 'c.completion'] as const),
] as const

export type GenerationRow = {
  code: string
  model: string
  status: string
  source: string
  usage_type: string
  input_tokens: bigint
  cached_tokens: bigint
  output_tokens: bigint
  reasoning_tokens: bigint
  counts: string
  charge_exact: string | null
  cost_exact: string | null
  is_byok: bigint
  admitted_at: bigint
  latency_ms: bigint | null
  generation: string
  end_user: string | null
  session_id: string | null
  user_agent: string | null
  referer: string | null
  prompt: bigint | null
  completion: bigint | null
}

export const generationOf = (row: GenerationRow): StoredGeneration => ({
  code: row.code,
  model: row.model,
  status: row.status,
  source: row.source,
  usageType: row.usage_type,
  inputTokens: Number(row.input_tokens),
  cachedTokens: Number(row.cached_tokens),
  outputTokens: Number(row.output_tokens),
  reasoningTokens: Number(row.reasoning_tokens),
  counts: row.counts,
  chargeExact: row.charge_exact,
  costExact: row.cost_exact,
  isByok: row.is_byok === 1n,
  admittedAt: Number(row.admitted_at),
  latencyMs: numberOrNull(row.latency_ms),
  facts: row.generation,
  endUser: row.end_user,
  sessionId: row.session_id,
  userAgent: row.user_agent,
  referer: row.referer,
  promptTokens: numberOrNull(row.prompt),
  completionTokens: numberOrNull(row.completion),
})

const numberOrNull = (value: bigint | null): number | null => (value === null ? null : Number(value))
