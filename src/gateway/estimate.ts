/** Our own count of a call, for where the provider gave none: always marked as an estimate. */
import { chatOverhead, chatText } from '../core/chat-tokens.ts'
import type { Usage } from '../core/usage.ts'
import { estimateFromBytes } from '../core/token-bound.ts'
import type { TokenCounter } from '../tokens/token-counter.ts'
import type { Call } from './read.ts'

/** The prompt by o200k: exact for its visible text, or by its size where it is too large to look into. */
export async function countPrompt(tokens: TokenCounter, call: Call): Promise<number> {
  const request = call.bytes <= LARGEST_PARSED ? parse(call.text) : undefined
  if (!request) return estimateFromBytes(call.bytes)
  const messages = Array.isArray(request.messages) ? request.messages : []
  const { tokens: text } = await tokens.count(chatText(messages))
  // A role is one token of its own.
  return text + chatOverhead(messages, request.tools) + messages.length
}

const LARGEST_PARSED = 262_144

function parse(text: string): { messages?: unknown; tools?: unknown } | undefined {
  try {
    return JSON.parse(text) as { messages?: unknown; tools?: unknown }
  } catch {
    return undefined
  }
}

export const estimatedUsage = (input: number, output: number): Usage => ({
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
