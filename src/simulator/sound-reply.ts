/** What the replies of both kinds of sound share: their events, how these break off, and what they say was used. */
import type { Behaviour } from './behaviours.ts'
import { errorBody, type Step } from './reply.ts'
import type { Counts } from './usage-blocks.ts'

export const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }

export const eventOf = (data: string): string => `data: ${data}\n\n`

export function* brokenOff(how: 'cut' | 'stall' | 'error' | 'end'): Generator<Step> {
  if (how === 'error') yield eventOf(JSON.stringify(errorBody({ message: 'The model stopped', type: 'server_error' })))
  else if (how !== 'end') yield { last: how }
}

/** A member for the end of a JSON object; empty where the model tells none. `audio`: input tokens that were heard. */
export function soundUsageText({ usage, usageSent }: Behaviour, counts: Counts, audio = 0): string {
  if (usageSent === 'never') return ''
  const { prompt, completion } = counts
  // What is told wrongly in chat is told as wrongly here, in the words of this API.
  const text = usage
    ? usage(counts).replaceAll('"prompt_tokens', '"input_tokens').replaceAll('"completion_tokens', '"output_tokens')
    : JSON.stringify({
        type: 'tokens',
        input_tokens: prompt,
        input_token_details: { text_tokens: prompt - audio, audio_tokens: audio },
        output_tokens: completion,
        total_tokens: prompt + completion,
      })
  return `,"usage":${text}`
}

/** The same by the length of the recording. */
export function durationUsageText({ usage, usageSent }: Behaviour, seconds: number): string {
  if (usageSent === 'never') return ''
  const told = usage?.({ prompt: Math.round(seconds), completion: 0, reasoning: 0 })
  const value = told === undefined ? String(seconds) : (/"prompt_tokens":([^,}]+)/.exec(told)?.[1] ?? '0')
  return `,"usage":{"type":"duration","seconds":${value}}`
}
