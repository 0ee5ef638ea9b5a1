/** The rate cards that the settings give an endpoint: the short form per million tokens, or the long form line by line. */
import type { Meter } from '../contract/meters.ts'
import type { EndpointSettings, RateCardSettings } from '../contract/model-settings.ts'
import type { Multiplier, RateCard, RateLine } from './rate-card.ts'

export function configCards(
  { provider, model: upstreamModel, prices, rateCard }: EndpointSettings,
  model: string,
): RateCard[] {
  const base = { source: 'config', provider, model: upstreamModel, currency: 'USD' } as const
  const cards: RateCard[] = []
  if (prices) {
    const lines = Object.entries(prices).flatMap(([meter, price]) =>
      price === undefined ? [] : [{ meter: meter as Meter, price, per: 1_000_000 }],
    )
    cards.push({ id: cardId(model, lines), ...base, lines })
  }
  if (rateCard) cards.push({ ...base, ...longForm(model, rateCard) })
  return cards
}

function longForm(model: string, { lines, multipliers, validFrom }: RateCardSettings) {
  const rates = lines.map(
    ({ meter, price, per, tier, serviceTier }): RateLine => ({
      meter: meter as Meter,
      price,
      per,
      ...(tier ? { tier: { op: tier.op, threshold: tier.threshold, scope: tier.scope } } : {}),
      ...(serviceTier === 'standard' ? {} : { serviceTier }),
    }),
  )
  const factors = multipliers.map(
    ({ when, factor, meters }): Multiplier => ({
      when: Object.fromEntries(Object.entries(when).map(([name, value]) => [name, String(value)])),
      factor,
      ...(meters ? { meters: meters as Meter[] } : {}),
    }),
  )
  return {
    id: cardId(model, rates),
    lines: rates,
    multipliers: factors,
    ...(validFrom === undefined ? {} : { validFrom }),
  }
}

/** Says what the card says: another price is another card, so that old charges stay explained. */
const cardId = (model: string, lines: readonly RateLine[]): string =>
  `config/${model}/${lines.map(({ meter, price, per, tier, serviceTier }) => `${meter}=${price}/${per}${tier ? tier.op + tier.threshold : ''}${serviceTier ? `@${serviceTier}` : ''}`).join(';')}`
