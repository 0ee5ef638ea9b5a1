/**
 * The one way out of an admitted call, whatever ended it: usage × rate card → lines → one rounding → one durable step
 * that ends the reservation. Only what comes back from here may be told to a client as a cost.
 */
import { type AttemptRecord, encodeFacts, type GenerationFacts } from '../contract/generation-facts.ts'
import { detailsTexts } from '../core/call-details.ts'
import { decimalOf, linesText, recordLines } from '../core/cost-details.ts'
import type { Settle } from '../core/ledger-commands.ts'
import type { Priced } from '../core/price.ts'
import { countsText, totalsOf, type Usage } from '../core/usage.ts'
import type { CallDetails, GenerationStatus, UsageSource } from '../core/usage-rows.ts'
import type { Settled } from '../dialects/dialect.ts'
import { generationId } from '../lib/id.ts'
import { roundToNanos } from '../lib/money.ts'
import { exactText } from '../lib/ratio.ts'
import { type Admission, idempotencyOf } from './admit.ts'
import { type Bill, billOf, NOTHING } from './bill.ts'
import type { Candidate } from './candidates.ts'
import { isByok } from './credential.ts'
import type { Gateway } from './gateway.ts'
import { usageTypeOf } from './usage-type.ts'

/** How a call ended, before anybody knows what it costs. */
export type Outcome = {
  readonly status: GenerationStatus
  /** Undefined: no attempt answered, so nothing was used. */
  readonly served: Candidate | undefined
  readonly attempts: readonly AttemptRecord[]
  readonly usage: Usage | undefined
  readonly source: UsageSource
  readonly rawUsage?: unknown
  readonly finishReason: string | null
  readonly nativeFinishReason: string | null
  readonly upstreamId: string | null
  /** As the provider's reply said it. */
  readonly serviceTier: string | null
  /** By `clock.elapsed()`; null: no token came. */
  readonly firstTokenAt: number | null
  readonly sentAt: number | null
  /** What was delivered before a failure is of use by itself: sound up to where it breaks off. */
  readonly usable?: boolean
}

export async function settle(gateway: Gateway, admission: Admission, outcome: Outcome): Promise<Settled> {
  try {
    return await settleNow(gateway, admission, outcome)
  } catch (failure) {
    // Whatever went wrong, the call was admitted and must end: recovery records it.
    gateway.stranded.set(admission.id.id, { since: gateway.store.now(), how: 'failed' })
    throw failure
  }
}

async function settleNow(gateway: Gateway, admission: Admission, outcome: Outcome): Promise<Settled> {
  const bill = billOf(gateway, admission, outcome)
  const { priced } = bill
  // That of a model which helped may be new. The lines hold its prices themselves, so nothing waits for it.
  gateway.rateCards
    .keep(bill.cards)
    ?.catch((error: unknown) => gateway.log.warn({ error }, 'a rate card was not kept; the next call tries again'))
  const record = recordOf(gateway, admission, outcome, bill)
  const details = personal(gateway, admission, record.detailsHash)
  const { caller, call } = admission
  const settling = await gateway.settlements.post({
    type: 'settle',
    organisationId: caller.organisationId,
    at: gateway.store.now(),
    record,
    quote: admission.quoteNanos,
    holds: admission.holds,
    upstreamNanos: priced.costNanos ?? 0n,
    details,
    actor: 'gateway',
    ...idempotencyOf(caller, call),
  })
  gateway.progress.forget(admission.id.id)
  if (record.source === 'reported' && record.status === 'ok')
    gateway.estimates.settled(caller.keyId, record.model, Math.ceil(record.outputTokens / call.choices))
  logGeneration(gateway, admission, outcome, record, priced)
  return {
    usage: outcome.served ? outcome.usage : undefined,
    source: outcome.source,
    // Only what the ledger holds may be told: until then, and where it holds something else, the cost is unknown.
    priced: settling === 'settled' ? priced : UNTOLD,
    isByok: record.isByok,
    serviceTier: outcome.serviceTier,
  }
}

const UNTOLD: Priced = {
  ...{ items: [], unpriced: [], flags: [] },
  ...{ cost: undefined, charge: undefined, costNanos: undefined, chargeNanos: undefined },
}

/** One line a generation, written where it is settled: ids, counts, cost and durations, never what was said. */
function logGeneration(
  { log }: Gateway,
  { call }: Admission,
  { served }: Outcome,
  record: SettledRecord,
  { charge }: Priced,
): void {
  const { model, provider, status, inputTokens, outputTokens, latencyMs, source, code } = record
  const generation = generationId(code)
  const chargeUsd = charge ? decimalOf(charge) : null
  const name = served?.endpoint.provider.name ?? 'nobody'
  if (!log.readable) {
    log.info(
      { generation, model, provider, status, source, inputTokens, outputTokens, chargeUsd, latencyMs },
      'generation',
    )
    return
  }
  const price = chargeUsd === null ? '—' : `$${chargeUsd}`
  const tokens = `${inputTokens} + ${outputTokens} tokens`
  log.info({}, `${status}  ${call.models[0]} → ${name}   ${tokens}   ${price}   ${latencyMs} ms   ${generation}`)
}

