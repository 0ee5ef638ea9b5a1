import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { get_encoding } from 'tiktoken'
import { afterEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../lib/clock.ts'
import { createTokenCounter, type TokenCounter } from './token-counter.ts'
import { startTokenWorker } from './token-link.ts'

const WAIT = { waitMs: 60_000 }
const opened: TokenCounter[] = []
afterEach(async () => {
  for (const counter of opened.splice(0)) await counter.close()
})

function open(options: Parameters<typeof createTokenCounter>[0] = {}): TokenCounter {
  const counter = createTokenCounter({ ...options, limits: { ...WAIT, ...options.limits } })
  opened.push(counter)
  return counter
}

/** Starts real workers, and shows them to the test. */
function watched(): { workers: Worker[]; start: (jobMs: number) => Worker } {
  const workers: Worker[] = []
  const start = (jobMs: number): Worker => {
    const worker = startTokenWorker(jobMs)
    workers.push(worker)
    return worker
  }
  return { workers, start }
}

/** A clock whose timers the test lets ring. */
function handClock(): Clock & { ring(afterMs: number): void } {
  let now = 0
  const timers = new Set<() => void>()
  return {
    now: () => now,
    elapsed: () => now,
    sleep: () => Promise.reject(new Error('nobody sleeps here')),
    after(_, callback) {
      timers.add(callback)
      return { cancel: () => timers.delete(callback) }
    },
    ring(afterMs) {
      now += afterMs
      for (const callback of timers) callback()
      timers.clear()
    },
  }
}

const chunk = (content: string): string =>
  JSON.stringify([{ index: 0, delta: { content }, logprobs: null, finish_reason: null }])

describe('counting', () => {
  test('a text has its exact count, and the empty one needs no worker', async () => {
    const { workers, start } = watched()
    const counter = open({ start })
    expect(await counter.count('')).toEqual({ tokens: 0, exact: true })
    expect(workers).toHaveLength(0)
    expect(await counter.count('hello world')).toEqual({ tokens: 2, exact: true })
    expect(await counter.count('<|endoftext|>')).toEqual({ tokens: 7, exact: true })
    expect(workers).toHaveLength(1)
  })

  test('many streams at once each have the count of their own text', async () => {
    const counter = open({ limits: { batchChars: 64 } })
    const oracle = get_encoding('o200k_base')
    const streams = Array.from({ length: 20 }, (_, i) => ({
      stream: counter.open(),
      words: Array.from({ length: 50 }, (_, j) => ` word${i * j} 的é`),
    }))
    for (let j = 0; j < 50; j++) for (const { stream, words } of streams) stream.push(words[j] ?? '')
    const counts = await Promise.all(streams.map(({ stream }) => stream.finish()))
    expect(counts).toEqual(
      streams.map(({ words }) => ({ tokens: oracle.encode_ordinary(words.join('')).length, exact: true })),
    )
    oracle.free()
  })

  test("chunks count by their text, wherever the provider's chunks cut it", async () => {
    const stream = open({ limits: { batchChars: 200 } }).open()
    for (const piece of ['Count', 'ing to', 'kens is', ' fun', '.']) stream.pushChunks(chunk(piece))
    stream.pushChunks('{ malformed')
    stream.pushChunks(JSON.stringify([{ index: 0, delta: { tool_calls: [{ function: { arguments: '{"a":1}' } }] } }]))
    expect(await stream.finish()).toEqual({ tokens: 5 + 5, exact: true })
  })

  test('a run of more than 1 MiB is marked', async () => {
    const { tokens, exact } = await open().count('!'.repeat(2 ** 20 + 100_000))
    expect(exact).toBe(false)
    expect(tokens).toBeGreaterThan(0)
  })
})

describe('what cannot be counted is estimated at once', () => {
  test('a text above the limit of a job', async () => {
    const { workers, start } = watched()
    const counter = open({ start, limits: { jobBytes: 100 } })
    expect(await counter.count('x'.repeat(350))).toEqual({ tokens: 100, exact: false })
    expect(workers).toHaveLength(0)
  })

  test('the rest of a stream that outgrows its job', async () => {
    const stream = open({ limits: { jobBytes: 100, batchChars: 35 } }).open()
    for (let i = 0; i < 4; i++) stream.push(' hello hello hello hello hello hell')
    expect(await stream.finish()).toEqual({ tokens: 12 + 20, exact: false })
  })

  test('what finds the queue full, and the next text is exact again once it is not', async () => {
    const counter = open({ limits: { queueBytes: 1000 } })
    const first = counter.count(' hello'.repeat(150))
    expect(await counter.count('x'.repeat(350))).toEqual({ tokens: 100, exact: false })
    expect(await first).toEqual({ tokens: 150, exact: true })
    expect((await counter.count('x'.repeat(350))).exact).toBe(true)
  })

  test('chunks that find the queue full, by their text and not by their JSON', async () => {
    const stream = open({ limits: { queueBytes: 10 } }).open()
    for (let i = 0; i < 100; i++) stream.pushChunks(chunk(' hello!'))
    const { tokens, exact } = await stream.finish()
    expect(exact).toBe(false)
    expect(Math.abs(tokens - 200)).toBeLessThan(5)
  })

  test('everything after closing, and what was pending then', async () => {
    const counter = open()
    const pending = counter.count('x'.repeat(35))
    await counter.close()
    expect(await pending).toEqual({ tokens: 10, exact: false })
    expect(await counter.count('x'.repeat(35))).toEqual({ tokens: 10, exact: false })
  })
})

describe('a worker that fails', () => {
  test('turns what is pending into estimates, and the next use has a new one', async () => {
    const { workers, start } = watched()
    const failures: Error[] = []
    const counter = open({ start, limits: { batchChars: 7 }, onFailure: (cause) => failures.push(cause) })
    expect((await counter.count('warm')).exact).toBe(true)
    const stream = counter.open()
    stream.push('xxxxxxx')
    const pending = counter.count('x'.repeat(35))
    await workers[0]?.terminate()
    expect(await pending).toEqual({ tokens: 10, exact: false })
    stream.push('xxxxxxx')
    expect(await stream.finish()).toEqual({ tokens: 4, exact: false })
    expect(await counter.count('hello world')).toEqual({ tokens: 2, exact: true })
    expect([workers.length, failures.length]).toEqual([2, 1])
  })

  test('before its first answer is not replaced at once', async () => {
    const { workers, start } = watched()
    const clock = handClock()
    const counter = open({ start, clock })
    const pending = counter.count('x'.repeat(35))
    await workers[0]?.terminate()
    expect((await pending).exact).toBe(false)
    expect((await counter.count('hello world')).exact).toBe(false)
    expect(workers).toHaveLength(1)
    clock.ring(10_000)
    expect((await counter.count('hello world')).exact).toBe(true)
  })

  test('to answer in time gives an estimate, and is ended if it was silent all along', async () => {
    const { workers, start } = watched()
    const clock = handClock()
    const failures: Error[] = []
    const counter = open({ start, clock, onFailure: (cause) => failures.push(cause) })
    const pending = counter.count('x'.repeat(35))
    clock.ring(WAIT.waitMs)
    expect(await pending).toEqual({ tokens: 10, exact: false })
    expect(failures.map((cause) => cause.message)).toEqual(['the token worker was silent for 60000 ms'])
    clock.ring(10_000)
    expect((await counter.count('hello world')).exact).toBe(true)
    expect(workers).toHaveLength(2)
  })
})

test('a discarded stream frees its place in the queue', async () => {
  const counter = open({ limits: { queueBytes: 100, batchChars: 10 } })
  for (let i = 0; i < 30; i++) {
    const stream = counter.open()
    stream.push('x'.repeat(90))
    stream.discard()
    await counter.count('a')
  }
  expect(await counter.count(' hello'.repeat(15))).toEqual({ tokens: 15, exact: true })
})

test('an idle worker does not keep the process alive', async () => {
  const module = new URL('./token-counter.ts', import.meta.url).href
  const script = `
    import { createTokenCounter } from '${module}'
    const busy = setInterval(() => {}, 1000)
    const count = await createTokenCounter().count('hello world')
    clearInterval(busy)
    console.log(JSON.stringify(count))`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
  expect(JSON.parse(stdout)).toEqual({ tokens: 2, exact: true })
})

test('timers are those of the clock that is handed in, the real one by default', async () => {
  const counter = open({ clock: systemClock, limits: { waitMs: 1 } })
  expect(await counter.count('x'.repeat(35))).toEqual({ tokens: 10, exact: false })
})
