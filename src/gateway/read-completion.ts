/** A text completion: a prompt, or several at once, each answered as often as was asked. */
import type { IncomingHttpHeaders } from 'node:http'
import { CompletionRequest } from '../contract/chat.ts'
import { refuse } from '../contract/errors.ts'
import { type Call, plainCall } from './call.ts'
import { openJson, textOf, validated } from './read-json.ts'

/** What the wire means where the client names no limit. */
const DEFAULT_LIMIT = 16

export function readCompletion(bytes: Buffer, headers: IncomingHttpHeaders): Call {
  const body = openJson(bytes)
  const request = validated(CompletionRequest, body)
  const call = plainCall(body, request, headers)
  const prompts = promptsIn(textOf(body, 'prompt'))
  if (prompts === 0) throw refuse('invalid_request', 'prompt is missing: expected text', { param: 'prompt' })
  const answers = Math.max(request.n ?? 1, request.best_of ?? 1) * prompts
  if (answers > MOST_ANSWERS)
    throw refuse('invalid_request', `prompt: ${answers} answers were asked for; at most ${MOST_ANSWERS} at once`, {
      param: 'prompt',
    })
  return { ...call, api: 'completions', choices: answers, outputLimit: request.max_tokens ?? DEFAULT_LIMIT }
}

const MOST_ANSWERS = 128

/** A text or a list of token numbers is one prompt; a list of either is many. */
function promptsIn(text: string | undefined): number {
  if (text === undefined || text === 'null') return 0
  if (text.startsWith('"')) return 1
  let prompt: unknown
  try {
    prompt = JSON.parse(text)
  } catch {
    return 0
  }
  if (!Array.isArray(prompt) || prompt.length === 0) return 0
  return typeof prompt[0] === 'number' ? 1 : prompt.length
}
