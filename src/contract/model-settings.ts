/** How a model is configured: where it is served, at which prices. */
import { z } from 'zod'
import { isMeter, METER_ORDER, meters, type NamedMeter } from './meters.ts'
import { choice, decimal, flag, group, list, modelName, providerKey, text, whole } from './setting-forms.ts'

const usdPerMillion = decimal('USD per million tokens, e.g. "0.20"')

const RateLine = group({
  meter: z.string('a meter, e.g. input or web_search').refine(isMeter, 'a meter, e.g. input or web_search'),
  price: decimal('USD as a decimal in quotes, e.g. "2.50"').meta({ description: 'USD for `per` units.' }),
  per: whole(1, 1_000_000_000_000).meta({ description: 'Units that the price is for: 1000000 tokens, 1000 searches.' }),
  tier: group({
    metric: choice(['input_total']).default('input_total'),
    op: choice(['>', '>=']),
    threshold: whole(0, 1_000_000_000_000),
    scope: choice(['request', 'marginal']).default('request'),
  }).optional(),
  serviceTier: text(64).default('standard'),
})

const Multiplier = group({
  when: group({
    inference_geo: text(64).optional(),
    service_tier: text(64).optional(),
    byok: flag().optional(),
  }).refine(
    (when) => Object.values(when).some((value) => value !== undefined),
    'at least one condition, e.g. service_tier: batch',
  ),
  factor: decimal('a factor in quotes, e.g. "0.5"'),
  meters: list(z.string('a meter').refine(isMeter, 'a meter'), 1, 50).optional(),
})

const RateCardFile = group({
  lines: list(RateLine, 1, 500),
  multipliers: list(Multiplier, 0, 50).default([]),
  validFrom: z.iso
    .datetime({ offset: true, error: 'an instant, e.g. 2026-01-01T00:00:00Z' })
    .optional()
    .meta({ description: 'Default: always.' }),
})

const TOKEN_METERS = METER_ORDER.filter((meter) => meters[meter].unit === 'token')

const PricesFile = group(
  Object.fromEntries(TOKEN_METERS.map((meter) => [meter, usdPerMillion.optional()])) as Record<
    NamedMeter,
    z.ZodOptional<typeof usdPerMillion>
  >,
).refine(
  (prices) => Object.values(prices).some((price) => price !== undefined),
  'at least one price, e.g. { input: "0.20", output: "0.50" }',
)

const QUANTIZATIONS = ['int4', 'int8', 'fp4', 'fp6', 'fp8', 'fp16', 'bf16', 'fp32'] as const

const EndpointFile = group({
  provider: providerKey.meta({ description: 'A key under `providers`, or a provider known from the environment.' }),
  model: modelName.meta({ description: 'The name upstream.' }),
  prices: PricesFile.optional().meta({
    description: 'Short form: USD per million tokens. Without prices and rateCard: the catalogue.',
  }),
  rateCard: RateCardFile.optional().meta({ description: 'Long form: any meter, tiers, service tiers, multipliers.' }),
  weight: whole(0, 1_000_000).optional().meta({
    description:
      'Share of the calls that try this endpoint first; 0: only after the others. Where one has a weight, the others have 1.',
  }),
  quantization: choice(QUANTIZATIONS).optional().meta({
    description: 'How the weights of the model are kept there, for calls that are particular about it.',
  }),
})

export const Unpriced = choice(['refuse', 'allow'])

export const Balance = choice(['listed', 'price'])

export const ModelFile = group({
  id: modelName.meta({ description: 'Canonical name, author/slug.' }),
  aliases: list(modelName, 0, 100).default([]),
  contextLength: whole(1, 1_000_000_000)
    .optional()
    .meta({ description: "Tokens. Default: the catalogue's, else 128000." }),
  maxOutputTokens: whole(1, 1_000_000_000)
    .optional()
    .meta({ description: "Tokens. Default: the catalogue's, else 16384." }),
  unpriced: Unpriced.optional().meta({ description: 'As `unpriced` above, for this model alone.' }),
  balance: Balance.optional().meta({ description: 'As `routing.balance`, for this model alone.' }),
  endpoints: list(EndpointFile, 1, 50),
})

export type ModelSettings = z.output<typeof ModelFile>
export type EndpointSettings = ModelSettings['endpoints'][number]
export type RateCardSettings = NonNullable<EndpointSettings['rateCard']>
