/**
 * Providers that speak OpenAI's wire. The client's body goes up as it came but for what must differ: the model's name,
 * the request for usage, and members that are Turnpike's or OpenRouter's own.
 */
import { type Dispatcher, Pool } from 'undici'
import type { OnCancel } from '../contract/provider-presets.ts'
import { readingFor } from '../core/usage-reading-for.ts'
import { type Member, spliceMembers } from '../lib/json-scan.ts'
import { createEventSplitter } from '../lib/sse.ts'
import { type Exchange, type Headers, openExchange } from './http-exchange.ts'
import {
  type Attempt,
  type Provider,
  type StreamSink,
  type UpstreamCall,
  UpstreamFailure,
  type UpstreamReply,
} from './provider.ts'
import { readReply } from './upstream-error.ts'
import { wholeAsStream } from './whole-as-stream.ts'

export type OpenaiOptions = {
  readonly key: string
  readonly name: string
  /** Up to and with `/v1`. */
  readonly baseUrl: string
  readonly apiKey: string | undefined
  /** The family of usage bodies. */
  readonly reading: string
  readonly onCancel: OnCancel
  readonly connectMs: number
}

/** Connections to one provider; a call above it waits, within its own time limit. */
const MOST_CONNECTIONS = 2_048
const MAX_EVENT_BYTES = 1_048_576

export function createOpenaiProvider(options: OpenaiOptions): Provider {
  const url = new URL(options.baseUrl)
  const pool = new Pool(url.origin, {
    connections: MOST_CONNECTIONS,
    pipelining: 1,
    connect: { timeout: options.connectMs },
    keepAliveTimeout: 30_000,
  })
  const path = `${url.pathname.replace(/\/$/, '')}/chat/completions`
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: '*/*' }
  if (options.apiKey !== undefined) headers.authorization = `Bearer ${options.apiKey}`
  const limitMember = options.reading === 'openai' ? 'max_completion_tokens' : 'max_tokens'
  return {
    key: options.key,
    name: options.name,
    reading: readingFor(options.reading, 'chat'),
    onCancel: options.onCancel,
    send: (call) => send(pool, { path, headers, body: upstreamBody(call, limitMember) }, call),
    close: () => pool.destroy(),
  }
}

/** Members that are ours to act on, or that belong to OpenRouter's routing; no other provider defines them. */
const CONSUMED = [
  'usage',
  'models',
  'route',
  'provider',
  'plugins',
  'transforms',
  'session_id',
  'trace',
  'debug',
  'stop_server_tools_when',
]

function upstreamBody({ text, members, model, stream, outputLimit }: UpstreamCall, limitMember: string): string {
  const edits = new Map<string, string | undefined>([['model', JSON.stringify(model)]])
  for (const member of CONSUMED) if (has(members, member)) edits.set(member, undefined)
  if (stream) edits.set('stream_options', '{"include_usage":true}')
  else if (has(members, 'stream_options')) edits.set('stream_options', undefined)
  if (outputLimit !== undefined) edits.set(limitMember, String(outputLimit))
  return spliceMembers(text, members, edits)
}

const has = (members: readonly Member[], key: string): boolean => members.some((member) => member.key === key)

type Outgoing = { readonly path: string; readonly headers: Record<string, string>; readonly body: string }

function send(pool: Dispatcher, outgoing: Outgoing, call: UpstreamCall): Attempt {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamReply>()
  let whole: ReturnType<typeof wholeReply> | undefined
  let stream: ReturnType<typeof streamReply> | undefined
  const exchange: Exchange = openExchange(
    pool,
    {
      ...outgoing,
      firstByteMs: call.limits.firstByteMs,
      idleMs: call.stream ? call.limits.idleMs : call.limits.replyMs,
    },
    {
      head(status, headers) {
        if (call.stream && status === 200 && isEventStream(headers))
          stream = streamReply(status, () => exchange, resolve, reject)
        else
          whole = wholeReply(
            status,
            headers,
            call.limits.replyBytes,
            call.stream ? (reply) => resolve(wholeAsStream(reply)) : resolve,
            reject,
          )
      },
      data(chunk) {
        if (stream) stream.data(chunk)
        else if (whole && !whole.data(chunk)) exchange.abort()
      },
      end() {
        if (stream) stream.end(undefined)
        else whole?.end()
      },
      fail(failure) {
        if (stream) stream.end(failure)
        else reject(failure)
      },
    },
  )
  return {
    reply: promise,
    abort() {
      exchange.abort()
      reject(new UpstreamFailure('aborted', 'the client left'))
    },
    // The body goes up as it came: what a provider makes of it, it says itself.
    ignored: [],
  }
}

