/** Our own count of a call, for where the provider gave none: always marked as an estimate. */

import type { UpstreamApi } from '../contract/upstream-api.ts'
import { chatOverhead, chatText } from '../core/chat-tokens.ts'
import { estimateFromBytes } from '../core/token-bound.ts'
import type { Usage } from '../core/usage.ts'
import type { TokenCount, TokenCounter } from '../tokens/token-counter.ts'
import type { Admission } from './admit.ts'
import type { Call } from './call.ts'
import type { Gateway } from './gateway.ts'

/** Input counted, output as it was delivered, neither above what was quoted. */
export async function estimated(
  { tokens }: Gateway,
  { call, inputBound, outputLimit }: Admission,
  delivered: Promise<TokenCount>,
): Promise<Usage> {
  const [input, output] = await Promise.all([countPrompt(tokens, call), delivered])
  return estimatedUsage(Math.min(input.tokens, inputBound), Math.min(output.tokens, outputLimit * call.choices))
}

/** The prompt by o200k: exact for its visible text, or by its size where it is too large to look into. */
export async function countPrompt(tokens: TokenCounter, call: Call): Promise<TokenCount> {
  const request = call.bytes <= LARGEST_PARSED ? parse(call.text) : undefined
  if (!request) return { tokens: estimateFromBytes(call.bytes), exact: false }
  if (call.api !== 'chat') return tokens.count(plainText(WORDS[call.api].map((member) => request[member] ?? '')))
  const messages = Array.isArray(request.messages) ? request.messages : []
  const text = await tokens.count(chatText(messages))
  // A role is one token of its own.
  return { tokens: text.tokens + chatOverhead(messages, request.tools) + messages.length, exact: text.exact }
}

/** Where the words of a call stand that has no messages. */
const WORDS: Readonly<Record<UpstreamApi, readonly (keyof Request)[]>> = {
  chat: [],
  completions: ['prompt'],
  embeddings: ['input'],
  'audio/speech': ['input', 'instructions'],
  'audio/transcriptions': ['prompt'],
}

const LARGEST_PARSED = 262_144

/** The texts of a prompt or an input; token numbers are counted by their digits, which errs high. */
const plainText = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.map(plainText).join('') : String(value ?? '')

type Request = {
  readonly messages?: unknown
  readonly tools?: unknown
  readonly prompt?: unknown
  readonly input?: unknown
  readonly instructions?: unknown
}

function parse(text: string): Request | undefined {
  try {
    return JSON.parse(text) as Request
  } catch {
    return undefined
  }
}

const estimatedUsage = (input: number, output: number): Usage => ({
  parts: [
    {
      counts: new Map([
        ['input', { n: BigInt(input), d: 1n }],
        ['output', { n: BigInt(output), d: 1n }],
      ]),
    },
  ],
  flags: [],
})
