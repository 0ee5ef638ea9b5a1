/** Settles what a dead process left: each call it had admitted ends in one record, charged by what is known of it. */
import { encodeFacts } from '../contract/generation-facts.ts'
import type { Meter } from '../contract/meters.ts'
import { ReservationContext } from '../contract/reservation-context.ts'
import { recordLines } from '../core/cost-details.ts'
import { type CompiledTerms, price } from '../core/price.ts'
import { countsText, type Usage } from '../core/usage.ts'
import { instantText } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { exactRatio, exactText, type Ratio, whole } from '../lib/ratio.ts'
import { findOrphans, type Orphan } from '../store/orphans.ts'
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
  /** Generations of this process whose settle failed; those that are settled here are taken out. */
  readonly stranded: Set<bigint>
}

const PAGE = 500

/** Repeated, it comes to the same result: a call that is settled has no reservation any more. */
export async function recover(parts: RecoverParts): Promise<Recovered> {
  let calls = 0
  let chargeNanos = 0n
  for (;;) {
    const orphans = await findOrphans(parts.store, { ...parts, limit: PAGE })
    const charges = await Promise.all(orphans.map((orphan) => settleInterrupted(parts, orphan)))
    for (const { reservation } of orphans) parts.stranded.delete(reservation.id)
    calls += orphans.length
    for (const charge of charges) chargeNanos += charge
    if (orphans.length < PAGE) return { calls, chargeNanos }
  }
}

async function settleInterrupted(
  { store, rateCards, terms, log, stranded }: RecoverParts,
  { reservation, progress }: Orphan,
): Promise<bigint> {
  const context = ReservationContext.parse(JSON.parse(reservation.context))
  const output = Math.min(progress, context.outputLimit)
  const card = context.rateCardId === null ? undefined : await rateCards.find(context.rateCardId)
  const units = Object.entries(context.units ?? {}).map(([meter, text]) => [meter as Meter, exactRatio(text)] as const)
  const [inputTokens, outputTokens] = units.length > 0 ? [0, 0] : [context.inputTokens, output]
  const counts = new Map<Meter, Ratio>(
    units.length > 0
      ? units
      : [
          ['input', whole(BigInt(inputTokens))],
          ['output', whole(BigInt(outputTokens))],
        ],
  )
  const usage: Usage = { parts: [{ counts }], flags: [] }
  // Its caller was answered with an error, which says that nothing was charged.
  const asOurs = { ...terms, insured: stranded.has(reservation.id) }
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
      status: 'interrupted',
      source: 'estimated',
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
      items: JSON.stringify(recordLines(priced), (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      ),
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
