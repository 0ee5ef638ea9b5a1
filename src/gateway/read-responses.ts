/** A request of OpenAI's Responses API: read as the chat request that says the same. */
import type { IncomingHttpHeaders } from 'node:http'
import { chatOfResponses } from '../dialects/responses-request.ts'
import type { Call } from './call.ts'
import { readChat } from './read-chat.ts'
import { openJson, parsed } from './read-json.ts'

export function readResponses(bytes: Buffer, headers: IncomingHttpHeaders): Call {
  const body = parsed(openJson(bytes).text) as Record<string, unknown>
  const call = readChat(Buffer.from(JSON.stringify(chatOfResponses(body))), headers)
  const { input: _input, ...echo } = body
  return { ...call, echo, converted: true }
}
