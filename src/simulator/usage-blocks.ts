/**
 * The `usage` object of an answer as JSON text, told rightly or wrongly. Text, because some of the wrong ones are
 * beyond what `JSON.stringify` writes.
 */
export type Counts = {
  readonly prompt: number
  /** Reasoning included. */
  readonly completion: number
  readonly reasoning: number
}
export type UsageWriter = (counts: Counts) => string

export const usageBlocks = {
  plain: (counts) => JSON.stringify(block(counts)),
  cacheHit: (counts) => JSON.stringify(block(counts, { cached_tokens: threeQuarters(counts.prompt) })),
  cacheWrite: (counts) => JSON.stringify(block(counts, { cache_write_tokens: threeQuarters(counts.prompt) })),
  /** For an hour, where a wire tells how long; elsewhere as any write. */
  cacheWriteHour: (counts) => JSON.stringify(block(counts, { cache_write_tokens: threeQuarters(counts.prompt) })),
  audio: (counts) =>
    JSON.stringify(block(counts, { audio_tokens: half(counts.prompt) }, { audio_tokens: half(counts.completion) })),
  reasoningOutside: ({ prompt, completion, reasoning }) =>
    JSON.stringify({
      ...block({ prompt, completion: completion - reasoning, reasoning }),
      total_tokens: prompt + completion,
    }),
  exact: () => EXACT,
  zero: () => JSON.stringify(block({ prompt: 0, completion: 0, reasoning: 0 })),
  negative: ({ prompt, completion }) =>
    JSON.stringify(block({ prompt: -prompt, completion: -completion, reasoning: -1 })),
  notNumbers: () => '{"prompt_tokens":"NaN","completion_tokens":1e400,"total_tokens":true,"prompt_tokens_details":[]}',
  strings: ({ prompt, completion }) =>
    `{"prompt_tokens":"${prompt}","completion_tokens":"${completion}","total_tokens":"${prompt + completion}"}`,
  fractions: ({ prompt, completion }) =>
    `{"prompt_tokens":${prompt}.5,"completion_tokens":${completion}.5,"total_tokens":${prompt + completion + 1}}`,
  huge: () => JSON.stringify(block({ prompt: 1e15, completion: 1e15, reasoning: 0 })),
  inconsistent: ({ prompt, completion }) =>
    JSON.stringify({
      ...block({ prompt, completion, reasoning: completion + 1000 }, { cached_tokens: prompt + 1000 }),
      total_tokens: 7 * (prompt + completion) + 1,
    }),
} as const satisfies Record<string, UsageWriter>

const EXACT = JSON.stringify({
  completion_tokens: 80,
  prompt_tokens: 175,
  total_tokens: 255,
  completion_tokens_details: {
    accepted_prediction_tokens: 0,
    audio_tokens: 0,
    reasoning_tokens: 0,
    rejected_prediction_tokens: 0,
  },
  prompt_tokens_details: { audio_tokens: 0, cached_tokens: 161, image_tokens: 0, text_tokens: 175 },
  num_sources_used: 0,
})

const block = (counts: Counts, promptDetails: object = {}, completionDetails: object = {}) => ({
  prompt_tokens: counts.prompt,
  completion_tokens: counts.completion,
  total_tokens: counts.prompt + counts.completion,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0, ...promptDetails },
  completion_tokens_details: {
    reasoning_tokens: counts.reasoning,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
    ...completionDetails,
  },
})

const threeQuarters = (count: number): number => Math.floor((count * 3) / 4)
const half = (count: number): number => Math.floor(count / 2)
