/** Days, zones, bars and changes as the dashboard reckons them, without a browser. */
import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sinceQuarter } from '../dashboard/src/budget-preview.ts'
import { changeText, partText } from '../dashboard/src/change-text.ts'
import { coloursOf } from '../dashboard/src/colours.ts'
import { daysOf, previousTo } from '../dashboard/src/days.ts'
import { bucketOf, bucketsFor } from '../dashboard/src/report.ts'
import { searchOf } from '../dashboard/src/search.ts'
import { columnsOf } from '../dashboard/src/stack.ts'
import { instantAt, wallTime } from '../dashboard/src/zone.ts'
import { sumOf } from '../sdk/src/decimal.ts'

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
]
const zone = fc.constantFrom(...ZONES)
const minute = fc.integer({ min: 0, max: 40_000_000 }).map((minutes) => minutes * 60_000)

describe('the clocks of a zone', () => {
  test('are read and set as by the calendar of the platform', () => {
    fc.assert(
      fc.property(zone, minute, (timeZone, at) => {
        const wall = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime()
        expect(wallTime(new Date(at), timeZone)).toBe(wall.toString({ smallestUnit: 'minute' }))
        const first = wall.toZonedDateTime(timeZone, { disambiguation: 'earlier' })
        expect(instantAt(wallTime(new Date(at), timeZone), timeZone).getTime()).toBe(first.epochMilliseconds)
      }),
    )
  })

  test('in an hour that they leave out an entered time is one that there is', () => {
    expect(instantAt('2026-03-29T02:30', 'Europe/Berlin').toISOString()).toBe('2026-03-29T01:30:00.000Z')
  })
})

test('the time since something began is never empty, also where the clock of the browser is behind the server’s', () => {
  const quarter = { from: '2026-03-30T12:00:00.000Z', to: '2026-03-30T12:15:00.000Z' }
  for (const at of ['2026-03-30T11:59:59.900Z', '2026-03-30T12:00:00Z', '2026-03-30T12:07:00Z']) {
    vi.useFakeTimers({ now: new Date(at), toFake: ['Date'] })
    expect(sinceQuarter('2026-03-30T12:00:00.100Z')).toEqual(quarter)
    vi.useRealTimers()
  }
})

describe('the time before', () => {
  beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-03-30T12:07:00Z'), toFake: ['Date'] }))
  afterEach(() => void vi.useRealTimers())

  test('is as long, and ends where the range begins', () => {
    expect(previousTo({ from: '2026-03-01', to: '2026-03-07' }, 'UTC')).toEqual({
      from: '2026-02-22',
      to: '2026-02-28',
    })
    const hour = { from: '2026-03-01T10:00:00.000Z', to: '2026-03-01T11:00:00.000Z' }
    expect(previousTo(hour, 'UTC')).toEqual({ from: '2026-03-01T09:00:00.000Z', to: hour.from })
  })

  test('of a range that runs has as much of its last day, by the clock, where the clocks changed between', () => {
    const days = daysOf({ range: 'Last 7 days' }, 'Europe/Berlin')
    expect(days).toEqual({ from: '2026-03-24', to: '2026-03-30' })
    // 14:15 of a summer's day, and of a winter's.
    expect(previousTo(days, 'Europe/Berlin')).toEqual({ from: '2026-03-17', to: '2026-03-23T13:15:00.000Z' })
  })

  test('of the first minutes of a day is not empty, and of its last ones the whole day', () => {
    vi.setSystemTime(new Date('2026-03-30T00:00:01Z'))
    expect(previousTo(daysOf({ range: 'Today' }, 'UTC'), 'UTC')).toEqual({
      from: '2026-03-29',
      to: '2026-03-29T00:15:00.000Z',
    })
    vi.setSystemTime(new Date('2026-03-30T23:50:00Z'))
    expect(previousTo(daysOf({ range: 'Today' }, 'UTC'), 'UTC').to).toBe('2026-03-30T00:00:00.000Z')
  })

  test('no bucket makes more bars than can be told apart', () => {
    expect(bucketsFor(16)).toContain('hour')
    expect(bucketsFor(17)).not.toContain('hour')
    expect(bucketOf({ range: 'Last 30 days', bucket: 'hour' }, 'UTC')).toBe('day')
    expect(bucketOf({ range: 'Today', bucket: 'month' }, 'UTC')).toBe('month')
  })
})

