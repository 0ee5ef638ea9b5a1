/**
 * What of any model call Turnpike reads. Everything else passes on untouched: it is the largest part of a body, and
 * nothing in it decides where a call goes.
 */
import { z } from 'zod'

const names = z.array(z.string().max(256)).max(64).optional()
const sortBy = z.enum(['price', 'throughput', 'latency'])
const priceLimit = z.union([z.string().max(40), z.number()]).optional()

export const ProviderPreferences = z.object({
  order: names,
  only: names,
  ignore: names,
  allow_fallbacks: z.boolean().nullish(),
  require_parameters: z.boolean().nullish(),
  sort: z
    .union(
      [sortBy, z.looseObject({ by: sortBy, partition: z.enum(['model', 'none']).nullish() })],
      'expected price, throughput or latency, or an object with `by`',
    )
    .nullish(),
  max_price: z
    .object({ prompt: priceLimit, completion: priceLimit, request: priceLimit, image: priceLimit, audio: priceLimit })
    .optional(),
  data_collection: z.enum(['allow', 'deny']).nullish(),
  zdr: z.boolean().nullish(),
  quantizations: names,
})
export type ProviderPreferences = z.output<typeof ProviderPreferences>

export const ModelRequest = z.object({
  model: z
    .string('expected the name of a model')
    .min(1, 'expected the name of a model')
    .max(256, 'expected at most 256 characters')
    .optional()
    .meta({ description: 'The model, as `gpt-4o-mini` or `openai/gpt-4o-mini`.' }),
  models: z
    .array(z.string().min(1).max(256))
    .max(10, 'expected at most 10 models')
    .optional()
    .meta({ description: 'Where to fall back to, in order; whichever answers is paid for.' }),
  stream: z.boolean('expected true or false').nullish().meta({ description: 'Events in place of one reply.' }),
  stream_options: z
    .looseObject({ include_usage: z.boolean('expected true or false').nullish() }, 'expected an object')
    .nullish()
    .meta({ description: 'Asks for the counts at the end of a stream on `/v1`.' }),
  usage: z
    .looseObject({ include: z.boolean('expected true or false').nullish() }, 'expected an object')
    .nullish()
    .meta({ description: 'Asks for the cost on `/v1`.' }),
  provider: ProviderPreferences.nullish().meta({ description: 'Who may answer, and in which order.' }),
  user: z
    .string('expected text')
    .max(128, 'expected at most 128 characters')
    .nullish()
    .meta({ description: 'Your own user; recorded, and told to the provider.' }),
  session_id: z
    .string('expected text')
    .max(256, 'expected at most 256 characters')
    .nullish()
    .meta({ description: 'Recorded.' }),
  metadata: z
    .record(
      z.string().max(64, 'expected keys of at most 64 characters'),
      z.string('expected text').max(512, 'expected at most 512 characters'),
    )
    .refine((pairs) => Object.keys(pairs).length <= 16, 'expected at most 16 pairs')
    .nullish()
    .meta({ description: 'Tags of yours, at most 16; recorded.' }),
  service_tier: z
    .string('expected text')
    .max(64)
    .nullish()
    .meta({ description: 'Charged is the tier that the provider says it served.' }),
})
export type ModelRequest = z.output<typeof ModelRequest>
