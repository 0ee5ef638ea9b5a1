import { expect, test } from 'vitest'
import { isInterval, nextBoundary, occurrenceAt } from './plan.ts'

const at = (text: string) => Date.parse(text)
const begins = (interval: string, start: string, zone: string) =>
  [0, 1, 2].map((index) => new Date(occurrenceAt(interval, at(start), index, zone)).toISOString())

test('a plan of months begins on its day, and on the last one of a short month', () => {
  expect(begins('month', '2026-01-31T10:00:00Z', 'UTC')).toEqual([
    '2026-01-31T10:00:00.000Z',
    '2026-02-28T10:00:00.000Z',
    '2026-03-31T10:00:00.000Z',
  ])
})

test('a plan of days and weeks keeps the hour of its zone when clocks change', () => {
  expect(begins('1d', '2026-03-28T08:00:00Z', 'Europe/Berlin')[1]).toBe('2026-03-29T07:00:00.000Z')
  expect(begins('week', '2026-03-23T08:00:00Z', 'Europe/Berlin')[1]).toBe('2026-03-30T07:00:00.000Z')
  expect(begins('30d', '2026-01-01T00:00:00Z', 'UTC')[2]).toBe('2026-03-02T00:00:00.000Z')
})

test('the next boundary is that of the calendar', () => {
  const next = (interval: string) => new Date(nextBoundary(interval, at('2026-11-18T12:00:00Z'), 'UTC')).toISOString()
  expect(next('7d')).toBe('2026-11-19T00:00:00.000Z')
  expect(next('week')).toBe('2026-11-23T00:00:00.000Z')
  expect(next('month')).toBe('2026-12-01T00:00:00.000Z')
})

test('an interval is a week, a month or some days', () => {
  expect(['week', 'month', '1d', '365d'].map(isInterval)).toEqual([true, true, true, true])
  expect(['0d', 'd', 'year', '1.5d', '99999d', ''].map(isInterval)).toEqual([false, false, false, false, false, false])
})
