/** A request of OpenAI's Responses API: read as the chat request that says the same. */
import type { IncomingHttpHeaders } from 'node:http'
import { createIgnored } from '../contract/ignored.ts'
import { chatOfResponses } from '../dialects/responses-request.ts'
import type { Call } from './call.ts'
import { readChat } from './read-chat.ts'
import { openJson, parsed } from './read-json.ts'

export function readResponses(bytes: Buffer, headers: IncomingHttpHeaders): Call {
  const body = parsed(openJson(bytes).text) as Record<string, unknown>
  const ignored = createIgnored()
  const call = readChat(Buffer.from(JSON.stringify(chatOfResponses(body, ignored))), headers)
  // A reply says what held: prompts are never cut.
  const { input: _input, truncation: _truncation, ...echo } = body
  return { ...call, echo, converted: true, ignored: ignored.names() }
}
