/**
 * The thread that counts, as seen from the event loop: started when something is to be counted, replaced at the next use
 * after it died, with the bytes on their way to it bounded. It never keeps the process alive.
 */

import { Worker } from 'node:worker_threads'
import { beside } from '../lib/beside.ts'
import type { Clock } from '../lib/clock.ts'
import type { JobMessage, JobReply } from './token-jobs.ts'

type TokenLink = {
  /** False: no room or no worker, and nothing was sent. A message without bytes always finds room. */
  post(message: JobMessage, bytes: number): boolean
  /** Ends a worker that owes an answer and has given none for so long. */
  endIfSilent(ms: number): void
  close(): Promise<void>
}

type LinkOptions = {
  start: () => Worker
  clock: Clock
  queueBytes: number
  onReply: (reply: JobReply) => void
  /** The worker is gone, and with it all that was sent. No cause: it was closed. */
  onEnd: (cause: Error | undefined) => void
}

/** A worker that dies before its first answer will do so again: the next one is not started sooner than this. */
const RESTART_MS = 10_000
/** The heap that the worker may use; the ranks need 64 MB of it. Above, the worker ends and not the process. */
const HEAP_MB = 512

type Running = {
  readonly worker: Worker
  /** Sizes of the messages on their way; the worker answers each, in order. */
  readonly sent: number[]
  bytes: number
  heardAt: number
  answered: boolean
}

export function createTokenLink({ start, clock, queueBytes, onReply, onEnd }: LinkOptions): TokenLink {
  let running: Running | undefined
  let startableAt = Number.NEGATIVE_INFINITY
  let closed = false

  function begin(): Running {
    const worker = start()
    const began: Running = { worker, sent: [], bytes: 0, heardAt: clock.elapsed(), answered: false }
    let cause: Error | undefined
    worker.on('message', (reply: JobReply) => {
      if (running === began) hear(began, reply)
    })
    worker.on('error', (error) => {
      cause = error instanceof Error ? error : new Error(String(error))
    })
    worker.on('exit', (code) => end(began, cause ?? new Error(`the token worker ended with code ${code}`)))
    worker.unref()
    return began
  }

  function hear(from: Running, reply: JobReply): void {
    from.bytes -= from.sent.shift() ?? 0
    from.heardAt = clock.elapsed()
    from.answered = true
    onReply(reply)
  }

  function end(ended: Running, cause: Error | undefined): void {
    if (running !== ended) return
    running = undefined
    if (!ended.answered) startableAt = clock.elapsed() + RESTART_MS
    onEnd(cause)
  }

  return {
    post(message, bytes) {
      if (closed) return false
      if (bytes > 0 && (running?.bytes ?? 0) + bytes > queueBytes) return false
      if (!running && clock.elapsed() < startableAt) return false
      running ??= begin()
      if (running.sent.length === 0) running.heardAt = clock.elapsed()
      running.sent.push(bytes)
      running.bytes += bytes
      running.worker.postMessage(message)
      return true
    },
    endIfSilent(ms) {
      const silent = running
      if (!silent || silent.sent.length === 0 || clock.elapsed() - silent.heardAt < ms) return
      end(silent, new Error(`the token worker was silent for ${ms} ms`))
      void silent.worker.terminate()
    },
    async close() {
      closed = true
      const last = running
      if (!last) return
      end(last, undefined)
      await last.worker.terminate()
    },
  }
}

export function startTokenWorker(jobMs: number): Worker {
  const file = beside(import.meta.url, 'token-worker')
  // None of the process's own flags: what they load or listen on is for the process alone.
  return new Worker(file, { workerData: { jobMs }, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } })
}
