/** Tries of one endpoint: waits that grow, drawn from their whole span, and all within the one time of the call. */
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { chat, expectSettled, OPENAI } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const PATHS = [
  [OPENAI, {}],
  ['/v1/messages', {}],
  ['/v1/responses', { input: 'a', messages: undefined }],
] as const

/** Waits of a call are over at once, and are written down; the time of the call goes on by them. */
function leapingClock() {
  const waits: number[] = []
  let ahead = 0
  const clock = {
    ...systemClock,
    elapsed: () => systemClock.elapsed() + ahead,
    after(ms: number, callback: () => void) {
      // Waits between tries are whole milliseconds; what is left of the time of a call is not.
      if (!Number.isInteger(ms) || ms > 2_000) return systemClock.after(ms, callback)
      waits.push(ms)
      ahead += ms
      return systemClock.after(0, callback)
    },
  }
  return { clock, waits }
}

const started: Turnpike[] = []
afterAll(() => Promise.all(started.map((turnpike) => turnpike.close())))

async function startWith(fraction: () => number, limits: string) {
  const { clock, waits } = leapingClock()
  const turnpike = await startTurnpike({
    yaml: `
limits: { ${limits} }
routing: { circuitFailures: 0 }
models: [{ id: acme/down, endpoints: [{ provider: simulator, model: down, prices: { input: "1", output: "1" } }] }]
`,
    clock,
    random: { ...systemRandom, fraction },
  })
  started.push(turnpike)
  turnpike.simulator.script('down', [{ raw: '{"error":{"message":"no"}}' }], {
    status: 503,
    headers: { 'content-type': 'application/json' },
  })
  const callOn = async (path: string, form: object) => {
    const reply = await turnpike.request(path, { body: chat('acme/down', { max_tokens: 9, ...form }) })
    await reply.text()
    const record = (await expectSettled(turnpike)).at(-1)
    return { status: reply.status, record, attempts: record?.facts.attempts ?? [] }
  }
  return { clock, waits, callOn }
}

test('the waits between tries double up to two seconds, and chance draws from the whole span, on every path', async () => {
  let drawn = 0
  const { waits, callOn } = await startWith(() => drawn, 'retriesPerEndpoint: 7, attempts: 8, callSeconds: 600')
  for (const [fraction, expected] of [
    [0.999_999, [100, 200, 400, 800, 1_600, 2_000, 2_000]],
    [0.5, [50, 100, 200, 400, 800, 1_000, 1_000]],
    [0, [0, 0, 0, 0, 0, 0, 0]],
  ] as const) {
    drawn = fraction
    for (const [path, form] of PATHS) {
      waits.length = 0
      const { attempts, record } = await callOn(path, form)
      expect(attempts.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 503))
      expect(waits).toEqual(expected)
      expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
    }
  }
})

test('callers who failed together do not come back together', async () => {
  const { waits, callOn } = await startWith(Math.random, 'retriesPerEndpoint: 1, attempts: 2, callSeconds: 600')
  await Promise.all(Array.from({ length: 20 }, () => callOn(OPENAI, {})))
  expect(waits).toHaveLength(20)
  expect(waits.every((wait) => wait >= 0 && wait <= 100)).toBe(true)
  expect(new Set(waits).size).toBeGreaterThan(5)
})

test('no try begins where its wait would end behind the time of the call', async () => {
  const { waits, clock, callOn } = await startWith(
    () => 0.999_999,
    'retriesPerEndpoint: 20, attempts: 50, callSeconds: 5',
  )
  for (const [path, form] of PATHS) {
    waits.length = 0
    const begun = clock.elapsed()
    const { attempts, status } = await callOn(path, form)
    const took = clock.elapsed() - begun
    expect(status).toBeGreaterThanOrEqual(503)
    // 100, 200, 400, 800 and 1,600 are waited for where the machine is quick; two seconds more do not fit.
    expect(waits).toEqual([100, 200, 400, 800, 1_600].slice(0, waits.length))
    expect(attempts).toHaveLength(waits.length + 1)
    expect(took + Math.min(2_000, 100 * 2 ** waits.length)).toBeGreaterThanOrEqual(5_000)
  }
})
