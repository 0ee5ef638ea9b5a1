/** Endpoints by what they cost: `provider.max_price`, `provider.sort: price`, and how often each is tried first. */

import { refuse } from '../contract/errors.ts'
import type { Meter } from '../contract/meters.ts'
import type { ProviderPreferences } from '../contract/model-request.ts'
import { compileCard, type RateCard, rateFor } from '../core/rate-card.ts'
import { add, compare, divide, multiply, parseRatio, type Ratio, whole, ZERO } from '../lib/ratio.ts'

type Priced = { readonly card: RateCard | undefined }
type MaxPrice = NonNullable<ProviderPreferences['max_price']>

/** How each limit is stated: tokens by the million, the rest by the piece. */
const LIMITS: Readonly<Record<keyof MaxPrice, { readonly meter: Meter; readonly per: bigint }>> = {
  prompt: { meter: 'input', per: 1_000_000n },
  completion: { meter: 'output', per: 1_000_000n },
  request: { meter: 'request', per: 1n },
  image: { meter: 'input_image', per: 1_000_000n },
  audio: { meter: 'input_audio', per: 1_000_000n },
}

/** Those that keep below every limit. An endpoint without a price fits no limit. */
export function withinPrice<C extends Priced>(candidates: readonly C[], { max_price }: ProviderPreferences): C[] {
  const limits = max_price === undefined ? [] : limitsOf(max_price)
  return candidates.filter(({ card }) => limits.every((limit) => keepsBelow(card, limit)))
}

/** The cheapest first, those without a price last. */
export const byPrice = <C extends Priced>(candidates: readonly C[]): C[] =>
  candidates
    .map((candidate) => ({ candidate, price: tokenPrice(candidate.card) }))
    .sort((a, b) => order(a.price, b.price))
    .map(({ candidate }) => candidate)

/**
 * How often each is to be tried first: as the inverse square of its price, so that one of twice the price gets a quarter
 * of the calls. Chance alone is made of it, so that a float will do.
 */
export function priceWeights<C extends Priced>(candidates: readonly C[]): (candidate: C) => number {
  const prices = new Map(candidates.map((candidate) => [candidate, tokenPrice(candidate.card)]))
  const cheapest = [...prices.values()].reduce((least, price) => (order(price, least) < 0 ? price : least), undefined)
  return (candidate) => {
    const price = prices.get(candidate)
    if (!price || !cheapest) return 0
    if (price.n === 0n || cheapest.n === 0n) return price.n === cheapest.n ? 1 : 0
    const { n, d } = divide(cheapest, price)
    return (Number((n * PARTS) / d) / Number(PARTS)) ** 2
  }
}

const PARTS = 1_000_000n

type Limit = { readonly meter: Meter; readonly most: Ratio }

function limitsOf(maxPrice: MaxPrice): Limit[] {
  return (Object.keys(LIMITS) as (keyof MaxPrice)[]).flatMap((name) => {
    const stated = maxPrice[name]
    if (stated === undefined) return []
    const most = parseRatio(String(stated))
    const param = `provider.max_price.${name}`
    if (!most || most.n < 0n) throw refuse('invalid_request', `${param}: expected a price in USD`, { param })
    return [{ meter: LIMITS[name].meter, most: divide(most, whole(LIMITS[name].per)) }]
  })
}

function keepsBelow(card: RateCard | undefined, { meter, most }: Limit): boolean {
  if (!card) return false
  const rate = rateOf(card, meter)
  // What a card has no price for it does not charge, tokens apart.
  return rate === undefined ? meter !== 'input' && meter !== 'output' : compare(rate, most) <= 0
}

const rateOf = (card: RateCard, meter: Meter): Ratio | undefined =>
  rateFor(compileCard(card), meter, { inputTotal: 0n })?.line.rate

/** Of a token in and a third of one out, which is how most calls divide. */
function tokenPrice(card: RateCard | undefined): Ratio | undefined {
  const input = card && rateOf(card, 'input')
  return input && add(input, multiply((card && rateOf(card, 'output')) ?? ZERO, { n: 1n, d: 3n }))
}

function order(a: Ratio | undefined, b: Ratio | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
  return compare(a, b)
}
