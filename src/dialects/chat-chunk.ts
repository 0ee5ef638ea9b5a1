/** Reads one chunk of a chat stream and keeps in the stream's state what the last events will need of it. */
import { type Body, memberText, openBody, reportedUsage } from './chat-body.ts'
import { noteFinish } from './chat-choices.ts'
import type { ChunkState, ReplyContext } from './dialect.ts'

/** Undefined: the chunk only carries usage, which the client gets later or not at all. */
export function readChunk(data: string, state: ChunkState): (Body & { readonly choices: string }) | undefined {
  const body = openBody(data)
  const stated = memberText(body, 'choices')
  const choices = stated?.startsWith('[') ? stated : '[]'
  state.serviceTier = memberText(body, 'service_tier') ?? state.serviceTier
  const usage = reportedUsage(body)
  if (usage !== undefined) {
    state.usage = usage
    // Upstreams send the last usage with no choices, or, as OpenRouter does, with the finish choice once more.
    if (/^\[\s*\]$/.test(choices) || choices === state.finishText) return undefined
  }
  noteFinish(choices, state)
  return { ...body, choices }
}

/** The name of the JSON object, by the call it answers. */
export const objectName = ({ api }: ReplyContext, form: 'whole' | 'chunk'): string =>
  api === 'completions' ? 'text_completion' : form === 'whole' ? 'chat.completion' : 'chat.completion.chunk'
