/** A row of the bench: one way to load a target, and what is read off it. The rows themselves are in rows/. */
import type { Call, LoadResult } from './load.ts'
import type { MockSettings } from './mock-upstream.ts'
import type { Target, TargetName } from './targets.ts'

export type Metric = {
  key: string
  label: string
  unit: string
  /** How a target stands to the bare proxy, pair by pair: its share of it, or what it adds to it. */
  against: 'share' | 'added' | 'nothing'
  /** What is aimed at for Turnpike: of the comparison, or of the value where nothing is compared. */
  aim: string
}

export type Row = {
  name: string
  title: string
  payload: string
  metrics: readonly Metric[]
  mock: MockSettings
  /** Direct calls tell nothing here. */
  withoutDirect?: true
  /** No other target has what is measured. */
  only?: TargetName
  /** A new process for each measurement. */
  fresh?: true
  /** Found out once, before the rounds, on the slowest target; handed to each measurement. */
  calibrate?(bench: Bench, slowest: Target): Promise<number>
  measure(bench: Bench, target: Target, calibrated: number): Promise<Record<string, number>>
}

export type Pair = { first: Pick<Call, 'path' | 'body'>; next: NonNullable<Call['next']> }

/** What a row works with. Durations are milliseconds, and shorter in a quick run. */
export type Bench = {
  measureMs: number
  warmUpMs: number
  closed(target: Target, body: string, connections: number): Promise<LoadResult>
  open(target: Target, body: string, perSecond: number): Promise<LoadResult>
  /** Two requests, the second of which is about what the first made, as one call with a management key. */
  pairs(
    target: Target,
    pair: Pair,
    how: { kind: 'closed'; connections: number } | { kind: 'open'; perSecond: number },
  ): Promise<LoadResult>
  /** The longest that a tiny request, sent every 5 ms beside `load`, waited for its answer. */
  withProbe(target: Target, load: () => Promise<LoadResult>): Promise<{ load: LoadResult; longestWaitMs: number }>
  hold(target: Target, body: string, streams: number): Promise<void>
  release(): Promise<void>
  openUpstream(): Promise<number>
  pause(ms: number): Promise<void>
}

/** A chat call's body; a stream asks for its usage and its cost, which is where accounting shows. */
export function chatBody(target: Target, content: string, stream: boolean): string {
  const asked = stream ? { stream: true, stream_options: { include_usage: true }, usage: { include: true } } : {}
  return JSON.stringify({ model: target.model, messages: [{ role: 'user', content }], max_tokens: 100, ...asked })
}

const words =
  'the quick brown fox jumps over a lazy dog and runs along the river until night falls on seven quiet hills'.split(' ')

/** Prose of `bytes` characters, in which no word stands twice in the same company for long. */
export function prose(bytes: number): string {
  const parts: string[] = []
  for (let length = 0, n = 1; length < bytes; n += 1) {
    const word = `${words[(n * n + (n >> 3)) % words.length]} `
    parts.push(word)
    length += word.length
  }
  return parts.join('').slice(0, bytes)
}
