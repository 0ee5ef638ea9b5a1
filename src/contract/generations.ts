/** One finished call, as OpenRouter's clients look it up. */
import { z } from 'zod'
import { Instant } from './common.ts'

const textOrNull = z.string().nullable()
const intOrNull = z.int().nullable()
const numberOrNull = z.number().nullable()
const boolOrNull = z.boolean().nullable()

export const GenerationQuery = z.object({
  id: z.string('is missing: expected the id of a generation').min(1).max(256).meta({ description: '`gen-…`' }),
})

const ProviderResponse = z.object({
  status: intOrNull,
  provider_name: z.string().optional(),
  latency: z.number().optional(),
  is_byok: z.boolean().optional(),
  endpoint_id: z.string().optional(),
  id: z.string().optional(),
  model_permaslug: z.string().optional(),
  routed_service_tier: z.string().optional(),
})

export const Generation = z
  .object({
    id: z.string(),
    upstream_id: textOrNull,
    created_at: Instant,
    model: z.string(),
    provider_name: textOrNull,
    api_type: z.enum(['completions', 'embeddings', 'rerank', 'tts', 'stt', 'video', 'image']).nullable(),
    is_byok: z.boolean(),
    total_cost: z.number().meta({ description: 'USD: the whole charge, equal to `usage.cost` of the reply.' }),
    usage: z.number(),
    cache_discount: z.number().meta({ description: 'USD saved by caching; negative where writing cost more.' }),
    upstream_inference_cost: numberOrNull,
    streamed: boolOrNull,
    cancelled: boolOrNull,
    finish_reason: textOrNull,
    native_finish_reason: textOrNull,
    latency: numberOrNull.meta({ description: 'Milliseconds, the whole call.' }),
    moderation_latency: numberOrNull,
    generation_time: numberOrNull,
    native_tokens_prompt: intOrNull,
    native_tokens_completion: intOrNull,
    native_tokens_reasoning: intOrNull,
    native_tokens_cached: intOrNull,
    native_tokens_completion_images: intOrNull,
    tokens_prompt: intOrNull.meta({ description: 'By o200k_base; null until counted, never billed.' }),
    tokens_completion: intOrNull,
    num_media_prompt: intOrNull,
    num_input_audio_prompt: intOrNull,
    num_media_completion: intOrNull,
    num_search_results: intOrNull,
    num_fetches: intOrNull,
    app_id: intOrNull,
    origin: z.string(),
    http_referer: textOrNull,
    user_agent: textOrNull,
    external_user: textOrNull,
    data_region: z.enum(['global', 'europe', 'us']),
    router: textOrNull,
    preset_id: textOrNull,
    service_tier: textOrNull,
    web_search_engine: textOrNull,
    workspace_id: textOrNull,
    provider_responses: z.array(ProviderResponse).nullable(),
    request_id: textOrNull,
    session_id: textOrNull,
    response_cache_source_id: textOrNull,
  })
  .meta({ id: 'Generation' })
export type Generation = z.output<typeof Generation>

export const GenerationReply = z.object({ data: Generation })
