/** The client's side of a call: head, events, back-pressure, keep-alive, and whether anybody is still there. */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import type { Beating, Heartbeat } from './heartbeat.ts'

export type ClientResponse = {
  /** The client closed the connection before the reply ended. */
  readonly gone: boolean
  /** A stream's head is on its way: an error can no longer have a status of its own. */
  readonly begun: boolean
  /** Calls back once when the client goes; the result takes the callback back. */
  onGone(callback: () => void): () => void
  /** Headers that the reply gets beside the others, whatever its form; undefined takes one back. */
  also(headers: Readonly<Record<string, string | undefined>>): void
  /** Sends the head of an event stream, once. */
  begin(): void
  /** Sends events; false: wait for `onDrain` before more. */
  write(text: string): boolean
  onDrain(callback: () => void): void
  /** Ends a stream. */
  end(text?: string): void
  /** A whole reply. */
  send(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer): void
}

export type ResponseParts = {
  readonly response: ServerResponse
  readonly headers: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly heartbeat: Heartbeat
}

export function clientResponse({
  response,
  headers: own,
  clock,
  heartbeat,
}: ResponseParts): ClientResponse & { keepAlive(comment: string, everyMs: number): void } {
  const goneCallbacks = new Set<() => void>()
  let gone = false
  let headers = own
  let beating: Beating | undefined
  let held = ''
  const flush = () => {
    const text = held
    held = ''
    if (text !== '' && !gone && !response.writableEnded) response.write(text)
  }
  const stopBeating = () => {
    if (beating) heartbeat.remove(beating)
    beating = undefined
  }
  response.on('close', () => {
    stopBeating()
    if (response.writableFinished || gone) return
    gone = true
    for (const callback of [...goneCallbacks]) callback()
  })
  response.on('error', () => {}) // A write after the client left; `close` tells.

  const client = {
    get gone() {
      return gone
    },
    get begun() {
      return response.headersSent
    },
    onGone(callback: () => void) {
      if (gone) queueMicrotask(callback)
      goneCallbacks.add(callback)
      return () => goneCallbacks.delete(callback)
    },
    also(more: Readonly<Record<string, string | undefined>>) {
      const next: Record<string, string> = { ...headers }
      for (const [name, value] of Object.entries(more)) {
        if (value === undefined) delete next[name]
        else next[name] = value
      }
      headers = next
    },
    begin() {
      if (response.headersSent || gone) return
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    },
    write(text: string) {
      client.begin()
      if (beating) beating.lastAt = clock.elapsed()
      // Events that came together go on together: a write of its own for each would cost more than all else about it.
      if (held === '') queueMicrotask(flush)
      held += text
      return gone || !response.writableNeedDrain
    },
    onDrain: (callback: () => void) => void response.once('drain', callback),
    end(text?: string) {
      stopBeating()
      if (gone || response.writableEnded) return
      client.begin()
      const last = held + (text ?? '')
      held = ''
      response.end(last)
    },
    send(status: number, extra: Readonly<Record<string, string>>, body: string | Buffer) {
      stopBeating()
      if (gone || response.headersSent) return
      response.writeHead(status, {
        ...headers,
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        ...extra,
      })
      response.end(body)
    },
    keepAlive(comment: string, everyMs: number) {
      beating = { everyMs, lastAt: clock.elapsed(), beat: () => void client.write(comment) }
      heartbeat.add(beating)
    },
  }
  return client
}
