/** Reads one chunk of a chat stream and keeps in the stream's state what the last events will need of it. */
import { type Body, openBody, reportedUsage } from './chat-body.ts'
import { noteFinish } from './chat-choices.ts'
import type { ChunkState, ReplyContext } from './dialect.ts'

/** Undefined: the chunk only carries usage, which the client gets later or not at all. */
export function readChunk(data: string, state: ChunkState): (Body & { readonly choices: string }) | undefined {
  const body = openBody(data)
  let choices = NO_CHOICES
  for (const { key, valueStart, valueEnd } of body.members) {
    if (key === 'choices' && data[valueStart] === '[') choices = data.slice(valueStart, valueEnd)
    else if (key === 'service_tier') state.serviceTier = data.slice(valueStart, valueEnd)
  }
  const usage = reportedUsage(body)
  if (usage !== undefined) {
    state.usage = usage
    // Upstreams send the last usage with no choices, or, as OpenRouter does, with the finish choice once more.
    if (/^\[\s*\]$/.test(choices) || choices === state.finishText) return undefined
  }
  noteFinish(choices, state)
  return { text: body.text, members: body.members, choices }
}

/** Clients loop over the choices of every chunk, so there are some, if none. */
export const NO_CHOICES = '[]'

/** The name of the JSON object, by the call it answers. */
export const objectName = ({ api }: ReplyContext, form: 'whole' | 'chunk'): string =>
  api === 'embeddings'
    ? 'list'
    : api === 'completions'
      ? 'text_completion'
      : form === 'whole'
        ? 'chat.completion'
        : 'chat.completion.chunk'
