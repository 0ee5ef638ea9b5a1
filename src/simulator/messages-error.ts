/** A row's refusal, which is written in OpenAI's form, in Anthropic's: other statuses, other words, the same headers. */
import { objectOf, parseObject } from './chat-request.ts'
import { messageError } from './messages-reply.ts'
import type { Reply } from './reply.ts'

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
}

/** What is no JSON error (a page, a redirection, silence) is the same on every wire. */
export function asMessageError(reply: Reply): Reply {
  const [text] = reply.body
  const error = typeof text === 'string' ? objectOf(parseObject(text)?.error) : undefined
  if (!error) return reply
  const { 'content-type': _type, ...headers } = reply.headers
  const isPolicy = error.code === 'content_policy_violation'
  const type = isPolicy ? 'content_policy_violation' : (TYPES[reply.status] ?? 'api_error')
  return messageError(reply.status === 503 ? 529 : reply.status, type, String(error.message), headers)
}
