/** Where model calls come in: each mount with its dialect, on raw requests, past the framework and its parsing. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Dialect } from './dialects/dialect.ts'
import { openai } from './dialects/openai.ts'
import { openrouter } from './dialects/openrouter.ts'
import type { Gateway } from './gateway/gateway.ts'
import { handle } from './gateway/handle.ts'
import { requestIdOf } from './request-id.ts'

/** Longer than the idle time of the load balancers that are common in front of a server. */
const KEEP_ALIVE_MS = 72_000

/** The HTTP server: model calls go to the gateway, everything else to `others`. */
export function createHttpServer(gateway: Gateway, others: RequestListener): Server {
  const mounts = modelMounts(gateway)
  const server = createServer((request, response) => {
    const mount = request.method === 'POST' ? mounts.get(pathOf(rewriteUrl(request))) : undefined
    if (mount) mount(request, response)
    else others(request, response)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}

type Mount = (request: IncomingMessage, response: ServerResponse) => void

function modelMounts(gateway: Gateway): ReadonlyMap<string, Mount> {
  const { cors, openrouter: onOpenrouter } = gateway.settings
  const mount = (dialect: Dialect, usageChoices: 'empty' | 'repeat'): Mount => {
    return (request, response) => {
      // Every failure is answered inside; what comes out of here is a defect, which must not end the process.
      handle(gateway, dialect, {
        request,
        response,
        requestId: requestIdOf(request),
        headers: corsHeaders(cors.origins, request.headers),
        usageChoices,
      }).catch((error: unknown) => gateway.log.error({ error }, 'a call ended in a defect'))
    }
  }
  return new Map([
    ['/v1/chat/completions', mount(openai, 'empty')],
    ['/api/v1/chat/completions', mount(openrouter, onOpenrouter.usageChunkChoices)],
  ])
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
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
  'X-Turnpike-Ignored',
  ...['limit', 'remaining', 'reset'].flatMap((part) => [
    `x-ratelimit-${part}-requests`,
    `x-ratelimit-${part}-tokens`,
    `X-RateLimit-${part}`,
  ]),
].join(', ')

export function corsHeaders(origins: readonly string[], { origin }: IncomingHttpHeaders): Record<string, string> {
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
