/** What the worker thread does: texts under way, each with a counter for every string that grows, and a time limit. */
import type { O200k, TextCounter } from '../core/o200k.ts'
import { estimateTokens } from '../core/token-bound.ts'
import type { Clock } from '../lib/clock.ts'
import { choicesTexts } from './choices-text.ts'

export type JobMessage = {
  readonly job: number
  /** `choices`: JSON of chunks, each with a separator behind it. `end` asks for the count, `discard` forgets the job. */
  readonly kind: 'text' | 'choices' | 'end' | 'discard'
  readonly text: string
}
/** Every message has one reply, in order; that to `end` has the count. */
export type JobReply = { readonly job: number; readonly count?: { readonly tokens: number; readonly exact: boolean } }

type TokenJobs = { take(message: JobMessage): JobReply }

/** A reply has a few strings that grow (content, reasoning, arguments of each call); of one with more, the rest is estimated. */
const MAX_COUNTERS = 512
/** Between two looks at the clock, in UTF-16 units. */
const SLICE = 2 ** 16

type Job = { readonly counters: Map<string, TextCounter>; spentMs: number; estimated: number; exact: boolean }
type JobsOptions = { o200k: O200k; clock: Clock; jobMs: number }

export function createTokenJobs({ o200k, clock, jobMs }: JobsOptions): TokenJobs {
  const jobs = new Map<number, Job>()

  function jobOf(id: number): Job {
    const job = jobs.get(id) ?? { counters: new Map(), spentMs: 0, estimated: 0, exact: true }
    jobs.set(id, job)
    return job
  }

  function counterOf(job: Job, name: string): TextCounter | undefined {
    const found = job.counters.get(name)
    if (found || job.counters.size >= MAX_COUNTERS) return found
    const counter = o200k.createCounter()
    job.counters.set(name, counter)
    return counter
  }

  function feed(job: Job, name: string, text: string): void {
    const counter = counterOf(job, name)
    for (let at = 0; at < text.length; at += SLICE) {
      const slice = text.slice(at, at + SLICE)
      if (counter && job.spentMs <= jobMs) {
        const started = clock.elapsed()
        counter.push(slice)
        job.spentMs += clock.elapsed() - started
      } else {
        job.estimated += estimateTokens(slice)
        job.exact = false
      }
    }
  }

  return {
    take({ job: id, kind, text }) {
      if (kind === 'text') feed(jobOf(id), 'text', text)
      if (kind === 'choices') for (const [name, piece] of choicesTexts(text)) feed(jobOf(id), name, piece)
      if (kind === 'text' || kind === 'choices') return { job: id }
      const job = jobs.get(id)
      jobs.delete(id)
      return kind === 'end' ? { job: id, count: job ? totalOf(job) : { tokens: 0, exact: true } } : { job: id }
    },
  }
}

function totalOf({ counters, estimated, exact }: Job): { tokens: number; exact: boolean } {
  const all = [...counters.values()]
  const tokens = all.reduce((sum, counter) => sum + counter.count(), estimated)
  return { tokens, exact: exact && all.every((counter) => counter.exact()) }
}
