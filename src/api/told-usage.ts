/** A usage that a caller tells, checked and priced: everything that can be wrong with it is found before anything is written. */
import { refuse } from '../contract/errors.ts'
import type { UsageRequest } from '../contract/usage.ts'
import { cacheDiscount } from '../core/card-cost.ts'
import { linesText, recordLines } from '../core/cost-details.ts'
import type { Told } from '../core/ledger-commands.ts'
import { type Priced, price } from '../core/price.ts'
import { countsText, totalsOf, type Usage } from '../core/usage.ts'
import { MAX_AMOUNT, roundToNanos } from '../lib/money.ts'
import { exactText } from '../lib/ratio.ts'
import { toldChain } from './chains.ts'
import { fingerprintOf } from './idempotency.ts'
import { currentCard } from './models.ts'
import type { ApiParts, ApiRoute } from './parts.ts'
import { countsOf } from './usage-counts.ts'

type Telling = {
  readonly organisationId: bigint
  readonly at: number
  readonly context: 'customer' | 'system'
  readonly accountId: bigint | null
  readonly dedupeKey: string | null
  /** When its reservation was admitted: the prices of then hold. */
  readonly admittedAt?: number
  /** The record carries the charge itself. */
  readonly charged: boolean
}

type Body = Omit<UsageRequest, 'context' | 'accountId' | 'externalId' | 'transactionId'>

/** Throws `unknown_model`, `invalid_usage`, `out_of_range`; `unpriced_model` where it is to be charged and has no price. */
export async function toldUsage(parts: ApiParts, body: Body, telling: Telling): Promise<Told> {
  const { organisationId, context, accountId, dedupeKey, charged, at } = telling
  const route = routeOf(parts, body.modelId)
  const occurredAt = occurrenceOf(body, at)
  const admittedAt = telling.admittedAt ?? occurredAt
  const card = currentCard(route.endpoints[0], admittedAt)
  checkCharacters(body, card?.lines.some(({ meter }) => meter === 'characters') ?? false)
  const usage: Usage = { parts: [{ counts: countsOf(body) }], flags: [] }
  const priced = price(usage, card ?? (() => undefined), parts.terms)
  if (charged && (priced.chargeNanos === undefined || priced.unpriced.length > 0))
    throw refuse('unpriced_model', undefined, { param: 'modelId' })
  if ((priced.costNanos ?? 0n) > MAX_AMOUNT || (priced.chargeNanos ?? 0n) > MAX_AMOUNT) throw refuse('out_of_range')
  await parts.rateCards.keep([card])
  const totals = totalsOf(usage)
  const teller = { organisationId, accountId, model: route.model.id, metadata: body.metadata }
  return {
    chain: await toldChain(parts, teller, admittedAt),
    ...parts.store.ids.next(),
    ...{ organisationId, kind: 'original', context, accountId, apiKeyId: null, isByok: false, limitNanos: null },
    ...{ model: route.model.id, provider: route.endpoints[0]?.provider.key ?? '', status: 'ok', source: 'reported' },
    inputTokens: totals.input,
    cachedTokens: totals.cached,
    cacheWriteTokens: totals.cacheWrite,
    outputTokens: totals.output,
    reasoningTokens: totals.reasoning,
    counts: countsText(usage),
    flags: [...priced.flags],
    rateCardId: card?.id ?? null,
    ...costsOf(priced, charged),
    cacheSavingNanos: card ? roundToNanos(cacheDiscount(usage, card)) : 0n,
    ...{ admittedAt, occurredAt, latencyMs: null, firstTokenMs: null, detailsHash: null, generation: '{}' },
    usageType: body.usageType,
    description: body.description ?? null,
    metadata: body.metadata ? JSON.stringify(body.metadata) : null,
    sequence: body.sequence ?? null,
    dedupeKey,
    payloadHash: payloadHash(body, context, route),
  }
}

function routeOf({ routes }: ApiParts, name: string): ApiRoute {
  const route = routes.find(name)
  const reason = { kind: 'unknown_model', model: name } as const
  if (!route) throw refuse('unknown_model', undefined, { param: 'modelId', reason })
  return route
}

const AHEAD_MS = 5 * 60_000
const BACK_MS = 35 * 86_400_000

function occurrenceOf({ occurredAt }: Body, at: number): number {
  if (occurredAt === undefined) return at
  const instant = Date.parse(occurredAt)
  if (instant > at + AHEAD_MS || instant < at - BACK_MS)
    throw refuse('invalid_usage', 'occurredAt: expected at most 5 minutes ahead and 35 days back', {
      param: 'occurredAt',
    })
  return instant
}

/** Speech is counted in seconds; in characters only where the model has a price for them. */
function checkCharacters({ usageType, audioDurationSeconds, characters }: Body, isPriced: boolean): void {
  const isAudio = usageType === 'audio_stt' || usageType === 'audio_tts'
  if (isAudio && audioDurationSeconds === undefined && characters !== undefined && !isPriced)
    throw refuse('invalid_usage', 'audioDurationSeconds: is missing, and this model is not priced by characters', {
      param: 'audioDurationSeconds',
    })
}

function costsOf(priced: Priced, charged: boolean) {
  const lines = recordLines(priced).map(({ chargeNanos, ...line }) => (charged ? { ...line, chargeNanos } : line))
  return {
    costNanos: priced.costNanos ?? null,
    costExact: priced.cost ? exactText(priced.cost) : null,
    chargeNanos: charged ? (priced.chargeNanos ?? null) : null,
    chargeExact: charged && priced.charge ? exactText(priced.charge) : null,
    items: linesText(lines),
  }
}

/** What it says, whoever it is linked to: the same payload on the same transaction is the same usage. */
function payloadHash(body: Body, context: string, { model }: ApiRoute): string {
  const { modelId: _name, usageType, sequence, occurredAt, description, metadata } = body
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = body
  const { audioDurationSeconds, characters, images } = body
  return fingerprintOf({
    ...{ context, model: model.id, usageType, sequence, description: description ?? undefined },
    ...{ inputTokens, outputTokens, cachedTokens: cachedTokens || undefined, metadata: metadata ?? undefined },
    ...{ cacheWriteTokens: cacheWriteTokens || undefined, reasoningTokens: reasoningTokens || undefined },
    ...{ audioDurationSeconds, characters, images },
    ...(occurredAt === undefined ? {} : { occurredAt: Date.parse(occurredAt) }),
  })
}
