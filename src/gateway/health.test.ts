import { expect, test } from 'vitest'
import { createLog } from '../lib/log.ts'
import { createHealth } from './health.ts'

const RULES = { failures: 2, coolMs: 1_000 }

function opened() {
  const lines: Record<string, unknown>[] = []
  let now = 0
  const health = createHealth({
    clock: { elapsed: () => now },
    log: createLog({ level: 'info', readable: false, write: (line) => void lines.push(JSON.parse(line)) }),
  })
  const forward = (ms: number) => {
    now += ms
  }
  return { health, lines, forward, endpoint: { id: 'acme/fast', hasCircuit: true } }
}

test('a circuit that opens and closes is told once each, with its endpoint', () => {
  const { health, lines, forward, endpoint } = opened()
  for (let times = 0; times < 5; times++) health.failed(endpoint, 'timeout', RULES)
  expect(lines).toMatchObject([{ level: 'warn', endpoint: 'acme/fast', failures: 2, coolingMs: 1_000 }])
  forward(1_000)
  expect(health.claim(endpoint)).toBe(true)
  health.answered(endpoint)
  health.served(endpoint, {})
  expect(lines.slice(1)).toMatchObject([{ level: 'info', endpoint: 'acme/fast' }])
})

test('an endpoint without a circuit has figures, and is never left alone', () => {
  const { health, lines } = opened()
  const endpoint = { id: 'simulator/server-error', hasCircuit: false }
  for (let times = 0; times < 50; times++) health.failed(endpoint, 'status', RULES, 60_000)
  expect(health.waitFor(endpoint)).toBe(0)
  expect(health.comesLast(endpoint)).toBe(false)
  expect(health.of(endpoint.id)).toMatchObject({ uptime5m: 0 })
  expect(lines).toEqual([])
})

test('what is kept of endpoints is bounded: those that were not called for longest are forgotten', () => {
  const { health, endpoint } = opened()
  health.served(endpoint, {})
  for (let index = 0; index < 5_000; index++) health.served({ id: `other/${index}`, hasCircuit: true }, {})
  expect(health.list()).toHaveLength(1_000)
  expect(health.of(endpoint.id)).toMatchObject({ uptime1d: null })
  // Asking about an endpoint keeps nothing of it.
  for (let index = 0; index < 100; index++) health.of(`asked/${index}`)
  expect(health.list()).toHaveLength(1_000)
})

test('new settings close all circuits, because what opened them may have been set right', () => {
  const { health, endpoint } = opened()
  for (let times = 0; times < 2; times++) health.failed(endpoint, 'credential', RULES, 5_000)
  expect(health.comesLast(endpoint)).toBe(true)
  health.forgive()
  expect([health.comesLast(endpoint), health.claim(endpoint), health.claim(endpoint)]).toEqual([false, true, true])
  expect(health.of(endpoint.id)).toMatchObject({ uptime5m: 0 })
})
