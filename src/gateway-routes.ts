/** Where model calls come in: each mount with its dialect, on raw requests, past the framework and its parsing. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { ModelPath } from './contract/model-calls.ts'
import { anthropic, anthropicErrors } from './dialects/anthropic.ts'
import { chatStream } from './dialects/chat-stream.ts'
import type { Dialect } from './dialects/dialect.ts'
import { openai } from './dialects/openai.ts'
import { openrouter } from './dialects/openrouter.ts'
import { responses } from './dialects/responses.ts'
import type { ReadCall } from './gateway/call.ts'
import { countTokens } from './gateway/count-tokens.ts'
import type { Gateway } from './gateway/gateway.ts'
import { handle } from './gateway/handle.ts'
import { readChat } from './gateway/read-chat.ts'
import { readCompletion } from './gateway/read-completion.ts'
import { readEmbedding } from './gateway/read-embedding.ts'
import { readMessages } from './gateway/read-messages.ts'
import { readResponses } from './gateway/read-responses.ts'
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

/** The type of its keys makes whoever adds a call document it, too. */
function modelMounts(gateway: Gateway): ReadonlyMap<string, Mount> {
  const { cors } = gateway.settings
  const { usageChunkChoices } = gateway.settings.openrouter
  const mount = (read: ReadCall, dialect: Dialect, usageChoices: 'empty' | 'repeat'): Mount => {
    const entrance = { read, dialect }
    return (request, response) => {
      // Every failure is answered inside; what comes out of here is a defect, which must not end the process.
      handle(gateway, entrance, {
        request,
        response,
        requestId: requestIdOf(request),
        headers: corsHeaders(cors.origins, request.headers),
        usageChoices,
      }).catch((error: unknown) => gateway.log.error({ error }, 'a call ended in a defect'))
    }
  }
  const counting: Mount = (request, response) => {
    const headers = corsHeaders(cors.origins, request.headers)
    const incoming = { request, response, requestId: requestIdOf(request), headers, usageChoices: 'empty' } as const
    countTokens(gateway, anthropicErrors, incoming).catch((error: unknown) =>
      gateway.log.error({ error }, 'a count ended in a defect'),
    )
  }
  const onOpenai = chatStream(openai)
  const onOpenrouter = chatStream(openrouter)
  const reads = [
    ['chat/completions', readChat],
    ['completions', readCompletion],
    ['embeddings', readEmbedding],
  ] as const
  return new Map<ModelPath, Mount>([
    ['/v1/messages', mount(readMessages, anthropic({ endsWithDone: false }), 'empty')],
    ['/api/v1/messages', mount(readMessages, anthropic({ endsWithDone: true }), 'empty')],
    ['/v1/responses', mount(readResponses, responses({ ...openai, money: 'asked', endsWithDone: false }), 'empty')],
    [
      '/api/v1/responses',
      mount(readResponses, responses({ ...openrouter, money: 'always', endsWithDone: true }), 'empty'),
    ],
    ['/v1/messages/count_tokens', counting],
    ['/api/v1/messages/count_tokens', counting],
    ...reads.flatMap(
      ([path, read]) =>
        [
          [`/v1/${path}`, mount(read, onOpenai, 'empty')],
          [`/api/v1/${path}`, mount(read, onOpenrouter, usageChunkChoices)],
        ] as const,
    ),
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
