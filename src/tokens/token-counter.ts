/**
 * Exact o200k counts, off the event loop: one worker thread, started at first use, behind a queue bounded in bytes. What
 * does not fit, takes too long or is lost with the worker is estimated from its length; nobody ever waits for room.
 */
import type { Worker } from 'node:worker_threads'
import { estimateFromBytes, utf8Length } from '../core/token-bound.ts'
import { type Clock, systemClock, type Timer } from '../lib/clock.ts'
import { CHUNK_SEPARATOR, visibleBytes } from './choices-text.ts'
import type { JobReply } from './token-jobs.ts'
import { createTokenLink, startTokenWorker } from './token-link.ts'

/** `exact`: every token was counted. Otherwise some or all of them are estimates. */
export type TokenCount = { readonly tokens: number; readonly exact: boolean }

/** A text that arrives in pieces. It ends with one `finish` or `discard`; nothing is pushed after that. */
export type TokenStream = {
  push(text: string): void
  /** The raw JSON text of a chunk's `choices`: content, reasoning, refusals, calls and completion text are counted. */
  pushChunks(choicesJson: string): void
  finish(): Promise<TokenCount>
  discard(): void
}

export type TokenCounter = {
  count(text: string): Promise<TokenCount>
  open(): TokenStream
  /** Ends the worker. What is pending, and all that comes later, is estimated. */
  close(): Promise<void>
}

type TokenLimits = {
  /** Bytes sent to the worker and not yet counted; what comes on top is estimated. */
  readonly queueBytes: number
  /** Bytes of one text; the rest of a longer one is estimated. */
  readonly jobBytes: number
  /** Pushes are collected up to this many UTF-16 units before they go to the worker. */
  readonly batchChars: number
  /** The worker's time for one text; the rest is estimated. */
  readonly jobMs: number
  /** How long `finish` waits for the worker. Then the text is estimated, and a worker silent for so long is ended. */
  readonly waitMs: number
}

const LIMITS: TokenLimits = {
  queueBytes: 16 * 2 ** 20,
  jobBytes: 8 * 2 ** 20,
  batchChars: 32 * 2 ** 10,
  jobMs: 3000,
  waitMs: 5000,
}

type TokenCounterOptions = {
  limits?: Partial<TokenLimits>
  clock?: Clock
  /** Told why a worker ended, unless it was closed. */
  onFailure?: (cause: Error) => void
  start?: (jobMs: number) => Worker
}

type Job = {
  readonly id: number
  /** Visible bytes in all, and those of them that the worker does not have. */
  bytes: number
  unsent: number
  /** False once something was not sent. */
  complete: boolean
  /** Set once the worker's answer can no longer be had. */
  lost: boolean
  resolve?: (count: TokenCount) => void
  timer?: Timer
}

export function createTokenCounter(options: TokenCounterOptions = {}): TokenCounter {
  const { clock = systemClock, start = startTokenWorker, onFailure = () => {} } = options
  const limits = { ...LIMITS, ...options.limits }
  /** The jobs that the worker knows. */
  const jobs = new Map<number, Job>()
  const link = createTokenLink({
    start: () => start(limits.jobMs),
    clock,
    queueBytes: limits.queueBytes,
    onReply,
    onEnd,
  })
  let lastId = 0

  function onReply({ job: id, count }: JobReply): void {
    const job = jobs.get(id)
    if (!job || !count) return
    settle(job, { tokens: count.tokens + estimateFromBytes(job.unsent), exact: count.exact && job.complete })
  }

  function onEnd(cause: Error | undefined): void {
    for (const job of jobs.values()) lose(job)
    if (cause) onFailure(cause)
  }

  function lose(job: Job): void {
    job.lost = true
    settle(job, estimateOf(job))
  }

  function settle(job: Job, count: TokenCount): void {
    jobs.delete(job.id)
    job.timer?.cancel()
    job.resolve?.(count)
  }

  function send(job: Job, kind: 'text' | 'choices', text: string): void {
    const bytes = utf8Length(text)
    const visible = kind === 'text' ? bytes : visibleBytes(text, bytes)
    job.bytes += visible
    const fits = !job.lost && job.bytes - job.unsent <= limits.jobBytes
    if (fits && link.post({ job: job.id, kind, text }, bytes)) jobs.set(job.id, job)
    else {
      job.unsent += visible
      job.complete = false
    }
  }

  async function answer(job: Job): Promise<TokenCount> {
    if (!jobs.has(job.id)) return job.complete && !job.lost ? { tokens: 0, exact: true } : estimateOf(job)
    return await new Promise<TokenCount>((resolve) => {
      job.resolve = resolve
      job.timer = clock.after(limits.waitMs, () => {
        lose(job)
        link.endIfSilent(limits.waitMs)
      })
      link.post({ job: job.id, kind: 'end', text: '' }, 0)
    })
  }

  function open(): TokenStream {
    const job: Job = { id: ++lastId, bytes: 0, unsent: 0, complete: true, lost: false }
    let batch = ''
    let batchKind: 'text' | 'choices' = 'text'

    function flush(): void {
      if (batch !== '') send(job, batchKind, batch)
      batch = ''
    }

    function add(kind: 'text' | 'choices', text: string): void {
      if (kind !== batchKind) {
        flush()
        batchKind = kind
      }
      batch += text
      if (batch.length >= limits.batchChars) flush()
    }

    return {
      push: (text) => add('text', text),
      pushChunks: (choicesJson) => add('choices', choicesJson + CHUNK_SEPARATOR),
      finish() {
        flush()
        return answer(job)
      },
      discard() {
        batch = ''
        if (jobs.delete(job.id)) link.post({ job: job.id, kind: 'discard', text: '' }, 0)
      },
    }
  }

  return {
    count(text) {
      const stream = open()
      stream.push(text)
      return stream.finish()
    },
    open,
    close: () => link.close(),
  }
}

const estimateOf = (job: Job): TokenCount => ({ tokens: estimateFromBytes(job.bytes), exact: false })
