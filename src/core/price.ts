/**
 * What a call costs: usage × rate card, exact, as lines that sum to the total; and what the account pays of it. Rounding
 * to nano-dollars happens once for the cost and once for the charge, after the last sum.
 */
import type { ChargeMeter, Meter } from '../contract/meters.ts'
import { MAX_COST_OF_A_CALL, type Nanos, nanosRatio, roundToNanos } from '../lib/money.ts'
import { add, compare, divide, multiply, parseRatio, type Ratio, subtract, sum, whole, ZERO } from '../lib/ratio.ts'
import { type CardSource, type CostFlag, type CostItem, costByCard } from './card-cost.ts'
import { reconcile } from './stated-cost.ts'
import type { Usage } from './usage.ts'

/** `charge` is what the account pays of the line: markup inside, 0 when insured or BYOK. */
export type PricedItem = CostItem & { readonly charge: Ratio }

type PriceFlag = CostFlag | 'partly_unpriced' | 'unpriced' | 'capped' | 'cost_implausible'

export type Priced = {
  readonly items: readonly PricedItem[]
  /** Exact sums of the items. Undefined: nothing could be priced, the cost is unknown, never 0. */
  readonly cost: Ratio | undefined
  readonly charge: Ratio | undefined
  readonly costNanos: Nanos | undefined
  readonly chargeNanos: Nanos | undefined
  readonly unpriced: readonly Meter[]
  readonly flags: readonly PriceFlag[]
  /** What the rate card alone says, kept as a check where the upstream stated a cost of its own. */
  readonly cardCost?: Ratio
}

/** What the account pays on top of the cost, or instead of it. */
export type Terms = CompiledTerms & {
  /** The call ran on the customer's own credential: the fee is all that is charged. */
  readonly byok?: boolean
  /** Nothing usable was delivered: only server tools that ran are charged. */
  readonly insured?: boolean
  /** Given where the charge must not pass the quote: estimates, and counts flagged `usage_huge` or `usage_implausible`. */
  readonly ceilingNanos?: bigint
}

export type TermsText = {
  readonly markupPercent: string
  readonly discountPercent: string
  readonly routingFeeUsd: string
  readonly byokFeePercent: string
}

export type CompiledTerms = TermsText & {
  /** (1 − discount) × (1 + markup). */
  readonly chargeFactor: Ratio
  readonly routingFee: Ratio
  readonly byokShare: Ratio
}

/**
 * As {@link price}, of a call that has ended. Counts or a stated cost that come to more than any call costs say nothing:
 * the cost is unknown, and the charge keeps below the quote.
 */
export function priceCall(usage: Usage, cards: CardSource, terms: Terms, quoteNanos: bigint): Priced {
  const priced = price(usage, cards, terms)
  if ((priced.costNanos ?? 0n) <= MAX_COST_OF_A_CALL) return priced
  const capped = price(usage, cards, { ...terms, ceilingNanos: quoteNanos })
  return { ...capped, cost: undefined, costNanos: undefined, flags: [...capped.flags, 'cost_implausible'] }
}

/** Prices a settled usage. A cost that the upstream stated itself decides; the rate card is then the check beside it. */
export function price(usage: Usage, cards: CardSource, terms: Terms): Priced {
  const card = costByCard(usage, cards, terms.byok === true)
  const stated = usage.reportedCost
  const settled = stated === undefined || stated.n < 0n ? card : reconcile(card, stated)
  const flags = new Set<PriceFlag>(settled.flags)
  if (settled.cost === undefined) {
    flags.add('unpriced')
    return unknownCost(settled.unpriced, flags)
  }
  if (settled.unpriced.length > 0) flags.add('partly_unpriced')
  const charged = chargeItems(settled.items, terms)
  const capped = capCharge(charged, terms.ceilingNanos)
  if (capped !== charged) flags.add('capped')
  const charge = sum(capped.map((item) => item.charge))
  return {
    items: capped,
    cost: settled.cost,
    charge,
    costNanos: roundToNanos(settled.cost),
    chargeNanos: roundToNanos(charge),
    unpriced: settled.unpriced,
    flags: [...flags],
    ...(settled.cardCost === undefined ? {} : { cardCost: settled.cardCost }),
  }
}

/** Reads the settings once. Throws on what is no percentage or amount; a discount is at most 100 %. */
export function compileTerms(text: TermsText): CompiledTerms {
  const markup = percentage(text.markupPercent)
  const discount = percentage(text.discountPercent)
  if (compare(discount, whole(1n)) > 0) throw new Error('a discount is at most 100 %')
  return {
    ...text,
    chargeFactor: multiply(subtract(whole(1n), discount), add(whole(1n), markup)),
    routingFee: notNegative(text.routingFeeUsd),
    byokShare: percentage(text.byokFeePercent),
  }
}

const unknownCost = (unpriced: readonly Meter[], flags: ReadonlySet<PriceFlag>): Priced => ({
  items: [],
  cost: undefined,
  charge: undefined,
  costNanos: undefined,
  chargeNanos: undefined,
  unpriced,
  flags: [...flags],
})

const isServerTool = (meter: ChargeMeter): boolean => meter === 'web_search' || meter.startsWith('tool_call:')

/** Every line with its charge, then the fees. */
function chargeItems(items: readonly CostItem[], terms: Terms): PricedItem[] {
  const isCharged = (item: CostItem) => terms.insured !== true || isServerTool(item.meter)
  const { chargeFactor } = terms
  const plain = chargeFactor.n === chargeFactor.d
  const charged = items.map((item): PricedItem => {
    if (terms.byok === true || !isCharged(item)) return { ...item, charge: ZERO }
    return { ...item, charge: plain ? item.cost : multiply(item.cost, chargeFactor) }
  })
  if (terms.byok === true && terms.byokShare.n > 0n) {
    const upstream = sum(items.filter(isCharged).map(({ cost }) => cost))
    const fee = multiply(upstream, terms.byokShare)
    charged.push(feeItem('byok_fee', upstream, terms.byokFeePercent, 100, fee))
  }
  if (terms.insured !== true && terms.routingFee.n > 0n) {
    charged.push(feeItem('routing_fee', whole(1n), terms.routingFeeUsd, 1, terms.routingFee))
  }
  return charged
}

const feeItem = (
  meter: 'byok_fee' | 'routing_fee',
  quantity: Ratio,
  price: string,
  per: number,
  charge: Ratio,
): PricedItem => ({ meter, pricedBy: meter, quantity, price, per, cost: ZERO, charge })

/** The lines scaled down to the ceiling; the very same array where they keep below it. */
function capCharge(items: readonly PricedItem[], ceilingNanos: bigint | undefined): readonly PricedItem[] {
  if (ceilingNanos === undefined) return items
  const charge = sum(items.map((item) => item.charge))
  const ceiling = nanosRatio(ceilingNanos < 0n ? 0n : ceilingNanos)
  if (compare(charge, ceiling) <= 0) return items
  const by = divide(ceiling, charge)
  return items.map((item) => ({ ...item, charge: multiply(item.charge, by) }))
}

const percentage = (text: string): Ratio => divide(notNegative(text), whole(100n))

function notNegative(text: string): Ratio {
  const value = parseRatio(text)
  if (!value || value.n < 0n) throw new Error(`not a percentage or amount: ${text.slice(0, 60)}`)
  return value
}
