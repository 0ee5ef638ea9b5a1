/**
 * Factors on a card's lines: a region, a batch. Several multiply; searches and requests are left out unless they are
 * named.
 */
import { type Meter, meterDefinition } from '../contract/meters.ts'
import { multiply, type Ratio } from '../lib/ratio.ts'
import { type CompiledCard, type CompiledLine, type CompiledMultiplier, standardTier } from './rate-card.ts'

export type CallFacts = {
  readonly serviceTier: string | undefined
  readonly inferenceGeo: string | undefined
  readonly byok: boolean
}

/** The multipliers of a card whose conditions all hold for a call. */
export function multipliersFor(card: CompiledCard, facts: CallFacts): readonly CompiledMultiplier[] {
  if (card.multipliers.length === 0) return card.multipliers
  const values: Readonly<Record<string, string | undefined>> = {
    service_tier: standardTier(facts.serviceTier),
    inference_geo: facts.inferenceGeo,
    byok: String(facts.byok),
  }
  return card.multipliers.filter(({ multiplier }) =>
    Object.entries(multiplier.when).every(([key, value]) => values[key] === value),
  )
}

/** Their product on one line, `undefined` for 1. One for a service tier is not put on that tier's own price. */
export function factorFor(
  meter: Meter,
  line: CompiledLine,
  multipliers: readonly CompiledMultiplier[],
): Ratio | undefined {
  let product: Ratio | undefined
  for (const { multiplier, factor } of multipliers) {
    const applies = multiplier.meters ? multiplier.meters.includes(meter) : meterDefinition(meter).unit === 'token'
    if (!applies || (multiplier.when.service_tier !== undefined && line.serviceTier !== 'standard')) continue
    product = product ? multiply(product, factor) : factor
  }
  return product
}