describe('bars', () => {
  const figures = { requests: 1, decimal: {} }
  const at = (start: string, end: string) => ({ start, end, key: {}, ...figures })
  const columns = (range: { from: string; to: string; timeZone: string; bucket: string }, buckets: object[]) =>
    columnsOf({ range, buckets } as never, () => [['calls', '1']], new Date('2026-10-25T23:30:00Z'))

  test('a day on which the clocks go back has 25 hours, and each leads to its own', () => {
    const range = {
      from: '2026-10-24T22:00:00.000Z',
      to: '2026-10-25T23:00:00.000Z',
      timeZone: 'Europe/Berlin',
      bucket: 'hour',
    }
    const twice = [
      at('2026-10-25T00:00:00.000Z', '2026-10-25T01:00:00.000Z'),
      at('2026-10-25T01:00:00.000Z', '2026-10-25T02:00:00.000Z'),
    ]
    const found = columns(range, twice)
    expect(found).toHaveLength(25)
    expect(found.filter(({ label }) => label.endsWith('02:00')).map(({ exact }) => exact.calls)).toEqual(['1', '1'])
    expect(found[2]?.span).toEqual({ from: twice[0]?.start, to: twice[0]?.end })
  })

  test('every day and month is there once, empty or not, and leads to whole days', () => {
    const range = { from: '2026-10-01T22:00:00.000Z', to: '2026-10-31T23:00:00.000Z', timeZone: 'Europe/Berlin' }
    const day = at('2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z')
    const days = columns({ ...range, bucket: 'day' }, [day])
    expect(days).toHaveLength(30)
    expect(days.filter(({ span }) => span !== undefined)).toMatchObject([
      { span: { from: '2026-10-25', to: '2026-10-25' } },
    ])
    expect(columns({ ...range, bucket: 'week' }, []).map(({ label }) => label)).toEqual([
      ...['week of 28 Sept', 'week of 05 Oct', 'week of 12 Oct', 'week of 19 Oct', 'week of 26 Oct'],
    ])
    expect(columns({ ...range, bucket: 'month' }, [])).toHaveLength(1)
  })

  test('come to the sum of what they are made of', () => {
    const amount = fc
      .bigInt(0n, 10n ** 18n)
      .map((units) => `${units / 1_000_000_000n}.${String(units % 1_000_000_000n).padStart(9, '0')}`)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 239 }), amount)), zone, (calls, timeZone) => {
        const start = Date.UTC(2026, 9, 20)
        const buckets = calls.map(([hour, text]) => ({
          ...at(new Date(start + hour * 3_600_000).toISOString(), ''),
          text,
        }))
        const range = {
          from: new Date(start).toISOString(),
          to: new Date(start + 240 * 3_600_000).toISOString(),
          timeZone,
          bucket: 'hour',
        }
        const found = columnsOf(
          { range, buckets } as never,
          (each) => [['a', (each as unknown as { text: string }).text]],
          new Date(0),
        )
        expect(sumOf(found.map(({ exact }) => exact.a ?? '0'))).toBe(sumOf(calls.map(([, text]) => text)))
      }),
      { numRuns: 50 },
    )
  })
})

test('a change is told in percent, exactly, and says new where nothing was', () => {
  expect(changeText('1.5', '1')).toBe('▲ +50.0 %')
  expect(changeText('0.9', '1')).toBe('▼ −10.0 %')
  expect(changeText('1.0005', '1')).toBe('▲ +0.1 %')
  expect(changeText('0.000000001', '0')).toBe('new')
  expect(changeText('0', '0')).toBe('as before')
  expect(changeText('9007199254740993', '9007199254740992.5')).toBe('▲ +0.0 %')
  expect(partText('0.000000001', '100')).toBe('< 0.1 %')
  expect(partText('1', '0')).toBe('—')
})

test('parts that are seen together differ in colour, and keep it in another company', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const colours = coloursOf(names)
  expect(new Set(colours.values()).size).toBe(names.length)
  for (const name of names) expect(coloursOf([name]).get(name)).toBe(colours.get(name))
})

test('of an address only what is part of a view is taken', () => {
  const view = {
    range: 'Custom',
    from: '2026-02-28',
    to: '2026-03-01T00:00:00.000Z',
    zone: 'Asia/Kathmandu',
    key: '',
    minCost: '0.1',
  }
  expect(searchOf(view)).toEqual(view)
  expect(
    searchOf({ range: '9d', from: '2026-02-31', to: 'now', zone: '../UTC', by: '__proto__', minCost: '-1', other: 1 }),
  ).toEqual({})
  // As the command line says it; and what every object has is no range.
  expect(searchOf({ range: '7d' })).toEqual({ range: 'Last 7 days' })
  expect(searchOf({ range: 'constructor' })).toEqual({})
  expect(searchOf({ model: 123, status: ['ok'], cursor: null })).toEqual({ model: '123' })
})
