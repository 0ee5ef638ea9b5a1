/** What the rows work with: the load in one process, the probe in another, and the mock's settings. */
import { once } from 'node:events'
import { systemClock } from '../src/lib/clock.ts'
import { type Child, type ServingChild, startChild } from './child.ts'
import type { Call, Job, LoadResult } from './load.ts'
import type { MockSettings, MockStats } from './mock-upstream.ts'
import type { Bench, Pair } from './row.ts'
import type { Target } from './targets.ts'

export type Harness = Bench & { setMock(settings: MockSettings): Promise<void>; stop(): Promise<void> }

const probesPerSecond = 200

export function createHarness(mock: ServingChild, times: { measureMs: number; warmUpMs: number }): Harness {
  const load = startChild('load.ts')
  const probe = startChild('load.ts')
  const origin = `http://127.0.0.1:${mock.port}`
  return {
    ...times,
    closed: (target, body, connections) =>
      measured(load, { kind: 'closed', call: chatCall(target, body), connections, ...times }),
    open: (target, body, perSecond) =>
      measured(load, { kind: 'open', call: chatCall(target, body), perSecond, ...times }),
    pairs: (target, pair, how) => measured(load, { ...how, call: pairCall(target, pair), ...times }),
    async withProbe({ port }, work) {
      const call: Call = { port, method: 'GET', path: '/healthz', headers: {}, body: '' }
      const probing = measured(probe, { kind: 'open', call, perSecond: probesPerSecond, ...times })
      const [result, { service }] = await Promise.all([work(), probing])
      return { load: result, longestWaitMs: service.max }
    },
    async hold(target, body, streams) {
      await ask(load, { kind: 'hold', call: chatCall(target, body), streams })
    },
    async release() {
      await ask(load, { kind: 'release' })
    },
    async openUpstream() {
      const stats = (await (await fetch(`${origin}/stats`)).json()) as MockStats
      return stats.openStreams
    },
    pause: systemClock.sleep,
    async setMock(settings) {
      await fetch(`${origin}/settings`, { method: 'POST', body: JSON.stringify(settings) })
    },
    async stop() {
      await Promise.all([load.stop(), probe.stop()])
    },
  }
}

const chatCall = ({ port, headers }: Target, body: string): Call => ({
  port,
  method: 'POST',
  path: '/v1/chat/completions',
  headers,
  body,
})

const pairCall = ({ port, managementHeaders }: Target, { first, next }: Pair): Call => ({
  port,
  method: 'POST',
  headers: managementHeaders,
  ...first,
  next,
})

/** A figure with a failed call in it is none. */
async function measured(worker: Child, job: Job): Promise<LoadResult> {
  const result = (await ask(worker, job)) as LoadResult
  if (result.failures > 0) throw new Error(`${result.failures} calls failed, the first with ${result.failure}`)
  if (result.total.count === 0) throw new Error('no call ended in time')
  return result
}

async function ask({ process: worker }: Child, job: Job): Promise<unknown> {
  const over = new AbortController()
  try {
    worker.send(job)
    const answer = once(worker, 'message', { signal: over.signal })
    const death = once(worker, 'exit', { signal: over.signal }).then(() => Promise.reject(new Error('the load ended')))
    for (const either of [answer, death]) either.catch(() => {})
    return (await Promise.race([answer, death]))[0]
  } finally {
    over.abort()
  }
}
