import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS } from '../lib/clock.ts'
import { bucketsIn, partedBy, planOf, type Segment, type Span } from './report-plan.ts'
import { FOLDED_SPANS, SPAN_MS, type SpanName } from './report-spans.ts'
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

const NAMES: readonly SpanName[] = FOLDED_SPANS.toReversed()

test('every quarter hour of a bucket is read from one place: a span that is usable, or by itself', () => {
  const quarter = fc.integer({ min: 0, max: 70 * 96 })
  fc.assert(
    fc.property(
      fc.uniqueArray(quarter, { minLength: 2, maxLength: 8 }),
      fc.uniqueArray(quarter, { maxLength: 40 }),
      (cuts, unfolded) => {
        const edges = cuts.toSorted((a, b) => a - b).map((cut) => cut * QUARTER_MS)
        const buckets = edges.slice(1).map((end, index) => ({ start: edges[index] ?? 0, end }))
        const changed = unfolded.map((each) => each * QUARTER_MS).toSorted((a, b) => a - b)
        const isUsable = (name: SpanName, start: number) =>
          !changed.some((each) => each >= start && each < start + SPAN_MS[name])
        const { spans, rest } = planOf(buckets, NAMES, isUsable)
        const { same, other } = partedBy(changed, rest)
        const read = [...[...spans.values()].flat(), ...same, ...other]
        for (const [index, { start, end }] of buckets.entries()) {
          const own = read.filter(({ bucket }) => bucket === index).toSorted((a, b) => a.start - b.start)
          expect([own[0]?.start, own.at(-1)?.end]).toEqual([start, end])
          for (const [n, segment] of own.slice(1).entries()) expect(segment.start).toBe(own[n]?.end)
        }
        for (const [name, segments] of spans)
          for (const { start, end } of segments)
            for (let at = start; at < end; at += SPAN_MS[name]) {
              expect(at % SPAN_MS[name]).toBe(0)
              expect(isUsable(name, at)).toBe(true)
            }
        const apart = other.flatMap(({ start, end }) => quartersIn({ start, end }))
        const within = changed.filter((each) => each >= (edges[0] ?? 0) && each < (edges.at(-1) ?? 0))
        expect(apart).toEqual(within)
      },
    ),
  )
})

const quartersIn = ({ start, end }: Span): number[] =>
  Array.from({ length: (end - start) / QUARTER_MS }, (_, n) => start + n * QUARTER_MS)

test('a day takes a dozen spans, wherever it begins, and a year in UTC as many', () => {
  const parts = (start: number, length: number) =>
    [...planOf([{ start, end: start + length }], [...NAMES, 'quarter'], () => true).spans].reduce(
      (sum, [name, segments]) =>
        sum + segments.reduce((all: number, each: Segment) => all + (each.end - each.start) / SPAN_MS[name], 0),
      0,
    )
  for (let quarter = 0; quarter < 96; quarter++)
    expect(parts(at('2026-05-01T00:00Z') + quarter * QUARTER_MS, DAY_MS)).toBeLessThanOrEqual(14)
  expect(parts(at('2025-11-22T00:00Z'), 365 * DAY_MS)).toBeLessThanOrEqual(16)
})