const isEventStream = (headers: Headers): boolean =>
  String(headers['content-type'] ?? '').startsWith('text/event-stream')

type Resolve = (reply: UpstreamReply) => void
type Reject = (failure: UpstreamFailure) => void

function wholeReply(
  status: number,
  headers: Headers,
  limit: number,
  resolve: (reply: UpstreamReply & { readonly kind: 'whole' }) => void,
  reject: Reject,
) {
  const chunks: Buffer[] = []
  let bytes = 0
  return {
    /** False: the reply is longer than allowed, and the attempt has failed. */
    data(chunk: Buffer): boolean {
      bytes += chunk.length
      if (bytes > limit) {
        reject(new UpstreamFailure('invalid', 'the reply is longer than the limit'))
        return false
      }
      chunks.push(chunk)
      return true
    },
    end() {
      const body =
        chunks.length === 1 && chunks[0] ? chunks[0].toString('utf8') : Buffer.concat(chunks).toString('utf8')
      const parsed = readReply(status, headers, body)
      if (parsed instanceof UpstreamFailure) reject(parsed)
      else if (!hasChoice(parsed)) reject(new UpstreamFailure('invalid', 'the reply has no choices', { status }))
      else resolve({ kind: 'whole', status, body, parsed })
    },
  }
}

const hasChoice = ({ choices }: Readonly<Record<string, unknown>>): boolean =>
  Array.isArray(choices) && typeof choices[0] === 'object' && choices[0] !== null

/** Inside of a string the quotes would be escaped: only a member's name looks like this. */
const MAY_BE_ERROR = /"error"\s*:\s*[^n\s]/

/** Resolves at the first event, so that a stream which fails before it can still go to the next candidate. */
function streamReply(status: number, exchange: () => Exchange, resolve: Resolve, reject: Reject) {
  const splitter = createEventSplitter({ maxEventBytes: MAX_EVENT_BYTES })
  const early: string[] = []
  let sink: StreamSink | undefined
  let started = false
  let over = false
  let failed: UpstreamFailure | undefined

  const finish = (failure: UpstreamFailure | undefined) => {
    if (over) return
    over = true
    failed = failure
    if (sink) sink.end(failure)
    else if (!started) reject(failure ?? new UpstreamFailure('cut', 'the stream ended before its first event'))
  }
  const deliver = (data: string) => {
    if (over) return
    if (data === '[DONE]') return finish(undefined)
    if (!started || MAY_BE_ERROR.test(data)) {
      const read = readReply(status, {}, data)
      if (read instanceof UpstreamFailure) {
        exchange().abort()
        return finish(read)
      }
      if (!started) resolve({ kind: 'stream', status, first: read, stream })
      started = true
    }
    if (sink) return sink.event(data)
    early.push(data)
  }
  const stream = {
    listen(to: StreamSink) {
      sink = to
      for (const data of early.splice(0)) to.event(data)
      if (over) to.end(failed)
    },
    pause: () => exchange().pause(),
    resume: () => exchange().resume(),
    abort() {
      over = true
      exchange().abort()
    },
  }
  return {
    data(chunk: Buffer) {
      try {
        for (const { data } of splitter.push(chunk)) deliver(data)
      } catch {
        exchange().abort()
        finish(new UpstreamFailure('invalid', 'an event of the stream is longer than 1 MiB'))
      }
    },
    end(failure: UpstreamFailure | undefined) {
      if (!failure) for (const { data } of splitter.end()) deliver(data)
      finish(failure ?? new UpstreamFailure('cut', 'the stream ended without [DONE]'))
    },
  }
}
