/** What of a request for a chat or text completion is read beside that of any model call. */
import { z } from 'zod'
import { ModelRequest } from './model-request.ts'

const limit = z
  .int('expected a whole number of tokens')
  .min(1, 'expected at least 1')
  .max(1_000_000_000, 'expected at most 1000000000')
  .nullish()
  .meta({ description: 'The most that may come out, in tokens; bounds what the call reserves.' })

const count = z
  .int('expected a whole number')
  .min(1, 'expected at least 1')
  .max(128, 'expected at most 128')
  .nullish()
  .meta({ description: 'How many answers.' })

export const ChatRequest = ModelRequest.extend({
  max_tokens: limit,
  max_completion_tokens: limit,
  n: count,
})

export const CompletionRequest = ModelRequest.extend({
  max_tokens: limit,
  n: count,
  best_of: count,
})

/** Members that decide what a call costs: none may stand twice in a body, or in another letter case. */
export const WATCHED_MEMBERS: ReadonlySet<string> = new Set([
  ...Object.keys(ChatRequest.shape),
  'messages',
  'prompt',
  'input',
  'best_of',
  'tools',
  'modalities',
  'reasoning',
  'reasoning_effort',
  'web_search_options',
  'inference_geo',
])
