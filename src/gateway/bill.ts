/** What an ended call comes to: its cost and charge, what caching saved, and what it takes from the limit of its key. */
import { cacheDiscount } from '../core/card-cost.ts'
import { type Priced, priceCall } from '../core/price.ts'
import { cardAt, type RateCard, standardTier } from '../core/rate-card.ts'
import { totalsOf, type Usage } from '../core/usage.ts'
import { roundToNanos } from '../lib/money.ts'
import { type Ratio, ZERO } from '../lib/ratio.ts'
import type { Admission } from './admit.ts'
import type { Candidate } from './candidates.ts'
import { isByok } from './credential.ts'
import type { Gateway } from './gateway.ts'
import type { Outcome } from './settle.ts'

export type Bill = {
  readonly priced: Priced
  /** The cards of all that was used. */
  readonly cards: readonly (RateCard | undefined)[]
  /** What caching saved at the rates of the provider; unknown, and so 0, where nobody knows its prices. */
  readonly saved: Ratio
  /** See {@link limitOf}. */
  readonly limitNanos: bigint | null
}

export const NOTHING: Usage = { parts: [{ counts: new Map() }], flags: [] }

export function billOf(gateway: Gateway, admission: Admission, outcome: Outcome): Bill {
  const { usage = NOTHING } = outcome
  const cards = cardsOf(gateway, admission, outcome)
  const price: Pricing = (ending, ceilingNanos) => priceOf(gateway, ending, cards, ceilingNanos)
  const priced = price(outcome, admission.quoteNanos)
  return {
    priced,
    cards: usage.parts.map(({ model }) => cards(model)),
    saved: cacheDiscount(usage, cards),
    limitNanos: limitOf(admission, outcome, priced, price),
  }
}

type Cards = (model?: string) => RateCard | undefined
type Pricing = (outcome: Outcome, ceilingNanos: bigint) => Priced

/** A model that the usage names beside the served one has its own prices, at the same provider and as of the admission. */
const cardsOf =
  ({ routes }: Gateway, { admittedAt }: Admission, { served }: Outcome): Cards =>
  (model) =>
    served && model !== undefined ? cardAt(routes.cards(served.endpoint.provider, model), admittedAt) : served?.card

/** What a call on the customer's credential would have been charged on ours, for keys whose limit counts it so. */
function limitOf(admission: Admission, outcome: Outcome, priced: Priced, price: Pricing): bigint | null {
  const { caller, holds } = admission
  const { served } = outcome
  if (!served || !isByok(served) || !caller.includeByokInLimit || priced.chargeNanos === undefined) return null
  const limit = caller.budgets.find(({ source }) => source === 'key_limit')
  const held = holds.find(({ budgetId }) => budgetId === limit?.id)?.quantity ?? admission.quoteNanos
  return price({ ...outcome, served: withoutCredential(served) }, held).chargeNanos ?? null
}

const withoutCredential = ({ endpoint, asSpelled, card }: Candidate): Candidate => ({ endpoint, asSpelled, card })

function priceOf({ settings, terms }: Gateway, outcome: Outcome, cards: Cards, quoteNanos: bigint): Priced {
  const { served, usage, source } = outcome
  if (!served)
    return {
      items: [],
      cost: ZERO,
      charge: ZERO,
      costNanos: roundToNanos(ZERO),
      chargeNanos: roundToNanos(ZERO),
      unpriced: [],
      flags: [],
    }
  const counted = usage ?? NOTHING
  // A count that nobody can have meant, and one that we made ourselves, never costs more than was reserved.
  const doubtful =
    source !== 'reported' || counted.flags.some((flag) => flag === 'usage_huge' || flag === 'usage_implausible')
  const tier = counted.serviceTier ?? outcome.serviceTier ?? undefined
  return priceCall(
    { ...counted, ...(tier === undefined ? {} : { serviceTier: standardTier(tier) }) },
    cards,
    {
      ...terms,
      ...(isByok(served) ? { byok: true } : {}),
      ...(settings.billing.zeroCompletionInsurance && isInsured(outcome, counted) ? { insured: true } : {}),
      ...(doubtful ? { ceilingNanos: quoteNanos } : {}),
    },
    quoteNanos,
  )
}

/** An answer that failed, or that is none, is not charged; a client's own cancel is, once the provider had begun. */
function isInsured({ status, finishReason, firstTokenAt, usable }: Outcome, usage: Usage): boolean {
  if (usable) return false
  if (status === 'error' || finishReason === 'error') return true
  if (status === 'cancelled') return firstTokenAt === null
  return finishReason === null && totalsOf(usage).output === 0
}
