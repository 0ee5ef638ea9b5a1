/** What the dashboard reckons by itself, without a browser: shares, forecasts and rounding of exact text. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readable, rounded } from '../dashboard/src/amount-text.ts'
import { canPreview, previewDays, previewOf, type Rule } from '../dashboard/src/budget-preview.ts'
import { cliLine } from '../dashboard/src/cli-line.ts'
import { isAbove, negated, scaled } from '../dashboard/src/decimal.ts'
import { forecastOf } from '../dashboard/src/forecast.ts'
import { percentOf } from '../dashboard/src/percent.ts'
import { shortText } from '../dashboard/src/short-text.ts'

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

describe('what last month would have met', () => {
  beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-11-22T12:00:00Z'), toFake: ['Date'] }))
  afterEach(() => void vi.useRealTimers())

  const rule = (window: Rule['window'], metric: Rule['metric'] = 'usd'): Rule => ({
    ...{ scope: 'organisation', scopeId: 'default', metric, window, timeZone: 'Europe/Berlin' },
  })
  const range = { from: '2026-09-30T22:00:00.000Z', to: '2026-10-31T23:00:00.000Z', timeZone: 'Europe/Berlin' }
  const spent = (start: string, chargeUsd: string) => ({ start, requests: 2, totalTokens: 7, decimal: { chargeUsd } })
  const report = {
    range,
    buckets: [
      spent('2026-10-01T22:00:00.000Z', '1.000000001'),
      // The day on which the clocks go back.
      spent('2026-10-24T22:00:00.000Z', '2'),
      spent('2026-10-29T23:00:00.000Z', '0.5'),
    ],
  } as never

  test('is the whole of it for a month, and names the day on which the limit would have been reached', () => {
    expect(previewOf(report, rule('month'), '3.000000001')).toEqual({
      ...{ total: '3.500000001', most: '3.500000001', windows: 1, met: 1, firstMet: '2026-10-24T22:00:00.000Z' },
    })
    expect(previewOf(report, rule('month'), '3.500000002')).toMatchObject({ met: 0, firstMet: undefined })
    expect(previewOf(report, rule('month', 'requests'), '6')).toMatchObject({ total: '6', met: 1 })
  })

  test('is each day, week and hour by itself', () => {
    const first = '2026-10-01T22:00:00.000Z'
    expect(previewOf(report, rule('day'), '1')).toMatchObject({ windows: 31, met: 2, most: '2', firstMet: first })
    // The 25th is a Sunday, the 30th lies in the next week.
    expect(previewOf(report, rule('week'), '2.5')).toMatchObject({ windows: 5, met: 0, most: '2' })
    expect(previewOf(report, rule('hour'), '2')).toMatchObject({ windows: 31 * 24 + 1, met: 1 })
    expect(previewDays(rule('week'))).toEqual({ from: '2026-09-28', to: '2026-11-01' })
    expect(previewDays(rule('day'))).toEqual({ from: '2026-10-01', to: '2026-10-31' })
  })

  test('is not said of what reports do not know: minutes, single calls, calls at once', () => {
    expect([rule('minute'), rule('request'), rule('total', 'concurrency'), rule('total')].map(canPreview)).toEqual([
      ...[false, false, false, true],
    ])
  })
})

test.each([
  ['0', '$0'],
  ['0.000', '$0'],
  ['0.0000066', '$0.0000066'],
  ['0.000000001', '$0.000000001'],
  ['0.00012345', '$0.00012'],
  ['0.00996', '$0.01'],
  ['0.0635', '$0.06'],
  ['0.995', '$1.00'],
  ['1.5', '$1.50'],
  ['-0.0064', '−$0.0064'],
  ['-1234.5', '−$1,234.50'],
  ['9007199254740993.004', '$9,007,199,254,740,993.00'],
])('%s dollars are read as %s', (exact, read) => {
  expect(readable(rounded(exact))).toBe(read)
})

test('amounts with all digits lose none, and credits have no sign of money', () => {
  expect(readable('1234.000000001')).toBe('$1,234.000000001')
  expect([readable('0', ''), readable('-0.5', ''), readable('1200', '')]).toEqual(['0', '−0.5', '1,200'])
})

test('tokens are short from a thousand on', () => {
  expect([0, 999, 1_000, 12_345, 999_949, 999_950, 1_500_000, 2_000_000_000].map(shortText)).toEqual([
    ...['0', '999', '1.0 k', '12.3 k', '999.9 k', '1.0 M', '1.5 M', '2.0 G'],
  ])
})

test('a line for the shell is text to it, whatever stands in the address', () => {
  const query = { from: '2026-11-01', timeZone: 'Europe/Berlin', groupBy: ['api_key'], api_key: [''], user: undefined }
  expect(cliLine('usage report', query)).toBe(
    "turnpike usage report --from=2026-11-01 --time-zone=Europe/Berlin --group-by=api_key --api-key=''",
  )
  expect(cliLine('usage report', { model: "a'; rm -rf $HOME `x`" })).toBe(
    "turnpike usage report --model='a'\\''; rm -rf $HOME `x`'",
  )
})
