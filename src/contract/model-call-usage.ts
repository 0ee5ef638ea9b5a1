/** Counts and money in the replies of model calls, in the words of each wire. Money is USD. */
import { z } from 'zod'

/** A partition of the charge: the nine add up to `cost`, to the last digit. */
const CostDetails = z
  .object({
    input_prompt_cost: z.number(),
    cache_prompt_cost: z.number(),
    cache_write_cost: z.number(),
    output_prompt_cost: z.number(),
    image_cost: z.number(),
    audio_cost: z.number(),
    video_cost: z.number(),
    tools_cost: z.number(),
    generation_cost: z.number().meta({ description: 'What is charged once a call.' }),
  })
  .meta({ id: 'CostDetails', description: 'Nine parts that add up to `cost`.' })

/** What `/v1` adds to a reply where `usage.include` asks for it. */
export const AskedMoney = {
  cost: z.number().optional().meta({ description: 'The charge, where `usage.include` asks for it.' }),
  cost_details: CostDetails.optional(),
  request_id: z.string().optional(),
}

const source = z
  .literal('estimated')
  .optional()
  .meta({ description: 'Left out where the provider reported the counts.' })
const askedCost = z.number().optional().meta({ description: 'Where `usage.include` asks for it.' })
const isByok = z.boolean().meta({ description: "Called with a customer's own key at the provider." })
const cost = z.number().meta({ description: 'The charge.' })
const upstream = z
  .number()
  .nullish()
  .meta({ description: "What the provider takes, where the customer's own key pays it." })

const counts = { prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }

export const ChatUsage = z
  .object({
    ...counts,
    prompt_tokens_details: z.object({
      cached_tokens: z.int(),
      cache_write_tokens: z.int(),
      audio_tokens: z.int(),
      image_tokens: z.int(),
      text_tokens: z.int(),
      video_tokens: z.int(),
    }),
    completion_tokens_details: z.object({
      reasoning_tokens: z.int(),
      audio_tokens: z.int(),
      image_tokens: z.int(),
      accepted_prediction_tokens: z.int(),
      rejected_prediction_tokens: z.int(),
    }),
    cost: askedCost,
    usage_source: source,
  })
  .meta({ id: 'ChatUsage', description: 'Left out of the reply where nobody knows it.' })

/** Before discount, markup and fees. */
const UpstreamCosts = z.object({
  upstream_inference_cost: upstream,
  upstream_inference_prompt_cost: z.number(),
  upstream_inference_completions_cost: z.number(),
})

export const OpenRouterUsage = z
  .object({
    ...counts,
    prompt_tokens_details: z.object({
      cached_tokens: z.int(),
      cache_write_tokens: z.int(),
      audio_tokens: z.int(),
      video_tokens: z.int(),
    }),
    completion_tokens_details: z.object({
      reasoning_tokens: z.int(),
      image_tokens: z.int(),
      audio_tokens: z.int(),
    }),
    cost,
    is_byok: isByok,
    cost_details: UpstreamCosts,
    usage_source: source,
  })
  .meta({ id: 'OpenRouterUsage' })

const embedded = { prompt_tokens: z.int(), total_tokens: z.int() }
export const EmbeddingUsage = z.object({ ...embedded, cost: askedCost })
export const OpenRouterEmbeddingUsage = z.object({ ...embedded, cost, is_byok: isByok, cost_details: UpstreamCosts })

const responded = {
  input_tokens: z.int(),
  input_tokens_details: z.object({ cached_tokens: z.int(), cache_write_tokens: z.int() }),
  output_tokens: z.int(),
  output_tokens_details: z.object({ reasoning_tokens: z.int() }),
  total_tokens: z.int(),
}
export const ResponseUsage = z.object({ ...responded, cost: askedCost, usage_source: source })
export const OpenRouterResponseUsage = z.object({
  ...responded,
  cost,
  is_byok: isByok,
  cost_details: z.object({
    upstream_inference_cost: upstream,
    upstream_inference_input_cost: z.number(),
    upstream_inference_output_cost: z.number(),
  }),
  usage_source: source,
})

export const MessageUsage = z
  .object({
    input_tokens: z.int().meta({ description: 'Without those read from or written to a cache.' }),
    cache_creation_input_tokens: z.int().nullable(),
    cache_read_input_tokens: z.int().nullable(),
    cache_creation: z.object({ ephemeral_5m_input_tokens: z.int(), ephemeral_1h_input_tokens: z.int() }).nullable(),
    output_tokens: z.int(),
    output_tokens_details: z.object({ thinking_tokens: z.int() }).nullable(),
    server_tool_use: z.object({ web_search_requests: z.int() }).nullable(),
    service_tier: z.string().nullable(),
    inference_geo: z.string().nullable(),
    cost,
    is_byok: isByok,
    cost_details: UpstreamCosts,
    usage_source: source,
  })
  .meta({ id: 'MessageUsage' })
