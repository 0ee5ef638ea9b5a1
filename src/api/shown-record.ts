/** One call as the control plane shows it: the look-up's own fields, what it came to, and why. */
import { z } from 'zod'
import type { GenerationFacts } from '../contract/generation-facts.ts'
import type { GenerationRecord } from '../contract/reports.ts'
import { instantText } from '../lib/clock.ts'
import type { Cell } from '../lib/csv.ts'
import { generationId } from '../lib/id.ts'
import { nanosText } from '../lib/money.ts'
import type { ExportedRecord, StoredRecord } from '../store/record-rows.ts'
import { tagText } from '../store/report-values.ts'
import type { Focus } from './focus.ts'
import { factsOf, generationOf } from './generations.ts'
import { withDecimal } from './money.ts'

export function recordOf(stored: StoredRecord, organisation: string): GenerationRecord {
  const facts = factsOf(stored)
  const known = (count: number) => (stored.source === 'unknown' ? null : count)
  const generation = generationOf(stored, organisation)
  return {
    ...generation,
    ...(stored.isTold ? { id: idOf(stored), streamed: null, cancelled: null, provider_responses: null } : {}),
    context: stored.context,
    accountId: prefixed('acc', stored.accountCode),
    externalId: stored.externalId,
    apiKeyHash: stored.keyHash,
    provider: stored.provider,
    status: stored.status as GenerationRecord['status'],
    usageSource: stored.source as GenerationRecord['usageSource'],
    usageType: stored.usageType,
    requestedModel: facts.requestedModel || null,
    firstTokenMs: stored.firstTokenMs,
    inputTokens: known(stored.inputTokens),
    cachedTokens: known(stored.cachedTokens),
    outputTokens: known(stored.outputTokens),
    reasoningTokens: known(stored.reasoningTokens),
    ...moneyOf(stored),
    tags: stored.tags === null ? null : JSON.parse(tagText(stored.tags)),
    lineItems: lineItemsOf(stored),
    rateCardId: stored.rateCardId,
    attempts: facts.attempts.map((attempt) => ({ ...attempt })),
    rawUsage: facts.rawUsage ?? null,
    transactionId: prefixed('txn', stored.transactionCode),
    // A call of the gateway's own and its reservation share one code.
    reservationId: stored.isTold ? null : `res_${stored.code}`,
    flags: stored.flags.split(',').filter((flag) => flag !== ''),
    occurredAt: instantText(stored.occurredAt),
    recordedAt: instantText(stored.recordedAt),
  }
}

const prefixed = (prefix: string, code: string | null): string | null => (code === null ? null : `${prefix}_${code}`)

/** As it is summed up: whole nano-dollars. Unknown is null, and has no decimal. */
function moneyOf({ costNanos, chargeNanos, cacheSavingNanos }: StoredRecord) {
  const text = (nanos: bigint | null) => (nanos === null ? undefined : nanosText(nanos))
  const [costUsd, chargeUsd, cacheSavingUsd] = [text(costNanos), text(chargeNanos), nanosText(cacheSavingNanos)]
  return {
    costUsd: costUsd === undefined ? null : Number(costUsd),
    chargeUsd: chargeUsd === undefined ? null : Number(chargeUsd),
    cacheSavingUsd: Number(cacheSavingUsd),
    decimal: {
      ...(costUsd === undefined ? {} : { costUsd }),
      ...(chargeUsd === undefined ? {} : { chargeUsd }),
      cacheSavingUsd,
    },
  }
}

const Lines = z.array(
  z.object({
    meter: z.string(),
    model: z.string().optional(),
    quantity: z.string().default('0'),
    price: z.string().default('0'),
    per: z.coerce.number().default(1),
    costNanos: z.string().default('0'),
    chargeNanos: z.string().optional(),
  }),
)

/** What each came to for the account; its cost, where the call has no charge of its own. */
const lineItemsOf = ({ items }: StoredRecord): GenerationRecord['lineItems'] =>
  Lines.parse(JSON.parse(items)).map(({ meter, model, quantity, price, per, costNanos, chargeNanos = costNanos }) => ({
    ...{ meter, quantity, unitPriceUsd: price, per },
    ...(model === undefined ? {} : { model }),
    ...withDecimal({ amountUsd: nanosText(BigInt(chargeNanos)) }),
  }))

export const RECORD_COLUMNS = [
  ...(['id', 'occurredAt', 'recordedAt', 'status', 'context', 'accountId', 'externalId', 'apiKeyHash'] as const),
  ...([
    'external_user',
    'session_id',
    'tags',
    'model',
    'provider',
    'provider_name',
    'usageType',
    'usageSource',
  ] as const),
  ...(['inputTokens', 'cachedTokens', 'outputTokens', 'reasoningTokens', 'costUsd', 'chargeUsd'] as const),
  ...(['cacheSavingUsd', 'is_byok', 'streamed', 'finish_reason', 'latency', 'rateCardId', 'transactionId'] as const),
  ...(['reservationId', 'upstream_id', 'request_id', 'flags', 'firstTokenMs'] as const),
] as const

/** Straight from what is stored: a million calls are not made into objects first. */
export function recordCells(stored: ExportedRecord): Cell[] {
  const facts = JSON.parse(stored.facts) as Readonly<Partial<GenerationFacts>>
  const { isTold } = stored
  const isKnown = stored.source !== 'unknown'
  // One list and no parts of it: a third of the time of an export went into putting them together.
  return [
    idOf(stored),
    instantText(stored.occurredAt),
    instantText(stored.recordedAt),
    stored.status,
    stored.context,
    prefixed('acc', stored.accountCode),
    stored.externalId,
    stored.keyHash,
    stored.endUser,
    stored.sessionId,
    stored.tags === null ? null : tagText(stored.tags),
    stored.model,
    stored.provider,
    facts.providerName,
    stored.usageType,
    stored.source,
    isKnown ? stored.inputTokens : null,
    isKnown ? stored.cachedTokens : null,
    isKnown ? stored.outputTokens : null,
    isKnown ? stored.reasoningTokens : null,
    exactCell(stored.costNanos),
    exactCell(stored.chargeNanos),
    exactCell(stored.cacheSavingNanos),
    stored.isByok ? 'true' : 'false',
    isTold ? null : String(facts.streamed ?? false),
    facts.finishReason,
    stored.latencyMs,
    stored.rateCardId,
    prefixed('txn', stored.transactionCode),
    isTold ? null : `res_${stored.code}`,
    facts.upstreamId,
    facts.requestId,
    stored.flags.replaceAll(',', ' '),
    stored.firstTokenMs,
  ]
}

const exactCell = (nanos: bigint | null): Cell => (nanos === null ? null : { exact: nanosText(nanos) })

const idOf = ({ isTold, code }: ExportedRecord): string => (isTold ? `usage_${code}` : generationId(code))

export function focusOf(stored: ExportedRecord): Focus {
  const facts = JSON.parse(stored.facts) as Readonly<Partial<GenerationFacts>>
  return {
    start: stored.occurredAt,
    end: stored.occurredAt + (stored.latencyMs ?? 0),
    chargeNanos: stored.chargeNanos,
    costNanos: stored.costNanos,
    description: idOf(stored),
    model: stored.model,
    provider: facts.providerName ?? stored.provider,
    resourceId: stored.keyHash,
    tokens: stored.source === 'unknown' ? null : stored.inputTokens + stored.outputTokens,
    accountId: prefixed('acc', stored.accountCode),
    accountName: stored.externalId,
    tags: stored.tags === null ? null : tagText(stored.tags),
  }
}
