/** A chat request: messages, the limits of the answer, and what makes it dearer than its text. */
import type { IncomingHttpHeaders } from 'node:http'
import { ChatRequest } from '../contract/chat.ts'
import { refuse } from '../contract/errors.ts'
import { type Call, plainCall } from './call.ts'
import { openJson, textOf, validated } from './read-json.ts'

export function readChat(bytes: Buffer, headers: IncomingHttpHeaders): Call {
  const body = openJson(bytes)
  const { text } = body
  const request = validated(ChatRequest, body)
  const call = plainCall(body, request, headers)
  const messages = textOf(body, 'messages')
  if (!messages?.startsWith('['))
    throw refuse('invalid_request', 'messages is missing: expected an array of messages', { param: 'messages' })
  if (/^\[\s*\]$/.test(messages))
    throw refuse('invalid_request', 'messages is empty: expected at least one message', { param: 'messages' })
  return {
    ...call,
    api: 'chat',
    choices: request.n ?? 1,
    outputLimit: smaller(request.max_tokens, request.max_completion_tokens),
    usesCaching: messages.includes('"cache_control"') || text.includes('"prompt_cache_key"'),
    oneHourWrites: messages.includes('"1h"'),
    images: occurrences(messages, '"image_url"') >> 1,
    audios: occurrences(messages, '"input_audio"') >> 1,
    files: occurrences(messages, '"file_data"') + occurrences(messages, '"file_id"'),
    outputMedia: outputMediaOf(textOf(body, 'modalities') ?? ''),
    searches: textOf(body, 'web_search_options') !== undefined,
  }
}

const outputMediaOf = (modalities: string): Call['outputMedia'] => [
  ...(modalities.includes('"audio"') ? (['output_audio'] as const) : []),
  ...(modalities.includes('"image"') ? (['output_image'] as const) : []),
]

function occurrences(text: string, part: string): number {
  let count = 0
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++
  return count
}

const smaller = (a: number | null | undefined, b: number | null | undefined): number | undefined =>
  a == null ? (b ?? undefined) : b == null ? a : Math.min(a, b)