type SettledRecord = Settle['record']

function recordOf(gateway: Gateway, admission: Admission, outcome: Outcome, bill: Bill): SettledRecord {
  const { call, caller, id, admittedAt } = admission
  const { priced, saved, limitNanos } = bill
  const usage = outcome.usage ?? NOTHING
  const totals = totalsOf(usage)
  const served = outcome.served ?? admission.candidates[0]
  const flags = new Set<string>([...usage.flags, ...priced.flags, ...(admission.fitted ? ['output_limit_fitted'] : [])])
  return {
    ...id,
    organisationId: caller.organisationId,
    kind: 'original',
    context: caller.accountId === null ? 'system' : 'customer',
    accountId: caller.accountId,
    apiKeyId: caller.keyId,
    model: served?.endpoint.model.id ?? '',
    provider: served?.endpoint.provider.key ?? '',
    status: outcome.status,
    source: outcome.source,
    inputTokens: totals.input,
    cachedTokens: totals.cached,
    cacheWriteTokens: totals.cacheWrite,
    outputTokens: totals.output,
    reasoningTokens: totals.reasoning,
    counts: countsText(usage),
    flags: [...flags],
    rateCardId: served?.card?.id ?? null,
    costNanos: priced.costNanos ?? null,
    chargeNanos: priced.chargeNanos ?? null,
    costExact: priced.cost ? exactText(priced.cost) : null,
    chargeExact: priced.charge ? exactText(priced.charge) : null,
    cacheSavingNanos: roundToNanos(saved),
    items: linesText(recordLines(priced)),
    isByok: served !== undefined && isByok(served),
    limitNanos,
    admittedAt,
    occurredAt: admittedAt,
    latencyMs: Math.round(gateway.clock.elapsed() - admission.startedAt),
    firstTokenMs: outcome.firstTokenAt === null ? null : Math.round(outcome.firstTokenAt - admission.startedAt),
    detailsHash: hashOf(gateway, admission),
    generation: encodeFacts(factsOf(gateway, admission, outcome, bill)),
    usageType: usageTypeOf(call.api),
  }
}

function factsOf(gateway: Gateway, admission: Admission, outcome: Outcome, { priced, saved }: Bill): GenerationFacts {
  const { call } = admission
  const { served } = outcome
  return {
    requestId: admission.requestId,
    requestedModel: call.models[0] ?? '',
    providerName: served?.endpoint.provider.name ?? null,
    upstreamId: outcome.upstreamId,
    streamed: call.stream,
    finishReason: outcome.finishReason,
    nativeFinishReason: outcome.nativeFinishReason,
    serviceTier: outcome.serviceTier,
    generationMs: outcome.sentAt === null ? null : Math.round(gateway.clock.elapsed() - outcome.sentAt),
    attempts: [...outcome.attempts],
    total: toldTotal(priced),
    cacheDiscount: saved.n === 0n ? '0' : decimalOf(saved),
    images: call.images,
    audios: call.sound?.kind === 'recording' ? 1 : call.audios,
    rawUsage: withoutZeros(outcome.rawUsage),
    ...(admission.fitted ? { fittedOutputLimit: admission.outputLimit } : {}),
  }
}

/** The record has its exact charge: only one that does not end within the decimals that are told was told otherwise. */
function toldTotal({ charge }: Priced): string | null {
  if (!charge) return null
  const told = decimalOf(charge)
  return told === exactText(charge) ? null : told
}

/** The provider's own usage, less members that say nothing: a record is kept for years. */
function withoutZeros(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.slice(0, 32).map(withoutZeros)
  const kept = Object.entries(value)
    .filter(([, member]) => member !== null && member !== 0)
    .map(([key, member]) => [key, withoutZeros(member)] as const)
    .filter(([, member]) => typeof member !== 'object' || member === null || Object.keys(member).length > 0)
  return Object.fromEntries(kept.slice(0, 64))
}

/** Calls of one month that share all personal fields share one row of them. */
function hashOf(gateway: Gateway, { call: { details }, admittedAt, caller }: Admission): string | null {
  if (Object.values(details).every((value) => value === null)) return null
  return gateway.hashDetails(detailsTexts(caller.organisationId, admittedAt, details))
}

function personal(
  _gateway: Gateway,
  { call: { details }, caller, admittedAt }: Admission,
  hash: string | null,
): CallDetails | null {
  return hash === null ? null : { ...details, hash, organisationId: caller.organisationId, createdAt: admittedAt }
}
