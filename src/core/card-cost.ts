/**
 * The cost of a usage by its rate card: one exact line per meter, tier and multiplier applied, nothing rounded. What
 * the card has no line for is named, not counted as 0.
 */
import { type ChargeMeter, METER_ORDER, type Meter, meterDefinition } from '../contract/meters.ts'
import { add, divide, exactText, multiply, type Ratio, subtract, sum, whole, ZERO } from '../lib/ratio.ts'
import { factorFor, multipliersFor } from './multiplier.ts'
import {
  type CompiledCard,
  type CompiledLine,
  type CompiledMultiplier,
  compileCard,
  marginalLines,
  type RateCard,
  type RateContext,
  rateFor,
} from './rate-card.ts'
import type { Counts, Usage } from './usage.ts'

/** One line: quantity × price ÷ per (× factor) = cost. */
export type CostItem = {
  readonly meter: ChargeMeter
  /** The meter of the rate card's line that priced it: itself or an ancestor. */
  readonly pricedBy: ChargeMeter
  /** Set where one reply bills several models. */
  readonly model?: string
  readonly quantity: Ratio
  /** USD as decimal text, as it stands in the rate card. */
  readonly price: string
  readonly per: number
  /** Product of the multipliers that applied, as decimal text, or `n/d` where it does not end; absent: 1. */
  readonly factor?: string
  readonly cost: Ratio
}

export type CostFlag = 'fallback_rate' | 'tier_ambiguous' | 'cost_differs'

export type Cost = {
  readonly items: readonly CostItem[]
  /** Undefined: nothing could be priced. */
  readonly cost: Ratio | undefined
  readonly unpriced: readonly Meter[]
  readonly flags: readonly CostFlag[]
  /** What the rate card alone says, where the upstream's own figure was taken instead. */
  readonly cardCost?: Ratio
}

/** A card for every part, or a way to find the card of the model that a part names. */
export type CardSource = RateCard | ((model?: string) => RateCard | undefined)

export function costByCard(usage: Usage, cards: CardSource, byok: boolean): Cost {
  const items: CostItem[] = []
  const unpriced = new Set<Meter>()
  const flags = new Set<CostFlag>()
  let known = false
  const several = usage.parts.length > 1
  usage.parts.forEach(({ model, counts }, index) => {
    const found = cardOf(cards, model)
    if (!found) {
      for (const [meter, quantity] of counts) if (quantity.n > 0n) unpriced.add(meter)
      return
    }
    known = true
    const context = contextOf(usage, counts, compileCard(found), byok)
    for (const entry of billable(counts, context.card, index === 0)) {
      if (!priceEntry(entry, context, several ? model : undefined, items, flags)) unpriced.add(entry[0])
    }
  })
  const priced = items.length > 0 || (known && unpriced.size === 0)
  return {
    items: several ? merge(items) : items,
    cost: priced ? sum(items.map(({ cost }) => cost)) : undefined,
    unpriced: [...unpriced],
    flags: [...flags],
  }
}

/** What cached tokens would have cost as plain input, less what they cost: negative for writes, 0 without any. */
export function cacheDiscount(usage: Usage, cards: CardSource): Ratio {
  let discount = ZERO
  for (const { model, counts } of usage.parts) {
    const found = cardOf(cards, model)
    if (!found) continue
    const context = contextOf(usage, counts, compileCard(found), false)
    const cached = [...counts].filter(([meter, quantity]) => meter.startsWith('cache_') && quantity.n > 0n)
    const plain = cached.map(([meter, quantity]): [Meter, Ratio] => [plainMeter(meter), quantity])
    const difference = subtract(costOf(plain, context), costOf(cached, context))
    discount = add(discount, difference)
  }
  return discount
}

type Context = RateContext & {
  readonly card: CompiledCard
  readonly multipliers: readonly CompiledMultiplier[]
  readonly severalInferences: boolean
}

type Entry = readonly [Meter, Ratio]

const cardOf = (cards: CardSource, model: string | undefined): RateCard | undefined =>
  typeof cards === 'function' ? cards(model) : cards

