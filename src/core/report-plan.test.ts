import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketsIn, DAY_MS, planOf, type Segment, type Span } from './report-plan.ts'
import { QUARTER_MS } from './usage-sums.ts'

const at = (text: string) => Date.parse(text)
const lengths = (spans: readonly Span[] | undefined) => spans?.map(({ start, end }) => (end - start) / 3_600_000)

describe('buckets', () => {
  test('days are as long as the calendar says: 23 hours when clocks go forward, 25 when they go back', () => {
    const days = (start: string, end: string) =>
      lengths(bucketsIn({ start: at(start), end: at(end) }, 'day', 'America/New_York', 10))
    expect(days('2026-03-07T05:00Z', '2026-03-10T04:00Z')).toEqual([24, 23, 24])
    expect(days('2026-10-31T04:00Z', '2026-11-03T05:00Z')).toEqual([24, 25, 24])
  })

  test('hours begin where the clocks of the zone say so', () => {
    const hours = bucketsIn(
      { start: at('2026-05-01T18:15Z'), end: at('2026-05-01T20:30Z') },
      'hour',
      'Asia/Kathmandu',
      9,
    )
    expect(hours?.map(({ start }) => new Date(start).toISOString().slice(11, 16))).toEqual(['18:15', '19:15', '20:15'])
  })

  test('clocks that are set by half an hour cut one hour or make it longer, and no instant is lost', () => {
    const hours = (start: string) =>
      lengths(bucketsIn({ start: at(start), end: at(start) + 6 * 3_600_000 }, 'hour', 'Australia/Lord_Howe', 20))
    for (const start of ['2026-04-04T12:00Z', '2026-10-03T12:30Z']) {
      const found = hours(start) ?? []
      expect(found.reduce((sum, length) => sum + length, 0)).toBe(6)
      expect(found.some((length) => length === 0.5)).toBe(true)
    }
  })

  test('weeks begin on Monday, months on the first', () => {
    const range = { start: at('2026-01-28T00:00Z'), end: at('2026-03-05T00:00Z') }
    const starts = (kind: 'week' | 'month') =>
      bucketsIn(range, kind, 'UTC', 99)?.map(({ start }) => new Date(start).toISOString().slice(0, 10))
    expect(starts('month')).toEqual(['2026-01-28', '2026-02-01', '2026-03-01'])
    expect(starts('week')?.slice(0, 3)).toEqual(['2026-01-28', '2026-02-02', '2026-02-09'])
  })

  test('more than the most is said, not cut', () => {
    expect(bucketsIn({ start: 0, end: 5 * DAY_MS }, 'day', 'UTC', 4)).toBeUndefined()
  })

  test('whatever the zone, buckets tile the range', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('hour' as const, 'day' as const, 'week' as const, 'month' as const),
        fc.constantFrom(
          'UTC',
          'Asia/Kathmandu',
          'America/New_York',
          'Australia/Lord_Howe',
          'Pacific/Apia',
          'Africa/Casablanca',
        ),
        fc.integer({ min: 0, max: 4 * 365 * 96 }),
        fc.integer({ min: 1, max: 30 * 96 }),
        (kind, zone, from, length) => {
          const start = at('2024-01-01T00:00Z') + from * QUARTER_MS
          const range = { start, end: start + length * QUARTER_MS }
          const buckets = bucketsIn(range, kind, zone, 5_000) ?? []
          expect(buckets[0]?.start).toBe(range.start)
          expect(buckets.at(-1)?.end).toBe(range.end)
          for (const [index, bucket] of buckets.entries()) {
            expect(bucket.end).toBeGreaterThan(bucket.start)
            if (index > 0) expect(bucket.start).toBe(buckets[index - 1]?.end)
            expect(bucket.start % QUARTER_MS).toBe(0)
          }
        },
      ),
    )
  })
})

test('every quarter hour of a bucket is read from one place: a folded day, a folded quarter hour, or its records', () => {
  const quarter = fc.integer({ min: 0, max: 6 * 96 })
  fc.assert(
    fc.property(
      fc.uniqueArray(quarter, { minLength: 2, maxLength: 8 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 5 })),
      fc.uniqueArray(quarter, { maxLength: 40 }),
      (cuts, days, unfolded) => {
        const edges = cuts.toSorted((a, b) => a - b).map((cut) => cut * QUARTER_MS)
        const buckets = edges.slice(1).map((end, index) => ({ start: edges[index] ?? 0, end }))
        const changed = new Set(unfolded.map((each) => each * QUARTER_MS))
        const whole = new Set(
          days
            .map((day) => day * DAY_MS)
            .filter((day) => ![...changed].some((each) => each >= day && each < day + DAY_MS)),
        )
        const { days: byDay, quarters, records } = planOf(buckets, whole, changed)
        const all: [Segment, string][] = [
          ...byDay.map((each): [Segment, string] => [each, 'day']),
          ...quarters.map((each): [Segment, string] => [each, 'quarter']),
          ...records.map((each): [Segment, string] => [each, 'record']),
        ]
        for (const [index, { start, end }] of buckets.entries())
          for (let instant = start; instant < end; instant += QUARTER_MS) {
            const of = all.filter(([each]) => each.bucket === index && each.start <= instant && instant < each.end)
            expect(of).toHaveLength(1)
            expect(of[0]?.[1] === 'record').toBe(changed.has(instant))
          }
        for (const { start, end } of byDay)
          for (let day = start; day < end; day += DAY_MS) expect(whole.has(day)).toBe(true)
      },
    ),
  )
})
