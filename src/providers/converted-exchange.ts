/**
 * One call over a wire that is not OpenAI's: the bytes of the reply go through the wire's converter, which answers in the
 * gateway's own form, and come out as a whole reply or as a stream. The converter knows no network, this file no wire.
 */
import type { Dispatcher } from 'undici'
import { createEventSplitter, EventTooLarge } from '../lib/sse.ts'
import { type Exchange, type Headers, openExchange } from './http-exchange.ts'
import {
  type Attempt,
  type StreamSink,
  type UpstreamCall,
  UpstreamFailure,
  type UpstreamReply,
  type UpstreamStream,
} from './provider.ts'

/** A JSON object in the gateway's form: a completion, or a chunk of one. */
export type Converted = Readonly<Record<string, unknown>>

export type Conversion = {
  /** The body of any reply that is no event stream, errors among them. */
  whole(status: number, headers: Headers, body: string): Converted | UpstreamFailure
  /** The same where a stream was asked for: its chunks. */
  wholeAsChunks(status: number, headers: Headers, body: string): readonly Converted[] | UpstreamFailure
  stream(headers: Headers): StreamConversion
}

type StreamConversion = {
  /** The chunks that come of one event; none where there is nothing to say yet. */
  event(data: string): readonly Converted[] | UpstreamFailure
  /** The connection has ended or failed: what was held back, and whether the answer is complete. */
  end(): { readonly chunks: readonly Converted[]; readonly complete: boolean }
}

export type Outgoing = {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
  /** The longest event that is taken, in bytes. */
  readonly eventBytes: number
}

type Settling = {
  readonly resolve: (reply: UpstreamReply) => void
  readonly reject: (failure: UpstreamFailure) => void
}

/** Sends the call. What it resolves and rejects with is what a provider's `send` promises. */
export function sendConverted(
  pool: Dispatcher,
  outgoing: Outgoing,
  conversion: Conversion,
  call: UpstreamCall,
): Omit<Attempt, 'ignored'> {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamReply>()
  const settling = { resolve, reject }
  let receiver: Receiver | undefined
  const exchange: Exchange = openExchange(
    pool,
    {
      path: outgoing.path,
      headers: outgoing.headers,
      body: outgoing.body,
      firstByteMs: call.limits.firstByteMs,
      idleMs: call.stream ? call.limits.idleMs : call.limits.replyMs,
    },
    {
      head(status, headers) {
        receiver =
          call.stream && status === 200 && isEventStream(headers)
            ? receiveStream(conversion.stream(headers), outgoing.eventBytes, () => exchange, settling)
            : receiveWhole({ conversion, status, headers, call, exchange: () => exchange, settling })
      },
      data: (chunk) => receiver?.data(chunk),
      end: () => receiver?.end(undefined),
      fail(failure) {
        if (receiver) receiver.end(failure)
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

type Receiver = { data(chunk: Buffer): void; end(failure: UpstreamFailure | undefined): void }

type Whole = {
  readonly conversion: Conversion
  readonly status: number
  readonly headers: Headers
  readonly call: UpstreamCall
  readonly exchange: () => Exchange
  readonly settling: Settling
}

function receiveWhole({ conversion, status, headers, call, exchange, settling }: Whole): Receiver {
  const parts: Buffer[] = []
  let bytes = 0
  const replyOf = (body: string): UpstreamReply | UpstreamFailure => {
    if (!call.stream) {
      const parsed = conversion.whole(status, headers, body)
      return parsed instanceof UpstreamFailure
        ? parsed
        : { kind: 'whole', status, body: JSON.stringify(parsed), parsed }
    }
    const chunks = conversion.wholeAsChunks(status, headers, body)
    if (chunks instanceof UpstreamFailure) return chunks
    const [first] = chunks
    if (!first) return new UpstreamFailure('invalid', 'the reply says nothing', { status })
    return { kind: 'stream', status, first, stream: finishedStream(chunks) }
  }
  const settle = (reply: UpstreamReply | UpstreamFailure) => {
    if (reply instanceof UpstreamFailure) settling.reject(reply)
    else settling.resolve(reply)
  }
  return {
    data(chunk) {
      bytes += chunk.length
      if (bytes <= call.limits.replyBytes) parts.push(chunk)
      else {
        exchange().abort()
        settling.reject(new UpstreamFailure('invalid', 'the reply is longer than the limit'))
      }
    },
    end(failure) {
      settle(failure ?? replyOf(Buffer.concat(parts).toString('utf8')))
    },
  }
}

/** A stream of what is all there already. */
const finishedStream = (chunks: readonly Converted[]): UpstreamStream => ({
  listen(sink) {
    for (const chunk of chunks) sink.event(JSON.stringify(chunk))
    sink.end(undefined)
  },
  pause() {},
  resume() {},
  abort() {},
})

/** Resolves at the first chunk, so that a stream which fails before it can still go to the next candidate. */
function receiveStream(
  conversion: StreamConversion,
  maxEventBytes: number,
  exchange: () => Exchange,
  { resolve, reject }: Settling,
): Receiver {
  const splitter = createEventSplitter({ maxEventBytes })
  const early: string[] = []
  let sink: StreamSink | undefined
  let started = false
  let over = false
  let failed: UpstreamFailure | undefined

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
  const pass = (chunks: readonly Converted[]) => {
    for (const chunk of chunks) {
      if (over) return
      const data = JSON.stringify(chunk)
      if (sink) sink.event(data)
      else early.push(data)
      if (!started) resolve({ kind: 'stream', status: 200, first: chunk, stream })
      started = true
    }
  }
  /** However it ends, what was held back is said: a finish reason that came is not lost with the connection. */
  const finish = (failure: UpstreamFailure | undefined) => {
    if (over) return
    const { chunks, complete } = conversion.end()
    pass(chunks)
    if (over) return
    over = true
    failed = failure ?? (complete ? undefined : new UpstreamFailure('cut', 'the stream ended before the answer did'))
    if (sink) sink.end(failed)
    else if (!started) reject(failed ?? new UpstreamFailure('cut', 'the stream ended before its first event'))
  }
  const stop = (failure: UpstreamFailure) => {
    finish(failure)
    exchange().abort()
  }
  const take = (events: readonly { readonly data: string }[]) => {
    for (const { data } of events) {
      if (over) return
      const chunks = conversion.event(data)
      if (chunks instanceof UpstreamFailure) return stop(chunks)
      pass(chunks)
    }
  }
  return {
    data(chunk) {
      try {
        take(splitter.push(chunk))
      } catch (error) {
        if (!(error instanceof EventTooLarge)) throw error
        stop(new UpstreamFailure('invalid', `an event of the stream is longer than ${maxEventBytes} bytes`))
      }
    },
    end(failure) {
      if (!failure) take(splitter.end())
      finish(failure)
    },
  }
}
