import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { utcRule, type WindowKind, type WindowRule, windowAt } from './window.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }
const HOUR = 3_600_000

const rule = (timeZone: string, window: WindowKind, more: Partial<WindowRule> = {}): WindowRule => ({
  ...utcRule(window),
  timeZone,
  ...more,
})

/** An instant inside the window, then the window. */
const CASES: readonly [zone: string, window: WindowKind, inside: string, start: string, end: string, hours: number][] =
  [
    ['America/New_York', 'day', '2026-03-08T12:00Z', '2026-03-08T05:00Z', '2026-03-09T04:00Z', 23],
    ['America/New_York', 'day', '2026-11-01T12:00Z', '2026-11-01T04:00Z', '2026-11-02T05:00Z', 25],
    ['Australia/Lord_Howe', 'day', '2026-04-05T12:00Z', '2026-04-04T13:00Z', '2026-04-05T13:30Z', 24.5],
    ['America/Santiago', 'day', '2026-09-06T12:00Z', '2026-09-06T04:00Z', '2026-09-07T03:00Z', 23],
    ['America/Havana', 'day', '2026-11-01T12:00Z', '2026-11-01T04:00Z', '2026-11-02T05:00Z', 25],
    ['Pacific/Apia', 'day', '2011-12-30T09:59Z', '2011-12-29T10:00Z', '2011-12-30T10:00Z', 24],
    ['Pacific/Apia', 'day', '2011-12-30T10:00Z', '2011-12-30T10:00Z', '2011-12-31T10:00Z', 24],
    ['Asia/Kathmandu', 'day', '2026-05-01T12:00Z', '2026-04-30T18:15Z', '2026-05-01T18:15Z', 24],
    ['Europe/Berlin', 'month', '2026-03-15T12:00Z', '2026-02-28T23:00Z', '2026-03-31T22:00Z', 743],
    ['Europe/Berlin', 'week', '2026-10-21T12:00Z', '2026-10-18T22:00Z', '2026-10-25T23:00Z', 169],
  ]

describe('a calendar window', () => {
  for (const [zone, window, inside, start, end, hours] of CASES)
    test(`${window} in ${zone} around ${inside} has ${hours} hours, at each of its instants`, () => {
      const expected = { start: Date.parse(start), end: Date.parse(end) }
      expect((expected.end - expected.start) / HOUR).toBe(hours)
      for (const at of [Date.parse(inside), expected.start, expected.end - 1])
        expect(windowAt(rule(zone, window), at)).toEqual(expected)
    })

  test('a short month uses its last day as the anchor', () => {
    const months = ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30'].map((day) => Date.parse(`${day}T00:00Z`))
    for (const zone of ['UTC', 'Etc/UTC'])
      for (let i = 0; i + 1 < months.length; i++)
        expect(windowAt(rule(zone, 'month', { anchorDay: 31 }), months[i] ?? 0)).toEqual({
          start: months[i],
          end: months[i + 1],
        })
  })

  test('minutes and hours are whole UTC ones in every zone, and `total` has no end', () => {
    const at = Date.parse('2026-05-01T10:17:42.5Z')
    expect(windowAt(rule('Asia/Kathmandu', 'hour'), at)).toEqual({
      start: Date.parse('2026-05-01T10:00Z'),
      end: Date.parse('2026-05-01T11:00Z'),
    })
    expect(windowAt(rule('Asia/Kathmandu', 'minute'), at)).toEqual({
      start: Date.parse('2026-05-01T10:17Z'),
      end: Date.parse('2026-05-01T10:18Z'),
    })
    expect(windowAt(rule('Asia/Kathmandu', 'total'), at)).toEqual({ start: 0, end: undefined })
  })
})

const anyRule = fc.record<WindowRule>({
  window: fc.constantFrom('day', 'week', 'month'),
  timeZone: fc.constantFrom('UTC', ...Intl.supportedValuesOf('timeZone')),
  weekStart: fc.integer({ min: 1, max: 7 }),
  anchorDay: fc.integer({ min: 1, max: 31 }),
})
const instant = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) })

function tiles(any: WindowRule, at: number): void {
  const { start, end = Number.NaN } = windowAt(any, at)
  expect(start).toBeLessThanOrEqual(at)
  expect(end).toBeGreaterThan(at)
  expect(windowAt(any, start)).toEqual({ start, end })
  expect(windowAt(any, end - 1)).toEqual({ start, end })
  expect(windowAt(any, end).start).toBe(end)
  expect(windowAt(any, start - 1).end).toBe(start)
}

describe('windows tile time', () => {
  test('no gap and no overlap in any zone from 1970 to 2100', () => {
    fc.assert(fc.property(anyRule, instant, tiles), { numRuns: 1_000, ...seed })
  })

  test('nor around the changes of clocks, which may skip a midnight, a day, or repeat one', () => {
    const near = fc.oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: -36 * HOUR, max: 36 * HOUR }))
    fc.assert(
      fc.property(anyRule, fc.nat(Date.UTC(2037, 0)), near, (any, from, offset) => {
        const zoned = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(any.timeZone)
        const change = zoned.getTimeZoneTransition('next') ?? zoned.getTimeZoneTransition('previous') ?? zoned
        tiles(any, Math.max(0, change.epochMilliseconds + offset))
      }),
      { numRuns: 150, ...seed },
    )
  })

  test('the short way for UTC and the calendar agree', () => {
    fc.assert(
      fc.property(anyRule, instant, (any, at) => {
        expect(windowAt({ ...any, timeZone: 'UTC' }, at)).toEqual(windowAt({ ...any, timeZone: 'Etc/UTC' }, at))
      }),
      { numRuns: 1_000, ...seed },
    )
  })
})
