/** What counts would cost by a rate card, without a call: the provider's price, before markup and fees. */
import { refuse } from '../contract/errors.ts'
import type { CalculateRequest } from '../contract/models.ts'
import { costByCard } from '../core/card-cost.ts'
import type { RateCard } from '../core/rate-card.ts'
import { decimalText } from '../lib/ratio.ts'
import { countsOf } from './usage-counts.ts'

/** USD as decimal text. Throws `invalid_usage` where a part is larger than its whole, `unpriced_model` where a count has no rate. */
export function estimateCost(request: CalculateRequest, card: RateCard): string {
  const { cost, unpriced } = costByCard({ parts: [{ counts: countsOf(request) }], flags: [] }, card, false)
  if (cost === undefined || unpriced.length > 0)
    throw refuse('unpriced_model', `The model has no price for ${unpriced.join(', ')}`, { param: 'modelId' })
  return decimalText(cost)
}
