import { expect, test } from 'vitest'
import { createAttempts } from './attempts.ts'

const MINUTE_MS = 60_000

function start() {
  let now = 1_000_000
  const attempts = createAttempts({ now: () => now })
  /** Milliseconds to wait, or 0 where the attempt may be made. */
  const wait = (address: string, name?: string): number => {
    try {
      attempts.begin(address, name)
      return 0
    } catch (error) {
      return (error as { extras: { retryAfterMs: number } }).extras.retryAfterMs
    }
  }
  return { attempts, wait, forward: (ms: number) => (now += ms) }
}

test('five failures for one person from one network, then a wait until the window is over', () => {
  const { wait, forward } = start()
  for (let n = 0; n < 5; n++) expect(wait('192.0.2.1', 'ann')).toBe(0)
  forward(5 * MINUTE_MS)
  expect(wait('192.0.2.1', 'ann')).toBe(10 * MINUTE_MS)
  expect(wait('192.0.2.1', 'bob')).toBe(0)
  expect(wait('192.0.2.2', 'ann')).toBe(0)
  forward(10 * MINUTE_MS)
  expect(wait('192.0.2.1', 'ann')).toBe(0)
})

test('who gets it right is not held back by what went wrong before', () => {
  const { wait, attempts } = start()
  for (let round = 0; round < 8; round++) {
    for (let n = 0; n < 3; n++) expect(wait('192.0.2.1', 'ann')).toBe(0)
    attempts.succeeded('192.0.2.1', 'ann')
    expect(wait('192.0.2.1', 'bob')).toBe(0)
    attempts.succeeded('192.0.2.1', 'bob')
  }
})

test('one network has thirty for all persons, and addresses of one IPv6 network are one', () => {
  const { wait } = start()
  for (let n = 0; n < 30; n++) expect(wait(`2001:db8::${n}`, `person ${n}`)).toBe(0)
  expect(wait('2001:db8::ffff', 'another')).toBeGreaterThan(0)
  expect(wait('2001:db8:1::1', 'another')).toBe(0)
})

test('a crowd of addresses has a hundred for one person', () => {
  const { wait } = start()
  for (let n = 0; n < 100; n++) expect(wait(`192.0.${n}.1`, 'ann')).toBe(0)
  expect(wait('198.51.100.1', 'ann')).toBeGreaterThan(0)
  expect(wait('198.51.100.1', 'bob')).toBe(0)
})

test('a refused attempt counts for nothing', () => {
  const { wait, forward } = start()
  for (let n = 0; n < 50; n++) wait('192.0.2.1', 'ann')
  expect(wait('192.0.2.1', 'bob')).toBe(0)
  forward(15 * MINUTE_MS)
  expect(wait('192.0.2.1', 'ann')).toBe(0)
})
