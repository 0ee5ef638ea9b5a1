/** An error that a row answers with, in Google's form. */
import { objectOf } from './chat-request.ts'
import { jsonReply, type Reply } from './reply.ts'

export const geminiError = (status: number, message: string, headers: Readonly<Record<string, string>> = {}): Reply =>
  jsonReply(status, geminiErrorBody(status, message, headers['retry-after']))

/** Google tells in the body when to come back, and in no header. */
export const geminiErrorBody = (code: number, message: string, retryAfter?: string) => ({
  error: {
    code,
    message,
    status: STATUSES.get(code) ?? 'UNKNOWN',
    ...(retryAfter === undefined
      ? {}
      : { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfter}s` }] }),
  },
})

const STATUSES: ReadonlyMap<number, string> = new Map([
  [400, 'INVALID_ARGUMENT'],
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [413, 'INVALID_ARGUMENT'],
  [429, 'RESOURCE_EXHAUSTED'],
  [500, 'INTERNAL'],
  [503, 'UNAVAILABLE'],
])

/** A refused prompt is no error to Google: it is an answer without candidates. */
const blockedReply = (): Reply =>
  jsonReply(200, {
    promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    usageMetadata: { promptTokenCount: 14, totalTokenCount: 14 },
    modelVersion: 'simulator',
  })

/** What is no error in OpenAI's form (a page, a redirect) stays as it is. */
export function inGeminiForm(reply: Reply): Reply {
  const [body] = [...reply.body]
  const error = typeof body === 'string' ? errorIn(body) : undefined
  if (!error) return reply
  if (error.code === 'content_policy_violation') return blockedReply()
  if (reply.status !== 200) return geminiError(reply.status, String(error.message), reply.headers)
  return jsonReply(200, geminiErrorBody(500, String(error.message)))
}

function errorIn(body: string) {
  try {
    return objectOf(objectOf(JSON.parse(body))?.error)
  } catch {
    return undefined
  }
}
