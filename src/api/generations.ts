/** The look-up of one finished call. An API key sees what it made itself, a management key all of its organisation. */
import { z } from 'zod'
import { decodeFacts, GenerationFacts } from '../contract/generation-facts.ts'
import type { Generation } from '../contract/generations.ts'
import { instantText } from '../lib/clock.ts'
import { generationCode, generationId } from '../lib/id.ts'
import { findGeneration, type StoredGeneration } from '../store/generations.ts'
import { missingOf } from './kept.ts'
import { exactNumber } from './money.ts'
import type { Handlers } from './parts.ts'

export const generationHandlers: Handlers<'getGeneration'> = {
  async getGeneration(parts, { caller, query }) {
    const code = generationCode(query.id)
    const own = caller.kind === 'management_key' ? undefined : (caller.keyId ?? 0n)
    const found = code === undefined ? undefined : await findGeneration(parts.store, caller.organisationId, code, own)
    if (!found) throw await missingOf(parts, 'generation_not_found', code ?? '')
    return { body: { data: generationOf(found, caller.organisation) } }
  },
}

const API_TYPES: Readonly<Record<string, Generation['api_type']>> = {
  text: 'completions',
  embedding: 'embeddings',
  audio_tts: 'tts',
  audio_stt: 'stt',
  image: 'image',
}

/** What a usage that was told says of a call: nothing. */
const UNKNOWN_CALL: GenerationFacts = GenerationFacts.parse({ requestedModel: '' })

export const factsOf = ({ facts }: StoredGeneration): GenerationFacts =>
  facts === '{}' ? UNKNOWN_CALL : decodeFacts(facts)

export function generationOf(stored: StoredGeneration, organisation: string): Generation {
  const facts = factsOf(stored)
  // The wire has no word for an unknown cost; the record itself keeps it apart from 0.
  const total =
    facts.total != null ? Number(facts.total) : stored.chargeExact === null ? 0 : exactNumber(stored.chargeExact)
  return {
    id: generationId(stored.code),
    upstream_id: facts.upstreamId,
    created_at: instantText(stored.admittedAt),
    model: stored.model,
    provider_name: facts.providerName,
    api_type: API_TYPES[stored.usageType] ?? null,
    is_byok: stored.isByok,
    total_cost: total,
    usage: total,
    cache_discount: Number(facts.cacheDiscount),
    upstream_inference_cost: stored.isByok && stored.costExact !== null ? exactNumber(stored.costExact) : null,
    streamed: facts.streamed,
    cancelled: stored.status === 'cancelled',
    finish_reason: facts.finishReason,
    native_finish_reason: facts.nativeFinishReason,
    ...durationsOf(stored, facts),
    ...tokensOf(stored),
    num_media_prompt: facts.images,
    num_input_audio_prompt: facts.audios,
    num_media_completion: countOf(stored, 'images'),
    num_search_results: null,
    num_fetches: null,
    app_id: null,
    origin: stored.referer ?? '',
    http_referer: stored.referer,
    user_agent: stored.userAgent,
    external_user: stored.endUser,
    data_region: 'global',
    router: null,
    preset_id: null,
    service_tier: facts.serviceTier,
    web_search_engine: null,
    workspace_id: organisation,
    provider_responses: facts.attempts.map(responseOf),
    request_id: facts.requestId,
    session_id: stored.sessionId,
    response_cache_source_id: null,
  }
}

/** Two clocks that were rounded apart never make a part longer than the whole. */
function durationsOf({ latencyMs }: StoredGeneration, { generationMs }: GenerationFacts) {
  const part = generationMs ?? null
  const generation = part === null || latencyMs === null ? part : Math.min(part, latencyMs)
  return { latency: latencyMs, moderation_latency: null, generation_time: generation }
}

/** The billed counts are there at once or unknown; the normalised ones once they were counted. */
function tokensOf(stored: StoredGeneration) {
  const known = stored.source !== 'unknown'
  return {
    native_tokens_prompt: known ? stored.inputTokens : null,
    native_tokens_completion: known ? stored.outputTokens : null,
    native_tokens_reasoning: known ? stored.reasoningTokens : null,
    native_tokens_cached: known ? stored.cachedTokens : null,
    native_tokens_completion_images: known ? countOf(stored, 'output_image') : null,
    tokens_prompt: stored.promptTokens,
    tokens_completion: stored.completionTokens,
  }
}

/** Over all models that one reply billed: their meters are `model:meter`. */
function countOf({ counts }: StoredGeneration, meter: string): number {
  let sum = 0
  for (const [name, quantity] of Object.entries(z.record(z.string(), z.string()).parse(JSON.parse(counts))))
    if (name === meter || name.endsWith(`:${meter}`)) sum += Number(quantity)
  return Math.trunc(sum)
}

const responseOf = ({
  status,
  provider,
  providerName,
  latencyMs,
  model,
  byok,
}: GenerationFacts['attempts'][number]) => ({
  status,
  provider_name: providerName,
  latency: latencyMs,
  is_byok: byok,
  endpoint_id: `${provider}/${model}`,
  model_permaslug: model,
})
