/** Where model calls come in: each mount with its dialect, on raw requests, past the framework's own parsing. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Dialect } from './dialects/dialect.ts'
import { openai } from './dialects/openai.ts'
import { openrouter } from './dialects/openrouter.ts'
import type { Gateway } from './gateway/gateway.ts'
import { handle } from './gateway/handle.ts'
import { requestIdOf } from './request-id.ts'

export function mountGateway(fastify: FastifyInstance, gateway: Gateway): void {
  const { settings } = gateway
  fastify.register(async (scope) => {
    // Taken over before the framework looks at the body or its type: the gateway reads both once the caller is known.
    const mount = (url: string, dialect: Dialect, usageChoices: 'empty' | 'repeat') => {
      const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
        reply.hijack()
        const requestId = requestIdOf(request)
        await handle(gateway, dialect, { request: request.raw, response: reply.raw, requestId, headers: corsHeaders(settings.cors.origins, request), usageChoices })
      }
      scope.post(url, { onRequest }, async () => undefined)
    }
    mount('/v1/chat/completions', openai, 'empty')
    mount('/api/v1/chat/completions', openrouter, settings.openrouter.usageChunkChoices)
  })
}

const EXPOSED = [
  'x-request-id',
  'X-Generation-Id',
  'Retry-After',
  'retry-after-ms',
  'x-should-retry',
  'Idempotent-Replay',
  'X-Turnpike-Cost',
  'X-Turnpike-Output-Limit',
  ...['limit', 'remaining', 'reset'].flatMap((part) => [`x-ratelimit-${part}-requests`, `x-ratelimit-${part}-tokens`, `X-RateLimit-${part}`]),
].join(', ')

export function corsHeaders(origins: readonly string[], request: FastifyRequest): Record<string, string> {
  const { origin } = request.headers
  if (origin === undefined) return {}
  if (origins.includes('*')) return { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED }
  if (!origins.includes(origin)) return {}
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED, vary: 'origin' }
}

const BARE_PATHS = /^\/(?:chat\/completions|completions|responses|embeddings|messages|messages\/count_tokens)(?=\?|$)/

/** Base URLs with a version too many or too few lead to the right place. */
export function rewriteUrl({ url = '/', method }: { url?: string | undefined; method?: string | undefined }): string {
  if (url.startsWith('/api/v1/v1/')) return `/api${url.slice('/api/v1'.length)}`
  if (url.startsWith('/v1/v1/')) return url.slice('/v1'.length)
  return method === 'POST' && BARE_PATHS.test(url) ? `/v1${url}` : url
}
