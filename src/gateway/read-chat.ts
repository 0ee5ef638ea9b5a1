/** A chat request: messages, the limits of the answer, and what makes it dearer than its text. */
import type { IncomingHttpHeaders } from 'node:http'
import { ChatRequest } from '../contract/chat.ts'
import { refuse } from '../contract/errors.ts'
import { type Call, plainCall } from './call.ts'
import { type JsonBody, openJson, textOf, validated } from './read-json.ts'

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
    usesCaching: text.includes('"cache_control"') || text.includes('"prompt_cache_key"'),
    oneHourWrites: text.includes('"1h"'),
    images: occurrences(messages, '"image_url"') >> 1,
    audios: occurrences(messages, '"input_audio"') >> 1,
    files: occurrences(messages, '"file_data"') + occurrences(messages, '"file_id"') + documents(messages),
    outputMedia: outputMediaOf(textOf(body, 'modalities') ?? ''),
    searches: searchesOf(body),
  }
}

/** Parts of Anthropic's own kinds, which may be no more than an address here and a whole book upstream. */
const documents = (messages: string): number => [...messages.matchAll(/"type"\s*:\s*"document"/g)].length

/** Where a tool or plugin names no maximum of its own. */
const MOST_SEARCHES = 10

/** OpenAI asks for a search by a member, others by a tool or a plugin; a maximum that is stated holds upstream, too. */
export function searchesOf(body: JsonBody): number {
  const options = textOf(body, 'web_search_options')
  const tools = textOf(body, 'tools') ?? ''
  const plugins = textOf(body, 'plugins') ?? ''
  if (options === undefined && !/"type"\s*:\s*"[a-z:]*web_search/.test(tools) && !/"id"\s*:\s*"web"/.test(plugins))
    return 0
  const stated = [...`${tools}${plugins}${options ?? ''}`.matchAll(/"max_uses"\s*:\s*([0-9]{1,6})/g)].map(([, uses]) =>
    Number(uses),
  )
  return Math.max(MOST_SEARCHES, ...stated)
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
