/**
 * Sends a reply step by step. It stops when the client is gone, waits when the client reads slowly, and gives the loop
 * back between batches, so that an answer without end holds up nobody else.
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import type { Reply, Step } from './reply.ts'

/** So many texts travel in one write, unless something stands between them. */
const BATCH = 16

export type Line = {
  readonly response: ServerResponse
  readonly clock: Clock
  /** Aborted once nobody listens any more. */
  readonly gone: AbortSignal
  /** Drops the connection on purpose. */
  readonly cut: () => void
}

export async function play(reply: Reply, line: Line): Promise<void> {
  let batch: string[] = []
  const flush = async () => {
    const text = batch.join('')
    batch = []
    if (text !== '') await send(line, reply, text)
  }
  for (const step of reply.body) {
    if (line.gone.aborted) return
    if (typeof step === 'string') {
      if (batch.push(step) === BATCH) await flush()
      continue
    }
    await flush()
    await take(line, reply, step)
    if ('last' in step) return
  }
  if (line.gone.aborted) return
  writeHead(line.response, reply)
  line.response.end(batch.join(''))
}

async function take(line: Line, reply: Reply, step: Exclude<Step, string>): Promise<void> {
  if (step instanceof Uint8Array) return send(line, reply, step)
  if ('wait' in step) return step.wait(line.gone)
  if ('waitMs' in step) return delay(line, step.waitMs)
  if (step.last === 'stall') return until(line.gone, () => () => {})
  // What was written before must have left, or the connection would drop earlier than it was meant to.
  await turn()
  line.cut()
}

function writeHead(response: ServerResponse, { status, headers }: Reply): void {
  if (!response.headersSent) response.writeHead(status, headers)
}

async function send(line: Line, reply: Reply, data: string | Uint8Array): Promise<void> {
  if (line.gone.aborted) return
  writeHead(line.response, reply)
  if (data.length === 0) line.response.flushHeaders()
  else if (!line.response.write(data)) await drained(line)
  await turn()
}

const drained = ({ response, gone }: Line): Promise<void> =>
  until(gone, (done) => {
    response.once('drain', done)
    return () => response.off('drain', done)
  })

const delay = ({ clock, gone }: Line, ms: number): Promise<void> =>
  until(gone, (done) => {
    const timer = clock.after(ms, done)
    return () => timer.cancel()
  })

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Ends when `begin` says that it is done, or when the client is gone; then what `begin` set up is taken down. */
export function until(gone: AbortSignal, begin: (done: () => void) => () => unknown): Promise<void> {
  if (gone.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      gone.removeEventListener('abort', done)
      stop()
      resolve()
    }
    const stop = begin(done)
    gone.addEventListener('abort', done)
  })
}
