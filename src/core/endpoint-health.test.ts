import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  figuresOf,
  isFailing,
  newHealth,
  noteFailure,
  noteLatency,
  noteSuccess,
  noteThroughput,
} from './endpoint-health.ts'
import { addTo, newHistogram, percentilesOf } from './histogram.ts'

const MINUTE = 60_000

test('what was not measured is null, not zero', () => {
  expect(figuresOf(newHealth(), 5)).toEqual({
    uptime5m: null,
    uptime30m: null,
    uptime1d: null,
    latency30m: null,
    throughput30m: null,
  })
})

test('uptime is the share of calls that were served, over five minutes, half an hour and a day', () => {
  const health = newHealth()
  noteFailure(health, 'timeout', 0)
  noteSuccess(health, 20 * MINUTE)
  noteSuccess(health, 29 * MINUTE)
  noteFailure(health, 'cut', 29 * MINUTE)
  expect(figuresOf(health, 29 * MINUTE)).toMatchObject({ uptime5m: 50, uptime30m: 50, uptime1d: 50 })
  expect(figuresOf(health, 34 * MINUTE)).toMatchObject({ uptime5m: null, uptime30m: 66.667, uptime1d: 50 })
  expect(figuresOf(health, 23 * 60 * MINUTE)).toMatchObject({ uptime30m: null, uptime1d: 50 })
  expect(figuresOf(health, 25 * 60 * MINUTE)).toMatchObject({ uptime1d: null })
  expect(health).toMatchObject({ successes: 2, failures: { timeout: 1, cut: 1, connect: 0 } })
})

test('percentiles are of the last half hour, and within a twentieth of what was measured', () => {
  const health = newHealth()
  for (let ms = 1; ms <= 1_000; ms++) noteLatency(health, ms, 10 * MINUTE)
  noteThroughput(health, 80, 10 * MINUTE)
  const { latency30m, throughput30m } = figuresOf(health, 30 * MINUTE)
  for (const [name, exact] of [
    ['p50', 500],
    ['p75', 750],
    ['p90', 900],
    ['p99', 990],
  ] as const) {
    expect(latency30m?.[name]).toBeGreaterThan(exact * 0.9)
    expect(latency30m?.[name]).toBeLessThan(exact * 1.1)
  }
  expect(throughput30m?.p50).toBeCloseTo(80, -1)
  expect(figuresOf(health, 41 * MINUTE)).toMatchObject({ latency30m: null, throughput30m: null })
})

test('an endpoint is failing while more of its last calls failed than were served, one mishap apart', () => {
  const health = newHealth()
  noteFailure(health, 'connect', 0)
  noteFailure(health, 'connect', 0)
  expect(isFailing(health, 0)).toBe(false)
  noteFailure(health, 'connect', 0)
  expect(isFailing(health, MINUTE)).toBe(true)
  expect(isFailing(health, 3 * MINUTE)).toBe(false)
  for (let times = 0; times < 3; times++) noteSuccess(health, MINUTE)
  expect(isFailing(health, MINUTE)).toBe(false)
})

test('years of calls take the room of a day', () => {
  const health = newHealth()
  for (let hour = 0; hour < 5_000; hour++) {
    noteSuccess(health, hour * 37 * MINUTE)
    noteLatency(health, hour, hour * 37 * MINUTE)
  }
  const { minutes, halfHours, sizes } = health
  expect([minutes, halfHours, sizes].map(({ slots }) => slots.length)).toEqual([30, 48, 6])
})

test('a histogram reads back what went in, in order and to a twentieth, whatever the size', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.11, max: 1_000_000, noNaN: true }), { minLength: 1 }), (values) => {
      const histogram = newHistogram()
      for (const value of values) addTo(histogram, value)
      const read = percentilesOf([histogram])
      const sorted = values.toSorted((a, b) => a - b)
      const exact = sorted[Math.ceil(values.length * 0.5) - 1] ?? 0
      expect(read?.p50).toBeGreaterThan(exact * 0.94)
      expect(read?.p50).toBeLessThan(exact * 1.06)
      expect(read?.p75).toBeGreaterThanOrEqual(read?.p50 ?? 0)
      expect(read?.p99).toBeGreaterThanOrEqual(read?.p90 ?? 0)
    }),
  )
})

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300])('a histogram takes %s without harm', (value) => {
  const histogram = newHistogram()
  addTo(histogram, value)
  expect(Number.isFinite(percentilesOf([histogram])?.p50)).toBe(true)
})
