/**
 * Usage in the words of each dialect. Every leaf lands exactly once, so that the sums which a client may check hold.
 * Money is not in here: it comes from the price.
 */
import { decimalText } from '../lib/ratio.ts'
import { readCount } from './read-count.ts'
import { totalsOf, type Usage } from './usage.ts'
import { isBody } from './usage-tally.ts'

/** `reported` is the provider's own block, of which the prediction counts are kept: they are parts of no sum. */
export function openaiChatUsage(usage: Usage, reported?: unknown) {
  const totals = totalsOf(usage)
  return {
    prompt_tokens: totals.input,
    completion_tokens: totals.output,
    total_tokens: totals.total,
    prompt_tokens_details: {
      cached_tokens: totals.cached,
      cache_write_tokens: totals.cacheWrite,
      audio_tokens: totals.inputAudio,
      image_tokens: totals.inputImage,
      text_tokens: totals.inputText,
      video_tokens: totals.inputVideo,
    },
    completion_tokens_details: {
      reasoning_tokens: totals.reasoning,
      audio_tokens: totals.outputAudio,
      image_tokens: totals.outputImage,
      accepted_prediction_tokens: predictionOf(reported, 'accepted_prediction_tokens'),
      rejected_prediction_tokens: predictionOf(reported, 'rejected_prediction_tokens'),
    },
  }
}

export function openrouterUsage(usage: Usage) {
  const totals = totalsOf(usage)
  const calls = totals.webSearches + totals.toolCalls
  const tools = {
    web_search_requests: totals.webSearches,
    tool_calls_requested: calls,
    tool_calls_executed: calls,
  }
  return {
    prompt_tokens: totals.input,
    completion_tokens: totals.output,
    total_tokens: totals.total,
    prompt_tokens_details: {
      cached_tokens: totals.cached,
      cache_write_tokens: totals.cacheWrite,
      audio_tokens: totals.inputAudio,
      video_tokens: totals.inputVideo,
    },
    completion_tokens_details: {
      reasoning_tokens: totals.reasoning,
      image_tokens: totals.outputImage,
      audio_tokens: totals.outputAudio,
    },
    ...(calls > 0 ? { server_tool_use_details: tools, server_tool_use: tools } : {}),
  }
}

/** Nothing comes out that is counted. */
export function embeddingsUsage(usage: Usage) {
  const { input, total } = totalsOf(usage)
  return { prompt_tokens: input, total_tokens: total }
}

export function responsesUsage(usage: Usage) {
  const totals = totalsOf(usage)
  return {
    input_tokens: totals.input,
    input_tokens_details: { cached_tokens: totals.cached, cache_write_tokens: totals.cacheWrite },
    output_tokens: totals.output,
    output_tokens_details: { reasoning_tokens: totals.reasoning },
    total_tokens: totals.total,
  }
}

/**
 * OpenAI's two kinds of transcription usage: by tokens, or by the length of the recording. Other units than these say
 * nothing to a client, so that there may be none of either.
 */
export function transcriptionUsage(usage: Usage) {
  const { input, output, total, inputAudio } = totalsOf(usage)
  if (total > 0)
    return {
      type: 'tokens',
      input_tokens: input,
      input_token_details: { text_tokens: input - inputAudio, audio_tokens: inputAudio },
      output_tokens: output,
      total_tokens: total,
    } as const
  const seconds = usage.parts.map(({ counts }) => counts.get('audio_seconds')).find((count) => count !== undefined)
  return { type: 'duration', seconds: seconds ? Number(decimalText(seconds, 6)) : 0 } as const
}

/** `input_tokens` is without cache here. Writes of unknown lifetime are shown as 5 minute ones, the vendor's default. */
export function anthropicUsage(usage: Usage) {
  const totals = totalsOf(usage)
  return {
    input_tokens: totals.input - totals.cached - totals.cacheWrite,
    cache_creation_input_tokens: totals.cacheWrite,
    cache_read_input_tokens: totals.cached,
    cache_creation: {
      ephemeral_5m_input_tokens: totals.cacheWrite - totals.cacheWrite1h,
      ephemeral_1h_input_tokens: totals.cacheWrite1h,
    },
    output_tokens: totals.output,
    output_tokens_details: { thinking_tokens: totals.reasoning },
    server_tool_use: totals.webSearches > 0 ? { web_search_requests: totals.webSearches } : null,
    service_tier: usage.serviceTier ?? null,
    inference_geo: usage.inferenceGeo ?? null,
  }
}

/** The billed counts of one generation, as its record shows them. */
export function nativeTokens(usage: Usage) {
  const totals = totalsOf(usage)
  return {
    native_tokens_prompt: totals.input,
    native_tokens_completion: totals.output,
    native_tokens_reasoning: totals.reasoning,
    native_tokens_cached: totals.cached,
    native_tokens_completion_images: totals.outputImage,
  }
}

function predictionOf(reported: unknown, member: string): number {
  const details = isBody(reported) ? reported.completion_tokens_details : undefined
  return (isBody(details) ? readCount(details[member], new Set()) : undefined) ?? 0
}
