/** A stream as it comes: split into events, read by its wire, kept until somebody listens, and ended in one last word. */
import { createEventSplitter, EventTooLarge, type SseEvent } from '../lib/sse.ts'
import type { Exchange } from './http-exchange.ts'
import { type StreamSink, UpstreamFailure, type UpstreamStream } from './provider.ts'
import type { Receiver, Receiving } from './wire.ts'

const MAX_EVENT_BYTES = 1_048_576

/** Resolves when the answer begins, so that a stream which fails before it can still go to the next candidate. */
export function receiveStream({ wire, status, headers, exchange, resolve, reject }: Receiving): Receiver {
  const maxEventBytes = wire.eventBytes ?? MAX_EVENT_BYTES
  const splitter = createEventSplitter({ maxEventBytes })
  const outlet = createOutlet(exchange)
  let started = false

  const end = (failure: UpstreamFailure | undefined) => {
    outlet.end(failure)
    if (!started) reject(failure ?? new UpstreamFailure('cut', 'the stream ended before its first event'))
  }
  /** However it ends, what was held back is said: a finish reason that came is not lost with the connection. */
  const close = (failure: UpstreamFailure | undefined) => {
    if (outlet.over()) return
    const complete = reader.rest?.() ?? false
    end(failure ?? (complete ? undefined : new UpstreamFailure('cut', CUT)))
  }
  const stop = (failure: UpstreamFailure) => {
    if (outlet.over()) return
    exchange().abort()
    close(failure)
  }
  const reader = wire.stream(status, headers, {
    begin(first) {
      if (started || outlet.over()) return
      started = true
      resolve({ kind: 'stream', status, first, stream: outlet.stream })
    },
    chunk: outlet.say,
    end(failure) {
      if (failure) stop(failure)
      else end(undefined)
    },
  })
  const take = (events: readonly SseEvent[]) => {
    for (const event of events) if (!outlet.over()) reader.event(event)
  }
  return {
    data(chunk) {
      try {
        take(splitter.push(chunk))
      } catch (error) {
        stop(unreadable(error, maxEventBytes))
      }
    },
    end(failure) {
      try {
        if (!failure) take(splitter.end())
      } catch (error) {
        stop(unreadable(error, maxEventBytes))
      }
      close(failure)
    },
  }
}

const CUT = 'the stream ended before the provider said that it is complete'

const unreadable = (error: unknown, maxEventBytes: number): UpstreamFailure =>
  new UpstreamFailure(
    'invalid',
    error instanceof EventTooLarge
      ? `an event of the stream is longer than ${maxEventBytes} bytes`
      : 'an event of the stream cannot be read',
  )

/** What is said of a stream, until its end. It is kept until somebody listens. */
function createOutlet(exchange: () => Exchange) {
  const early: string[] = []
  let sink: StreamSink | undefined
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
  return {
    stream,
    over: () => over,
    say(data: string) {
      if (over) return
      if (sink) sink.event(data)
      else early.push(data)
    },
    /** Only the first last word counts. */
    end(failure: UpstreamFailure | undefined) {
      if (over) return
      over = true
      failed = failure
      sink?.end(failure)
    },
  }
}
