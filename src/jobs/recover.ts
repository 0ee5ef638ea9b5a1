/** Settles what a dead process left: each call it had admitted ends in one record, charged by what is known of it. */
import { encodeFacts } from '../contract/generation-facts.ts'
import type { Meter } from '../contract/meters.ts'
import { ReservationContext } from '../contract/reservation-context.ts'
import { linesText, recordLines } from '../core/cost-details.ts'
import { type CompiledTerms, price } from '../core/price.ts'
import { countsText, type Usage } from '../core/usage.ts'
import { instantText } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { exactRatio, exactText, type Ratio, whole } from '../lib/ratio.ts'
import { findOrphans, type Orphan, type Stranded } from '../store/orphans.ts'
import type { RateCards } from '../store/rate-cards.ts'
import type { Store } from '../store/store.ts'

export type Recovered = { readonly calls: number; readonly chargeNanos: bigint }

export type RecoverParts = {
  readonly store: Store
  readonly rateCards: RateCards
  readonly terms: CompiledTerms
  readonly log: Log
  /** Before any call is admitted. */
  readonly starting: boolean
  /** Generations of this process that did not end; those that are settled here are taken out. */
  readonly stranded: Stranded
  /** Default: true. False: those of other processes are left alone. */
  readonly others?: boolean
}

const PAGE = 500
/** Longer than a commit may be on its way to a database that this process has given up. */
const UNSURE_MS = 90_000

/** Repeated, it comes to the same result: a call that is settled has no reservation any more. */
export async function recover(parts: RecoverParts): Promise<Recovered> {
  const { store, stranded, others = true } = parts
  let calls = 0
  let chargeNanos = 0n
  for (;;) {
    const askedAt = store.now()
    const orphans = await findOrphans(store, { ...parts, others, limit: PAGE })
    const charges = await Promise.all(orphans.map((orphan) => settleInterrupted(parts, orphan)))
    for (const { reservation } of orphans) stranded.delete(reservation.id)
    forgetEnded(stranded, askedAt)
    calls += orphans.length
    for (const charge of charges) chargeNanos += charge
    if (orphans.length < PAGE) return { calls, chargeNanos }
  }
}

/** They were looked for, and are not there: somebody ended them, or they never were. */
function forgetEnded(stranded: Stranded, askedAt: number): void {
  const looked = [...stranded].slice(0, PAGE)
  for (const [id, { since }] of looked) if (askedAt - since > UNSURE_MS) stranded.delete(id)
}

async function settleInterrupted(
  { store, rateCards, terms, log, stranded }: RecoverParts,
  { reservation, progress }: Orphan,
): Promise<bigint> {
  const context = ReservationContext.parse(JSON.parse(reservation.context))
  const how = stranded.get(reservation.id)?.how
  const isSent = how !== 'unsent'
  const output = Math.min(progress, context.outputLimit)
  const card = context.rateCardId === null ? undefined : await rateCards.find(context.rateCardId)
  const units = Object.entries((isSent && context.units) || {}).map(
    ([meter, text]) => [meter as Meter, exactRatio(text)] as const,
  )
  const [inputTokens, outputTokens] = units.length > 0 || !isSent ? [0, 0] : [context.inputTokens, output]
  const counts = new Map<Meter, Ratio>(
    units.length > 0
      ? units
      : [
          ['input', whole(BigInt(inputTokens))],
          ['output', whole(BigInt(outputTokens))],
        ],
  )
  const usage: Usage = { parts: [{ counts }], flags: [] }
  // An error says that nothing was charged.
  const asOurs = { ...terms, insured: how === 'failed' || !isSent }
  const priced = price(usage, card ?? (() => undefined), {
    ...asOurs,
    byok: context.byok !== undefined,
    ceilingNanos: reservation.quote,
  })
  const limitNanos =
    context.byok === 'counted' ? (price(usage, card ?? (() => undefined), asOurs).chargeNanos ?? null) : null
  await store.post({
    type: 'settle',
    organisationId: reservation.organisationId,
    at: store.now(),
    quote: reservation.quote,
    holds: reservation.holds,
    upstreamNanos: priced.costNanos ?? 0n,
    details: null,
    ...(context.idempotency ? { idempotency: context.idempotency } : {}),
    actor: 'recovery',
    record: {
      id: reservation.id,
      code: reservation.code,
      organisationId: reservation.organisationId,
      kind: 'original',
      context: context.context,
      accountId: reservation.accountId,
      apiKeyId: reservation.apiKeyId,
      model: context.model,
      provider: context.provider,
      status: isSent ? 'interrupted' : 'error',
      source: isSent ? 'estimated' : 'reported',
      inputTokens,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      outputTokens,
      reasoningTokens: 0,
      counts: countsText(usage),
      flags: [...priced.flags],
      rateCardId: context.rateCardId,
      costNanos: priced.costNanos ?? null,
      chargeNanos: priced.chargeNanos ?? null,
      costExact: priced.cost ? exactText(priced.cost) : null,
      chargeExact: priced.charge ? exactText(priced.charge) : null,
      cacheSavingNanos: 0n,
      items: linesText(recordLines(priced)),
      isByok: context.byok !== undefined,
      limitNanos,
      admittedAt: reservation.admittedAt,
      occurredAt: reservation.admittedAt,
      latencyMs: null,
      firstTokenMs: null,
      detailsHash: null,
      generation: encodeFacts({
        requestId: null,
        requestedModel: context.model,
        providerName: context.providerName,
        upstreamId: null,
        streamed: context.stream,
        finishReason: null,
        nativeFinishReason: null,
        serviceTier: null,
        generationMs: null,
        attempts: [],
        total: priced.charge ? exactText(priced.charge) : null,
        cacheDiscount: '0',
        images: 0,
        audios: 0,
      }),
      usageType: context.usageType ?? 'text',
    },
  })
  log.warn(
    { generation: reservation.code, admittedAt: instantText(reservation.admittedAt) },
    'a call that was interrupted is settled by an estimate',
  )
  return priced.chargeNanos ?? 0n
}
