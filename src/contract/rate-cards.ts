/** Rate cards: what an endpoint charges for each meter, where that was learnt and when it holds. */
import { z } from 'zod'
import { Instant, text } from './common.ts'
import { isMeter } from './meters.ts'

const perUnits = z
  .int('expected a whole number')
  .min(1, 'expected 1 or more')
  .max(1_000_000_000_000, 'expected at most 1000000000000')
const threshold = z
  .int('expected a whole number')
  .min(0, 'expected 0 or more')
  .max(1_000_000_000_000, 'expected at most 1000000000000')

const Tier = z.object({
  op: z.enum(['>', '>='], 'expected > or >='),
  threshold: threshold.meta({ description: 'Tokens of the input of one request, cached ones included.' }),
  scope: z
    .enum(['request', 'marginal'], 'expected request or marginal')
    .optional()
    .meta({ description: '`request`, the default: the whole request; `marginal`: what is above alone.' }),
})

const RateLine = z.object({
  meter: z.string(),
  priceUsd: z.string().meta({ description: 'Decimal text, for `per` units.' }),
  per: z.int(),
  tier: Tier.optional(),
  serviceTier: z.string().optional(),
})

const RateCard = z
  .object({
    id: z.string(),
    source: z.string().meta({
      description:
        '`config`: turnpike.yaml; `admin`: set through the API; `overlay` or the name and version of the data it ships with. The first of these that prices an endpoint holds.',
    }),
    endpoint: z.string().meta({ description: 'The key of the provider and the name of the model there.' }),
    status: z.enum(['current', 'coming', 'past', 'outranked']).meta({
      description: 'outranked: another card of the endpoint holds in its place.',
    }),
    validFrom: Instant.nullable().meta({ description: 'Null: always.' }),
    validTo: Instant.nullable().meta({ description: 'Null: for good.' }),
    knownFrom: Instant.nullable(),
    hours: z.array(z.string()).meta({ description: 'Empty: all of the day.' }),
    lines: z.array(RateLine),
    multipliers: z.array(z.object({ when: z.record(z.string(), z.string()), factor: z.string() })),
  })
  .meta({ id: 'RateCard' })
export type RateCard = z.output<typeof RateCard>

export const RateCardQuery = z.object({
  model: text(256).optional().meta({ description: 'All cards of the endpoints of this model, in any spelling.' }),
})
export const RateCardList = z.object({
  model: z.string().nullable().meta({ description: 'Its canonical name; null where none was asked for.' }),
  endpoints: z.array(z.string()).meta({ description: 'Those of the model, priced or not; a price is set at one.' }),
  rateCards: z.array(RateCard),
})
export const RateCardReply = z.object({ rateCard: RateCard })
export const RateCardParams = z.object({ id: z.string().max(64).meta({ description: '`admin/…`' }) })

const PRICE = /^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,15})?$/

export const RateCardRequest = z.object({
  endpoint: text(400).meta({ description: 'The key of the provider and the name of the model there, `groq/llama-4`.' }),
  lines: z
    .array(
      z.object({
        meter: z
          .string('expected a meter, e.g. input or web_search')
          .refine(isMeter, 'expected a meter, e.g. input or web_search'),
        priceUsd: z
          .string('expected USD as decimal text, e.g. "2.50"')
          .regex(PRICE, 'expected USD as decimal text, e.g. "2.50"'),
        per: perUnits.optional().meta({ description: 'Units that the price is for. Default: 1000000.' }),
        tier: Tier.optional(),
        serviceTier: text(64).optional().meta({ description: 'As the provider calls it. Default: standard.' }),
      }),
      'expected a list of prices',
    )
    .min(1, 'expected at least one price')
    .max(500, 'expected at most 500 prices'),
  validFrom: Instant.optional().meta({ description: 'Now, if left out; what was charged before stays as it is.' }),
})
export type RateCardRequest = z.output<typeof RateCardRequest>