function contextOf(usage: Usage, counts: Counts, card: CompiledCard, byok: boolean): Context {
  let inputTotal = 0n
  for (const [meter, { n, d }] of counts) if (n > 0n && meterDefinition(meter).side === 'input') inputTotal += n / d
  return {
    card,
    inputTotal,
    ...(usage.serviceTier === undefined ? {} : { serviceTier: usage.serviceTier }),
    multipliers: multipliersFor(card, { serviceTier: usage.serviceTier, inferenceGeo: usage.inferenceGeo, byok }),
    // A search loop sums several inferences, none of which need have crossed the tier that the sum crosses.
    severalInferences: usage.flags.includes('tier_ambiguous') || (counts.get('web_search')?.n ?? 0n) > 0n,
  }
}

const RANK: ReadonlyMap<string, number> = new Map(METER_ORDER.map((meter, index) => [meter, index]))
/** Server tools stand behind web search, whatever their names. */
const rank = (meter: Meter): number => RANK.get(meter) ?? (RANK.get('web_search') ?? 0) + 0.5
const inOrder = ([a]: Entry, [b]: Entry): number => rank(a) - rank(b) || (a < b ? -1 : 1)

/** The counts that cost something, in the order of the lines; a card with a price per request bills one for the call. */
function billable(counts: Counts, card: CompiledCard, first: boolean): Entry[] {
  const entries: Entry[] = []
  for (const entry of counts) if (entry[1].n > 0n) entries.push(entry)
  if (first && card.lines.has('request') && !counts.has('request')) entries.push(['request', whole(1n)])
  return entries.sort(inOrder)
}

function priceEntry(
  [meter, quantity]: Entry,
  context: Context,
  model: string | undefined,
  items: CostItem[],
  flags: Set<CostFlag>,
): boolean {
  const rate = rateFor(context.card, meter, context)
  if (!rate) return false
  for (const [line, share] of bands(rate.line, quantity, context)) {
    const factor = factorFor(meter, line, context.multipliers)
    const cost = { n: share.n * line.rate.n, d: share.d * line.rate.d }
    items.push({
      meter,
      pricedBy: line.line.meter,
      ...(model === undefined ? {} : { model }),
      quantity: share,
      price: line.line.price,
      per: line.line.per,
      ...(factor ? { factor: exactText(factor) } : {}),
      cost: factor ? multiply(cost, factor) : cost,
    })
    if (line.floor > 0n && context.severalInferences) flags.add('tier_ambiguous')
  }
  const multiplied = context.multipliers.some(({ multiplier }) => multiplier.when.service_tier !== undefined)
  if (rate.parentRate || (rate.standardRate && !multiplied)) flags.add('fallback_rate')
  return true
}

/** A marginal tier charges only what lies past its threshold, so that a count falls into bands of the input. */
function bands(base: CompiledLine, quantity: Ratio, context: Context): readonly (readonly [CompiledLine, Ratio])[] {
  const excess = marginalLines(context.card, base.line.meter, context)
  if (excess.length === 0) return [[base, quantity]]
  const total = context.inputTotal
  return [base, ...excess].map((line, index) => {
    const start = index === 0 ? 0n : line.floor - 1n
    const end = (excess[index]?.floor ?? total + 1n) - 1n
    return [line, divide(multiply(quantity, whole(end - start)), whole(total))] as const
  })
}

/** Inferences of one model at one rate make one line. */
function merge(items: readonly CostItem[]): CostItem[] {
  const merged = new Map<string, CostItem>()
  for (const item of items) {
    const key = [item.model, item.meter, item.pricedBy, item.price, item.per, item.factor].join('\n')
    const same = merged.get(key)
    const quantity = same ? add(same.quantity, item.quantity) : item.quantity
    merged.set(key, same ? { ...same, quantity, cost: add(same.cost, item.cost) } : item)
  }
  return [...merged.values()]
}

function costOf(entries: readonly Entry[], context: Context): Ratio {
  const items: CostItem[] = []
  for (const entry of entries) priceEntry(entry, context, undefined, items, new Set())
  return sum(items.map(({ cost }) => cost))
}

const plainMeter = (meter: Meter): Meter =>
  meter === 'cache_read_audio' ? 'input_audio' : meter === 'cache_read_image' ? 'input_image' : 'input'
