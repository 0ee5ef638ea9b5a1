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
import { audio } from './dialects/audio.ts'
import { chatStream } from './dialects/chat-stream.ts'
import type { Dialect } from './dialects/dialect.ts'
import { openai } from './dialects/openai.ts'
import { openrouter } from './dialects/openrouter.ts'
import { responses } from './dialects/responses.ts'
import type { ReadCall } from './gateway/call.ts'
import type { Configured } from './gateway/configured.ts'
import { countTokens } from './gateway/count-tokens.ts'
import type { Gateway } from './gateway/gateway.ts'
import { handle, type Incoming } from './gateway/handle.ts'
import { readChat } from './gateway/read-chat.ts'
import { readCompletion } from './gateway/read-completion.ts'
import { readEmbedding } from './gateway/read-embedding.ts'
import { readMessages } from './gateway/read-messages.ts'
import { readResponses } from './gateway/read-responses.ts'
import { readSpeech } from './gateway/read-speech.ts'
import { readTranscription } from './gateway/read-transcription.ts'
import { requestIdOf } from './request-id.ts'

/** Longer than the idle time of the load balancers that are common in front of a server. */
const KEEP_ALIVE_MS = 72_000

/** The HTTP server: model calls go to the gateway, everything else to `others`. */
export function createHttpServer(configured: Configured, others: RequestListener): Server {
  const mounts = modelMounts(configured)
  const server = createServer((request, response) => {
    const mount = request.method === 'POST' ? mounts.get(pathOf(rewriteUrl(request))) : undefined
    if (mount) mount(request, response)
    else others(request, response)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}

type Mount = (request: IncomingMessage, response: ServerResponse) => void

/** `as configured`: the form of streamed usage that the settings name. */
type UsageChoices = 'empty' | 'as configured'

/** The type of its keys makes whoever adds a call document it, too. */
function modelMounts({ hold }: Configured): ReadonlyMap<string, Mount> {
  /** One call, by one and the same settings to its end. */
  const calls =
    (call: (gateway: Gateway, incoming: Incoming) => Promise<void>, usageChoices: UsageChoices): Mount =>
    (request, response) => {
      const { gateway, release } = hold()
      const { cors, openrouter } = gateway.settings
      const incoming = {
        request,
        response,
        requestId: requestIdOf(request),
        headers: corsHeaders(cors.origins, request.headers),
        usageChoices: usageChoices === 'empty' ? 'empty' : openrouter.usageChunkChoices,
      }
      // Every failure is answered inside; what comes out of here is a defect, which must not end the process.
      call(gateway, incoming)
        .catch((error: unknown) => gateway.log.error({ error }, 'a call ended in a defect'))
        .finally(release)
    }
  const mount = (read: ReadCall, dialect: Dialect, usageChoices: UsageChoices, takes?: 'forms'): Mount => {
    const entrance = { read, dialect, ...(takes ? { takes } : {}) }
    return calls((gateway, incoming) => handle(gateway, entrance, incoming), usageChoices)
  }
  const counting = calls((gateway, incoming) => countTokens(gateway, anthropicErrors, incoming), 'empty')
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
    ...(
      [
        ['/v1', audio({ ...openai, money: 'asked' })],
        ['/api/v1', audio({ ...openrouter, money: 'always' })],
      ] as const
    ).flatMap(
      ([base, dialect]) =>
        [
          [`${base}/audio/speech`, mount(readSpeech, dialect, 'empty')],
          [`${base}/audio/transcriptions`, mount(readTranscription, dialect, 'empty', 'forms')],
        ] as const,
    ),
    ['/v1/messages/count_tokens', counting],
    ['/api/v1/messages/count_tokens', counting],
    ...reads.flatMap(
      ([path, read]) =>
        [
          [`/v1/${path}`, mount(read, onOpenai, 'empty')],
          [`/api/v1/${path}`, mount(read, onOpenrouter, 'as configured')],
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
    `anthropic-ratelimit-requests-${part}`,
    `anthropic-ratelimit-tokens-${part}`,
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
