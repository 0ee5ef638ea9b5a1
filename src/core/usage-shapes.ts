/**
 * Where each provider's usage body has each part, and what is counted inside of what: one row per provider and API.
 * The same field names mean different things, so that a row is never borrowed without its inclusions.
 */
export type UsageShape = {
  /** By part, where it may lie, in order of preference; the syntax is that of {@link PlaceText}. */
  readonly places: { readonly [part in UsagePartName]?: PlaceText }
  /** Parts that are not counted in `input` or `output` but come on top. All others are inside. */
  readonly outside: readonly OutsidePart[]
  /** Parts on top that the reported total leaves out, too. */
  readonly beyondTotal?: readonly OutsidePart[]
  /** How cache writes without a stated lifetime are taken: unknown, or 5 minutes where that is the vendor's default. */
  readonly writes?: 'unknown' | '5m'
  /** What the total has beyond input and output is reasoning, which no field states. */
  readonly gapIsReasoning?: true
  /** `input` is this sum where the body has no field for it, and is checked against it where it has. */
  readonly inputSum?: readonly UsagePartName[]
  /** Each of `iterations[]` is an inference of its own, in the same shape. */
  readonly iterations?: true
  /** The body is a caller's record, and money in it is no bill. */
  readonly withoutCost?: true
}

/**
 * Members joined by dots; alternatives by ` | `, the first that is present wins; `list[key=VALUE].count` adds up that
 * count over the items of a list whose key has the value, whatever its case.
 */
type PlaceText = string

export type OutsidePart = 'cached' | 'written' | 'reasoning' | 'citation' | 'toolInput'

export type UsagePartName =
  | OutsidePart
  | 'input'
  | 'output'
  | 'total'
  | 'uncached'
  | 'written5m'
  | 'written1h'
  | `input${Media}`
  | `cached${Media}`
  | `output${Media}`
  | 'webSearches'
  | 'searchUnits'
  | 'images'
  | 'characters'
  | 'audioSeconds'

type Media = 'Audio' | 'Image' | 'Video'
type Places = UsageShape['places']

export const usageShapes = {
  'openai-chat': { places: chat(), outside: [] },
  'openai-responses': { places: responses(), outside: [] },
  'openai-modality': { places: modalities(), outside: [] },
  // The same words, of one answer alone: what a stream says twice is not added up.
  // Mistral tells transcripts as it tells chat.
  'openai-audio': {
    places: withFallback(modalities(), { ...chat(), audioSeconds: 'prompt_audio_seconds' }),
    outside: [],
  },
  'openai-embeddings': { places: { input: 'prompt_tokens | total_tokens', total: 'total_tokens' }, outside: [] },
  'openai-compatible': { places: withFallback(chat(), responses()), outside: [] },

  anthropic: {
    places: {
      input: 'input_tokens | amazon-bedrock-invocationMetrics.inputTokenCount',
      output: 'output_tokens | amazon-bedrock-invocationMetrics.outputTokenCount',
      cached: 'cache_read_input_tokens | amazon-bedrock-invocationMetrics.cacheReadInputTokenCount',
      written: 'cache_creation_input_tokens | amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount',
      written5m: 'cache_creation.ephemeral_5m_input_tokens',
      written1h: 'cache_creation.ephemeral_1h_input_tokens',
      reasoning: 'output_tokens_details.thinking_tokens',
      webSearches: 'server_tool_use.web_search_requests',
    },
    outside: ['cached', 'written'],
    writes: '5m',
    iterations: true,
  },
  bedrock: {
    places: {
      input: 'inputTokens',
      output: 'outputTokens',
      total: 'totalTokens',
      cached: 'cacheReadInputTokens | cacheReadInputTokenCount',
      written: 'cacheWriteInputTokens | cacheWriteInputTokenCount',
      written5m: 'cacheDetails[ttl=5m].inputTokens',
      written1h: 'cacheDetails[ttl=1h].inputTokens',
    },
    outside: ['cached', 'written'],
    writes: '5m',
  },

  gemini: {
    places: {
      input: 'promptTokenCount | total_input_tokens',
      output: 'candidatesTokenCount | responseTokenCount | total_output_tokens',
      total: 'totalTokenCount | total_tokens',
      cached: 'cachedContentTokenCount | total_cached_tokens',
      reasoning: 'thoughtsTokenCount | total_thought_tokens',
      toolInput: 'toolUsePromptTokenCount | total_tool_use_tokens',
      // Google has no count of searches in its usage: the wire counts those that the answer names.
      webSearches: 'billedSearchCount',
      inputAudio: ofModality('AUDIO', 'promptTokensDetails', 'input_tokens_by_modality'),
      inputImage: ofModality('IMAGE', 'promptTokensDetails', 'input_tokens_by_modality'),
      inputVideo: ofModality('VIDEO', 'promptTokensDetails', 'input_tokens_by_modality'),
      cachedAudio: ofModality('AUDIO', 'cacheTokensDetails', 'cached_tokens_by_modality'),
      cachedImage: ofModality('IMAGE', 'cacheTokensDetails', 'cached_tokens_by_modality'),
      cachedVideo: ofModality('VIDEO', 'cacheTokensDetails', 'cached_tokens_by_modality'),
      outputAudio: ofModality('AUDIO', 'candidatesTokensDetails', 'responseTokensDetails', 'output_tokens_by_modality'),
      outputImage: ofModality('IMAGE', 'candidatesTokensDetails', 'responseTokensDetails', 'output_tokens_by_modality'),
      outputVideo: ofModality('VIDEO', 'candidatesTokensDetails', 'responseTokensDetails', 'output_tokens_by_modality'),
    },
    outside: ['reasoning', 'toolInput'],
  },
  'gemini-compat': { places: chat(), outside: ['reasoning'], gapIsReasoning: true },

  'xai-chat': { places: chat(), outside: ['reasoning'] },
  'xai-responses': { places: responses(), outside: [] },
  'xai-sdk': {
    places: {
      input: 'prompt_tokens',
      output: 'completion_tokens',
      total: 'total_tokens',
      cached: 'cached_prompt_text_tokens',
      inputImage: 'prompt_image_tokens',
      reasoning: 'reasoning_tokens',
    },
    outside: ['reasoning'],
  },

  deepseek: {
    places: {
      ...chat(),
      cached: 'prompt_cache_hit_tokens | prompt_tokens_details.cached_tokens',
      uncached: 'prompt_cache_miss_tokens',
    },
    outside: [],
    inputSum: ['cached', 'uncached'],
  },
  mistral: {
    places: {
      ...chat(),
      cached: 'num_cached_tokens | prompt_tokens_details.cached_tokens | prompt_token_details.cached_tokens',
      audioSeconds: 'prompt_audio_seconds',
    },
    outside: [],
  },
  groq: { places: chat(), outside: [] },
  openrouter: {
    places: {
      ...chat(),
      webSearches: 'server_tool_use_details.web_search_requests | server_tool_use.web_search_requests',
    },
    outside: [],
  },
  perplexity: {
    places: {
      ...chat(),
      reasoning: 'reasoning_tokens',
      citation: 'citation_tokens',
      webSearches: 'num_search_queries',
    },
    outside: ['reasoning', 'citation'],
    beyondTotal: ['reasoning', 'citation'],
  },
  cohere: {
    places: withFallback(
      {
        input: 'billed_units.input_tokens',
        output: 'billed_units.output_tokens',
        searchUnits: 'billed_units.search_units',
      },
      chat(),
    ),
    outside: [],
  },
  alibaba: {
    places: { ...chat(), written: 'prompt_tokens_details.cache_creation_input_tokens' },
    outside: [],
  },
  moonshot: { places: { ...chat(), cached: 'cached_tokens | prompt_tokens_details.cached_tokens' }, outside: [] },
  ollama: {
    places: withFallback(
      { input: 'prompt_eval_count', output: 'eval_count', cached: 'prompt_eval_cached_count' },
      chat(),
    ),
    outside: [],
  },
  vllm: { places: chat(), outside: [] },

  recorded: {
    places: {
      input: 'inputTokens',
      output: 'outputTokens',
      cached: 'cachedTokens',
      written: 'cacheWriteTokens',
      reasoning: 'reasoningTokens',
      audioSeconds: 'audioDurationSeconds',
      characters: 'characters',
      images: 'images',
    },
    outside: [],
    withoutCost: true,
  },
} as const satisfies Record<string, UsageShape>

