/** A request of Anthropic's Messages API: read as the chat request that says the same. */
import type { IncomingHttpHeaders } from 'node:http'
import { type Refused, refuse } from '../contract/errors.ts'
import { createIgnored } from '../contract/ignored.ts'
import { chatOfMessages, promptOfMessages } from '../dialects/messages-request.ts'
import type { Call } from './call.ts'
import { readChat, searchesOf } from './read-chat.ts'
import { openJson, parsed } from './read-json.ts'

export const readMessages = (bytes: Buffer, headers: IncomingHttpHeaders, url = ''): Call => ({
  ...readAs(chatOfMessages, bytes, headers),
  // As Anthropic's own clients ask for what is on trial.
  ...(BETA.test(url) ? { wireQuery: 'beta=true' } : {}),
})

const BETA = /[?&]beta=true(&|$)/

/** What goes in alone, to be counted. */
export const readPrompt = (bytes: Buffer, headers: IncomingHttpHeaders): Call =>
  readAs(promptOfMessages, bytes, headers)

/** Which version the client speaks, and which of its trials it takes part in. */
function wireHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const sent = ['anthropic-version', 'anthropic-beta'].map((name) => [name, headers[name]] as const)
  return Object.fromEntries(sent.flatMap(([name, value]) => (isWord(value) ? [[name, value]] : [])))
}

const isWord = (value: unknown): value is string => typeof value === 'string' && /^[\w.,: -]{1,512}$/.test(value)

function readAs(convert: typeof chatOfMessages, bytes: Buffer, headers: IncomingHttpHeaders): Call {
  const own = openJson(bytes)
  const { text } = own
  const body = parsed(text) as Record<string, unknown>
  if (typeof body.model !== 'string')
    throw refuse('invalid_request', 'model is missing: name the model to call', { param: 'model' })
  const found: Refused[] = []
  const ignored = createIgnored()
  if (headers['anthropic-beta'] !== undefined) ignored.add('anthropic-beta')
  const chat = convert(body, { note: (at, type) => void found.push(foreignAt(at, type)), ignored })
  const [nativeOnly] = found
  const call = readChat(Buffer.from(JSON.stringify(chat)), headers)
  return {
    ...call,
    // It may go on as it came, with all that chat has no word for.
    bytes: Math.max(call.bytes, own.bytes),
    searches: searchesOf(own),
    converted: true,
    ignored: ignored.names(),
    native: { wire: 'anthropic', text },
    ...(nativeOnly ? { nativeOnly } : {}),
    wireHeaders: wireHeaders(headers),
  }
}

const foreignAt = (at: string, type: unknown): Refused =>
  refuse('invalid_request', `${at}: ${String(type).slice(0, 64)} is offered by Anthropic's own models alone`, {
    param: at,
  })
