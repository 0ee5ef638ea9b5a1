/** The worked examples, priced: the rates given by a case come to its cost, and its rates are those that we look up. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isMeter, type Meter, meterDefinition } from '../src/contract/meters.ts'
import { createCatalogue } from '../src/core/catalogue.ts'
import type { CatalogueData } from '../src/core/catalogue-data.ts'
import { compileTerms, type Priced, price } from '../src/core/price.ts'
import { cardAt, compileCard, type RateCard, type RateLine, rateFor } from '../src/core/rate-card.ts'
import type { Usage, UsagePart } from '../src/core/usage.ts'
import { exactRatio, exactText, type Ratio, ratio } from '../src/lib/ratio.ts'
import { type UsageCase, usageCases } from './usage-cases.ts'

const data: CatalogueData = JSON.parse(readFileSync(new URL('../catalogue/catalogue.json', import.meta.url), 'utf8'))
const catalogue = createCatalogue(data)

describe('leaves × rates come to the components and the total', () => {
  test.each(usageCases.map((one) => [one.id, one] as const))('%s', (_, one) => {
    const fee = one.price_other?.find(({ meter }) => meter === 'routing_fee')?.price ?? '0'
    const terms = compileTerms({ markupPercent: '0', discountPercent: '0', routingFeeUsd: fee, byokFeePercent: '5' })
    const priced = price(usageOf(one), (model) => givenCard(one, model), terms)
    const components = componentsOf(priced)
    for (const [name, amount] of Object.entries(one.expected_cost.components)) {
      expect([name, components.get(name) ?? '0']).toEqual([name, amount])
    }
    expect(exactText(priced.charge ?? ratio('-1'))).toBe(one.expected_cost.total)
  })
})

describe('the catalogue’s row yields the rates', () => {
  const listed = usageCases.filter((one) => one.catalogue !== undefined)
  test.each(listed.map((one) => [one.id, one] as const))('%s', (_, one) => {
    const card = shippedCard(one, one.model)
    expect(card.model).toBe(one.catalogue)
    expectRates(one, card, one.price_per_mtok)
    for (const part of one.expected_parts ?? []) expectRates(one, shippedCard(one, part.model), part.price_per_mtok)
    for (const other of one.price_other ?? []) {
      if (!isMeter(other.meter)) continue
      const rate = rateFor(compileCard(card), other.meter, { inputTotal: 0n })?.line.rate
      expect(exactText(rate ?? ratio('-1'))).toBe(exactText(perUnit(other.price, other.per)))
    }
  })
})

describe('the choice of lines yields the rates', () => {
  const carded = usageCases.filter((one) => one.card !== undefined)
  test.each(carded.map((one) => [one.id, one] as const))('%s', (_, one) => {
    expectRates(one, cardOf(one, linesOf(one)), one.price_per_mtok)
  })
})

function usageOf(one: UsageCase): Usage {
  const parts = one.expected_parts ?? [{ leaves: one.expected_tokens.leaves }]
  const other = (one.price_other ?? []).filter(({ meter }) => isMeter(meter))
  return {
    flags: [],
    parts: parts.map((part, index): UsagePart => {
      const counts = new Map<Meter, Ratio>()
      for (const [meter, count] of Object.entries(part.leaves)) counts.set(meter as Meter, ratio(String(count)))
      if (index === 0) for (const { meter, count } of other) counts.set(meter as Meter, ratio(count))
      return 'model' in part ? { model: part.model, counts } : { counts }
    }),
  }
}

function givenCard(one: UsageCase, model: string | undefined): RateCard {
  const rates = one.expected_parts?.find((part) => part.model === model)?.price_per_mtok ?? one.price_per_mtok
  const lines = Object.entries(rates).map(([meter, price]): RateLine => ({ meter: meter as Meter, price, per: 1e6 }))
  for (const { meter, price, per } of one.price_other ?? []) if (isMeter(meter)) lines.push({ meter, price, per })
  const multipliers = one.multiplier === undefined ? {} : { multipliers: [{ when: {}, factor: one.multiplier }] }
  return { ...cardOf(one, lines), ...multipliers }
}

const cardOf = (one: UsageCase, lines: readonly RateLine[]): RateCard => ({
  id: one.id,
  source: 'config',
  provider: one.provider,
  model: one.model,
  currency: 'USD',
  lines,
})

const linesOf = (one: UsageCase): RateLine[] =>
  (one.card ?? []).map(({ meter, price, tier, service_tier }) => ({
    meter: meter as Meter,
    price,
    per: 1e6,
    ...(tier ? { tier } : {}),
    ...(service_tier === undefined ? {} : { serviceTier: service_tier }),
  }))

function shippedCard(one: UsageCase, model: string): RateCard {
  const card = cardAt(catalogue.cards(one.provider, model), Date.parse(one.at))
  if (!card) throw new Error(`no card for ${one.provider} ${model}`)
  return card
}

function expectRates(one: UsageCase, card: RateCard, rates: Readonly<Record<string, string>>): void {
  const compiled = compileCard(card)
  const serviceTier = one.context?.['response.service_tier']
  const context = { inputTotal: BigInt(one.expected_tokens.input_total), ...(serviceTier ? { serviceTier } : {}) }
  for (const [meter, price] of Object.entries(rates)) {
    const line = rateFor(compiled, meter as Meter, context)?.line.line
    expect([meter, line?.price, line?.per]).toEqual([meter, price, 1e6])
    expect(meterDefinition(meter as Meter).unit).toBe('token')
  }
}

function componentsOf({ items }: Priced): ReadonlyMap<string, string> {
  const components = new Map<string, string>()
  for (const { meter, model, charge } of items) {
    const name = model === undefined ? meter : `${model}:${meter}`
    components.set(name, exactText(charge))
  }
  return components
}

const perUnit = (price: string, per: number): Ratio =>
  exactRatio(exactText({ n: ratio(price).n, d: ratio(price).d * BigInt(per) }))