export type UsageReading = keyof typeof usageShapes

/** The places of OpenAI's shape: `prompt`/`completion` in chat, `input`/`output` in all that came later. */
function openaiPlaces(input: string, output: string, blocks = ['tokens_details']): Places {
  const inInput = (...names: string[]) => among(input, blocks, names)
  const inOutput = (...names: string[]) => among(output, blocks, names)
  return {
    input: `${input}_tokens`,
    output: `${output}_tokens`,
    total: 'total_tokens',
    cached: inInput('cached_tokens'),
    written: inInput('cache_write_tokens', 'cache_creation_tokens'),
    inputAudio: inInput('audio_tokens'),
    inputImage: inInput('image_tokens'),
    inputVideo: inInput('video_tokens'),
    reasoning: inOutput('reasoning_tokens'),
    outputAudio: inOutput('audio_tokens'),
    outputImage: inOutput('image_tokens'),
    outputVideo: inOutput('video_tokens'),
  }
}

function chat(): Places {
  return openaiPlaces('prompt', 'completion')
}

function responses(): Places {
  return openaiPlaces('input', 'output')
}

function modalities(): Places {
  const details = ['token_details', 'tokens_details']
  return {
    ...openaiPlaces('input', 'output', details),
    cachedAudio: among('input', details, ['cached_tokens_details.audio_tokens']),
    cachedImage: among('input', details, ['cached_tokens_details.image_tokens']),
    audioSeconds: 'seconds',
  }
}

function among(side: string, blocks: readonly string[], names: readonly string[]): PlaceText {
  return blocks.flatMap((block) => names.map((name) => `${side}_${block}.${name}`)).join(' | ')
}

/** The Interactions API spells its lists and their counts in a way of its own. */
function ofModality(value: string, ...lists: readonly string[]): PlaceText {
  return lists
    .map((list) => `${list}[modality=${value}].${list.endsWith('_by_modality') ? 'tokens' : 'tokenCount'}`)
    .join(' | ')
}

/** The places of both; where a part has places in each, those of `preferred` come first. */
function withFallback(preferred: Places, other: Places): Places {
  const merged: { [part in UsagePartName]?: PlaceText } = { ...other }
  for (const [part, place] of Object.entries(preferred) as [UsagePartName, PlaceText][]) {
    const fallback = other[part]
    merged[part] = fallback === undefined || fallback === place ? place : `${place} | ${fallback}`
  }
  return merged
}
