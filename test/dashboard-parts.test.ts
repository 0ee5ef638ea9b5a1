/** What the dashboard reckons by itself, without a browser: shares, forecasts and rounding of exact text. */
import { describe, expect, test } from 'vitest'
import { isAbove, negated, scaled } from '../dashboard/src/decimal.ts'
import { forecastOf } from '../dashboard/src/forecast.ts'
import { percentOf } from '../dashboard/src/percent.ts'

const at = (text: string) => new Date(text)
const month = { windowStart: '2026-11-01T00:00:00.000Z', windowEnd: '2026-12-01T00:00:00.000Z' }

describe('the forecast of a budget', () => {
  const spent = (metric: 'usd' | 'tokens' | 'concurrency', value: string) => ({
    metric,
    ...month,
    decimal: { spent: value },
  })

  test('goes on as the window went so far, exactly', () => {
    expect(forecastOf(spent('usd', '12.000000001'), at('2026-11-16T00:00:00Z'))).toBe('24.000000002')
    expect(forecastOf(spent('tokens', '1001'), at('2026-11-11T00:00:00Z'))).toBe('3003')
    expect(forecastOf(spent('usd', '0'), at('2026-11-16T00:00:00Z'))).toBe('0')
  })

  test('is not made of what says nothing: a window just begun, one without an end, calls at once', () => {
    expect(forecastOf(spent('usd', '1'), at('2026-11-01T06:00:00Z'))).toBeUndefined()
    expect(forecastOf(spent('concurrency', '1'), at('2026-11-16T00:00:00Z'))).toBeUndefined()
    expect(forecastOf({ ...spent('usd', '1'), windowEnd: null }, at('2026-11-16T00:00:00Z'))).toBeUndefined()
  })
})

test('amounts beyond what a float holds are compared, scaled and turned around to the last digit', () => {
  expect(isAbove('9007199254740993.000000001', '9007199254740993')).toBe(true)
  expect(isAbove('-0.2', '-0.1')).toBe(false)
  expect(scaled('9007199254740993', 1n, 1n)).toBe('9007199254740993')
  expect(scaled('-1', 1n, 3n)).toBe('-0.333333333')
  expect([negated('1.5'), negated('-1.5')]).toEqual(['-1.5', '1.5'])
})

test('a limit of 0 is full from the start, and no bar is wider than its place', () => {
  expect(percentOf('0', '0')).toBe(100)
  expect(percentOf('3', '2')).toBe(100)
  expect(percentOf('-1', '2')).toBe(0)
  expect(percentOf('0.333', '1')).toBe(33.3)
})
