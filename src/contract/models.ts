/** Models and their prices, in the words of three kinds of clients: OpenAI's and Anthropic's, OpenRouter's, the credits API's. */
import { z } from 'zod'
import { Decimal, Instant } from './common.ts'
import { Counts, UsageType } from './usage.ts'

const Architecture = z.object({
  modality: z.string().nullable(),
  input_modalities: z.array(z.string()),
  output_modalities: z.array(z.string()),
})

/** Decimal strings, USD per unit. A rate that does not exist is left out. */
const Pricing = z.looseObject({ prompt: z.string(), completion: z.string() })

export const Model = z
  .object({
    id: z.string(),
    canonical_slug: z.string(),
    name: z.string(),
    created: z.int(),
    context_length: z.int().nullable(),
    architecture: Architecture,
    pricing: Pricing,
    top_provider: z.object({
      context_length: z.int().optional(),
      max_completion_tokens: z.int().optional(),
      is_moderated: z.boolean(),
    }),
    per_request_limits: z.null(),
    supported_parameters: z.array(z.string()),
    default_parameters: z.null(),
    supported_voices: z.null(),
    links: z.object({ details: z.string() }),
  })
  .meta({ id: 'Model' })
export type Model = z.output<typeof Model>

export const ModelListQuery = z.object({
  limit: z.int('expected a whole number').min(1, 'expected 1 to 1000').max(1_000, 'expected 1 to 1000').optional(),
  offset: z.int('expected a whole number').min(0, 'expected 0 or more').optional(),
})
export const ModelList = z.object({
  data: z.array(Model),
  links: z.object({ next: z.string().nullable() }),
  total_count: z.int(),
})
export const ModelReply = z.object({ data: Model })
export const ModelCount = z.object({ data: z.object({ count: z.int() }) })
export const ModelParams = z.object({
  author: z.string().max(256).meta({ description: 'Who made the model,' }),
  slug: z.string().max(256).meta({ description: 'and what it is called.' }),
})

const percentiles = z.object({ p50: z.number(), p75: z.number(), p90: z.number(), p99: z.number() }).nullable()

const Endpoint = z.object({
  name: z.string(),
  model_id: z.string(),
  model_name: z.string(),
  provider_name: z.string(),
  tag: z.string(),
  context_length: z.int(),
  pricing: Pricing,
  supported_parameters: z.array(z.string()),
  supports_implicit_caching: z.boolean(),
  supports_tool_choice: z.object({
    auto: z.boolean(),
    function: z.boolean(),
    none: z.boolean(),
    required: z.boolean(),
  }),
  quantization: z.string().nullable(),
  max_completion_tokens: z.int().nullable(),
  max_prompt_tokens: z.int().nullable(),
  uptime_last_5m: z.number().nullable(),
  uptime_last_30m: z.number().nullable(),
  uptime_last_1d: z.number().nullable(),
  latency_last_30m: percentiles,
  throughput_last_30m: percentiles,
})
export type Endpoint = z.output<typeof Endpoint>

export const EndpointList = z.object({
  data: z.object({
    id: z.string(),
    name: z.string(),
    created: z.int(),
    description: z.string(),
    architecture: Architecture.extend({ instruct_type: z.null(), tokenizer: z.string().nullable() }),
    endpoints: z.array(Endpoint),
  }),
})

const count = z.int()
const uptime = z.number().nullable().meta({ description: 'Percent; null: it was not called.' })

export const EndpointStates = z.object({
  endpoints: z.array(
    z.object({
      id: z.string().meta({ description: "The provider's key and the name of the model there." }),
      model: z.string().nullable(),
      circuit: z.enum(['closed', 'open', 'half_open']).meta({
        description: 'open: it is left alone; half_open: one call at a time tries whether it serves again.',
      }),
      coolsUntil: Instant.nullable(),
      successes: count,
      failures: z.object({
        connect: count,
        timeout: count,
        rate_limited: count,
        status: count,
        credential: count,
        invalid: count,
        cut: count,
      }),
      uptime: z.object({ last5m: uptime, last30m: uptime, last1d: uptime }),
      latencyMs: percentiles.meta({ description: 'Milliseconds to the first token of streams, over 30 minutes.' }),
      tokensPerSecond: percentiles,
    }),
  ),
})

export const ProviderList = z.object({
  data: z.array(z.object({ name: z.string(), slug: z.string(), privacy_policy_url: z.string().nullable() })),
})

/** USD for a million tokens. */
const PerMillion = z.object({
  inputPerMillion: z.number().optional(),
  outputPerMillion: z.number().optional(),
  cachedInputPerMillion: z.number().optional(),
})

const PricedModel = z
  .object({
    modelId: z.string(),
    provider: z.string(),
    displayName: z.string(),
    modelType: z.string(),
    tier: z.string(),
    pricing: z.object({
      text: PerMillion.optional(),
      audio: z.object({ perMinute: z.number() }).optional(),
      characters: z.object({ perMillion: z.number() }).optional(),
      contextWindow: z.int(),
    }),
  })
  .meta({ id: 'PricedModel' })
export type PricedModel = z.output<typeof PricedModel>

export const ListedModel = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
  type: z.literal('model'),
  display_name: z.string(),
  created_at: Instant,
})
export type ListedModel = z.output<typeof ListedModel>

export const AllModelsQuery = z.object({
  modelId: z.string().max(256).optional(),
  provider: z.string().max(256).optional(),
  tier: z.string().max(64).optional(),
})
const AllModels = z.object({
  object: z.literal('list'),
  data: z.array(ListedModel),
  has_more: z.boolean(),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  success: z.literal(true),
  models: z.array(PricedModel),
})
export const AllModelsReply = z.union([AllModels, z.object({ success: z.literal(true), model: PricedModel })])
export const OneModelParams = z.object({ id: z.string().max(256) })

export const CalculateRequest = Counts.extend({
  modelId: z
    .string('is missing: expected the name of a model')
    .min(1)
    .max(256)
    .meta({ description: 'The model, in any spelling.' }),
  usageType: UsageType.optional().meta({ description: 'Default: text.' }),
})
export type CalculateRequest = z.output<typeof CalculateRequest>

export const CalculateReply = z.object({
  success: z.literal(true),
  modelId: z.string(),
  modelName: z.string(),
  estimatedCostUsd: z.number(),
  pricing: PerMillion,
  decimal: Decimal,
})
