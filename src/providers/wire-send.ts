/**
 * One call over a provider's connections, whatever its wire: the wire says how a whole reply and each event of a stream
 * look in the gateway's own form, and here and in `receiveStream` is all that the wires share — limits, early events,
 * back-pressure, cuts.
 */
import { type Dispatcher, Pool } from 'undici'
import { type Exchange, type Headers, openExchange } from './http-exchange.ts'
import type { Fields } from './json-fields.ts'
import {
  type Attempt,
  type UpstreamCall,
  UpstreamFailure,
  type UpstreamReply,
  type UpstreamStream,
} from './provider.ts'
import { chunksOf } from './whole-as-chunks.ts'
import type { Outgoing, Receiver, Receiving, Wire } from './wire.ts'
import { receiveStream } from './wire-stream.ts'

/** Connections to one provider; a call above it waits, within its own time limit. */
const MOST_CONNECTIONS = 2_048

export const openPool = (origin: string, connectMs: number): Pool =>
  new Pool(origin, {
    connections: MOST_CONNECTIONS,
    pipelining: 1,
    connect: { timeout: connectMs },
    keepAliveTimeout: 30_000,
  })

/** Sends the call. What it resolves and rejects with is what a provider's `send` promises. */
export function sendOver(pool: Dispatcher, wire: Wire, outgoing: Outgoing, call: UpstreamCall): Attempt {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamReply>()
  let receiver: Receiver | undefined
  const exchange: Exchange = openExchange(
    pool,
    {
      ...outgoing,
      firstByteMs: call.limits.firstByteMs,
      idleMs: call.stream ? call.limits.idleMs : call.limits.replyMs,
    },
    {
      head(status, headers) {
        const receiving = { wire, call, status, headers, exchange: () => exchange, resolve, reject }
        const streams = call.stream && status === 200 && isEventStream(headers)
        receiver = streams ? receiveStream(receiving) : receiveWhole(receiving)
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

function receiveWhole(receiving: Receiving): Receiver {
  const { call, exchange, resolve, reject } = receiving
  const parts: Buffer[] = []
  let bytes = 0
  return {
    data(chunk) {
      bytes += chunk.length
      if (bytes <= call.limits.replyBytes) parts.push(chunk)
      else {
        exchange().abort()
        reject(new UpstreamFailure('invalid', 'the reply is longer than the limit'))
      }
    },
    end(failure) {
      const reply = failure ?? readOrFail(receiving, parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts))
      if (reply instanceof UpstreamFailure) reject(reply)
      else resolve(reply)
    },
  }
}

/** Whatever a wire stumbles over, the provider wrote it: JSON may nest deeper than it can be written again. */
function readOrFail(receiving: Receiving, body: Buffer): UpstreamReply | UpstreamFailure {
  try {
    return readWhole(receiving, body)
  } catch {
    return new UpstreamFailure('invalid', 'the reply cannot be read', { status: receiving.status })
  }
}

function readWhole({ wire, call, status, headers }: Receiving, body: Buffer): UpstreamReply | UpstreamFailure {
  const plain = wire.bytes?.(status, headers, body)
  if (plain instanceof UpstreamFailure) return plain
  if (plain) return { kind: 'bytes', status, ...plain }
  const text = body.toString('utf8')
  if (call.stream && !wire.bytes) return asStream(status, readChunks(wire, status, headers, text))
  const reply = wire.whole(status, headers, text)
  return reply instanceof UpstreamFailure ? reply : { kind: 'whole', status, ...reply }
}

function readChunks(wire: Wire, status: number, headers: Headers, body: string): readonly Fields[] | UpstreamFailure {
  if (wire.chunks) return wire.chunks(status, headers, body)
  const reply = wire.whole(status, headers, body)
  return reply instanceof UpstreamFailure ? reply : chunksOf(reply.parsed)
}

/** A stream of what is all there already: the client gets what it asked for, though the provider did not send it so. */
function asStream(status: number, chunks: readonly Fields[] | UpstreamFailure): UpstreamReply | UpstreamFailure {
  if (chunks instanceof UpstreamFailure) return chunks
  const [first] = chunks
  if (!first) return new UpstreamFailure('invalid', 'the reply says nothing', { status })
  // Now, not when somebody listens: what cannot be written can still go to the next candidate.
  const said = chunks.map((chunk) => JSON.stringify(chunk))
  const stream: UpstreamStream = {
    listen(sink) {
      for (const data of said) sink.event(data)
      sink.end(undefined)
    },
    pause() {},
    resume() {},
    abort() {},
  }
  return { kind: 'stream', status, first, stream }
}
