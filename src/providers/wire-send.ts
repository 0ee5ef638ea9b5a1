/**
 * One call over a provider's connections, whatever its wire: the wire says how a whole reply and each event of a stream
 * look in the gateway's own form, and here is all that the wires share — limits, early events, back-pressure, cuts.
 */
import { type Dispatcher, Pool } from 'undici'
import { createEventSplitter, type SseEvent } from '../lib/sse.ts'
import { type Exchange, type Headers, openExchange } from './http-exchange.ts'
import {
  type Attempt,
  type StreamSink,
  type UpstreamCall,
  UpstreamFailure,
  type UpstreamReply,
  type UpstreamStream,
} from './provider.ts'
import { wholeAsStream } from './whole-as-stream.ts'

type Fields = Readonly<Record<string, unknown>>

export type Wire = {
  /** A whole reply in the gateway's own form, or why it is none. */
  whole(status: number, headers: Headers, body: string): { body: string; parsed: Fields } | UpstreamFailure
  /** The same for replies that may be no JSON; undefined: this one is JSON, or is to be taken for it. */
  bytes?(
    status: number,
    headers: Headers,
    body: Buffer,
  ): { contentType: string; bytes: Buffer } | UpstreamFailure | undefined
  /** Reads the events of one stream, and tells `out` what they say. */
  stream(status: number, out: WireOut): (event: SseEvent) => void
}

export type WireOut = {
  /** The answer has begun: from here on no other candidate is tried. `first` is the first event, in the gateway's form. */
  begin(first: Fields): void
  /** The data of one event in the gateway's own form. What comes before `begin` is kept until then. */
  chunk(data: string): void
  /** The provider's last word: complete, or failed. */
  end(failure?: UpstreamFailure): void
}

export type Outgoing = {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | Buffer
}

/** Connections to one provider; a call above it waits, within its own time limit. */
const MOST_CONNECTIONS = 2_048
const MAX_EVENT_BYTES = 1_048_576

export const openPool = (origin: string, connectMs: number): Pool =>
  new Pool(origin, {
    connections: MOST_CONNECTIONS,
    pipelining: 1,
    connect: { timeout: connectMs },
    keepAliveTimeout: 30_000,
  })

export function sendOver(pool: Dispatcher, wire: Wire, outgoing: Outgoing, call: UpstreamCall): Attempt {
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
          stream = streamReply(wire, status, () => exchange, resolve, reject)
        else
          whole = wholeReply(
            (body) => readWhole(wire, status, headers, body),
            call.limits.replyBytes,
            call.stream && !wire.bytes ? (reply) => resolve(asStream(reply)) : resolve,
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
  }
}

const isEventStream = (headers: Headers): boolean =>
  String(headers['content-type'] ?? '').startsWith('text/event-stream')

type Resolve = (reply: UpstreamReply) => void
type Reject = (failure: UpstreamFailure) => void

type WholeReply = UpstreamReply & { readonly kind: 'whole' | 'bytes' }

function readWhole(wire: Wire, status: number, headers: Headers, body: Buffer): WholeReply | UpstreamFailure {
  const plain = wire.bytes?.(status, headers, body)
  if (plain instanceof UpstreamFailure) return plain
  if (plain) return { kind: 'bytes', status, ...plain }
  const reply = wire.whole(status, headers, body.toString('utf8'))
  return reply instanceof UpstreamFailure ? reply : { kind: 'whole', status, ...reply }
}

const asStream = (reply: WholeReply): UpstreamReply => (reply.kind === 'whole' ? wholeAsStream(reply) : reply)

function wholeReply(
  read: (body: Buffer) => WholeReply | UpstreamFailure,
  limit: number,
  resolve: (reply: WholeReply) => void,
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
      const reply = read(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
      if (reply instanceof UpstreamFailure) reject(reply)
      else resolve(reply)
    },
  }
}

/** Resolves when the answer begins, so that a stream which fails before it can still go to the next candidate. */
function streamReply(wire: Wire, status: number, exchange: () => Exchange, resolve: Resolve, reject: Reject) {
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
  const stream: UpstreamStream = {
    listen(to) {
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
  const read = wire.stream(status, {
    begin(first) {
      if (started || over) return
      started = true
      resolve({ kind: 'stream', status, first, stream })
    },
    chunk(data) {
      if (over) return
      if (sink) sink.event(data)
      else early.push(data)
    },
    end(failure) {
      if (failure && !over) exchange().abort()
      finish(failure)
    },
  })
  const take = (events: readonly SseEvent[]) => {
    for (const event of events) if (!over) read(event)
  }
  return {
    data(chunk: Buffer) {
      try {
        take(splitter.push(chunk))
      } catch {
        exchange().abort()
        finish(new UpstreamFailure('invalid', 'an event of the stream is longer than 1 MiB'))
      }
    },
    end(failure: UpstreamFailure | undefined) {
      if (!failure) take(splitter.end())
      finish(failure ?? new UpstreamFailure('cut', 'the stream ended before the provider said that it is complete'))
    },
  }
}
