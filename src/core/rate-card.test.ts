import { describe, expect, test } from 'vitest'
import type { Meter } from '../contract/meters.ts'
import { exactText } from '../lib/ratio.ts'
import { cardAt, compileCard, type DailyWindow, type RateCard, type RateLine, rateFor } from './rate-card.ts'

const line = (meter: Meter, price: string, rest: Partial<RateLine> = {}): RateLine => ({
  meter,
  price,
  per: 1e6,
  ...rest,
})
const card = (id: string, rest: Partial<RateCard> = {}): RateCard => ({
  id,
  source: 'genai-prices 0',
  provider: 'p',
  model: 'm',
  currency: 'USD',
  lines: [line('input', '1')],
  ...rest,
})

describe('the card at an instant', () => {
  const idAt = (cards: readonly RateCard[], at: string, known = at) =>
    cardAt(cards, Date.parse(at), Date.parse(known))?.id

  test('an interval holds its start and not its end', () => {
    const cards = [card('old', { validTo: '2026-03-13T00:00:00Z' }), card('new', { validFrom: '2026-03-13T00:00:00Z' })]
    expect(idAt(cards, '2026-03-12T23:59:59.999Z')).toBe('old')
    expect(idAt(cards, '2026-03-13T00:00:00Z')).toBe('new')
    expect(idAt([card('future', { validFrom: '2027-01-01T00:00:00Z' })], '2026-01-01T00:00:00Z')).toBeUndefined()
  })

  test('a forecast is used when its time comes, unless a later knowledge superseded it', () => {
    const cards = [
      card('now'),
      card('rise', { validFrom: '2026-09-01T00:00:00Z', knownFrom: '2026-07-01T00:00:00Z' }),
      card('cancelled', { validFrom: '2026-09-01T00:00:00Z', knownFrom: '2026-08-20T00:00:00Z' }),
    ]
    expect(idAt(cards, '2026-08-31T00:00:00Z')).toBe('now')
    expect(idAt(cards, '2026-09-02T00:00:00Z', '2026-08-01T00:00:00Z')).toBe('rise')
    expect(idAt(cards, '2026-09-02T00:00:00Z')).toBe('cancelled')
  })

  test('the better source wins while its card holds, whatever the dates', () => {
    const sources = ['genai-prices 0', 'overlay', 'sync:openrouter', 'admin', 'config']
    const cards = sources.map((source, index) => card(source, { source, validFrom: `202${5 - index}-01-01T00:00:00Z` }))
    for (let last = cards.length; last > 0; last--) {
      expect(idAt(cards.slice(0, last), '2026-01-01T00:00:00Z')).toBe(sources[last - 1])
    }
  })

  const inWindow = (window: DailyWindow, at: string) =>
    idAt([card('flat'), card('peak', { windows: [window] })], at) === 'peak'

  test('a window holds its start and not its end, across midnight too', () => {
    const day = { from: '06:00', to: '10:00' }
    expect(['05:59:59', '06:00:00', '09:59:59', '10:00:00'].map((at) => inWindow(day, `2026-08-17T${at}Z`))).toEqual([
      false,
      true,
      true,
      false,
    ])
    const night = { from: '16:30', to: '00:30' }
    expect(['16:29:59', '16:30:00', '00:29:59', '00:30:00'].map((at) => inWindow(night, `2026-08-17T${at}Z`))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  test('a weekday is that of the zone, and a night belongs to the day on which it began', () => {
    const friday = { zone: '+08:00', days: [5], from: '22:00', to: '02:00' }
    expect(inWindow(friday, '2026-08-21T14:00:00Z')).toBe(true)
    expect(inWindow(friday, '2026-08-21T17:59:59Z')).toBe(true)
    expect(inWindow(friday, '2026-08-21T18:00:00Z')).toBe(false)
    expect(inWindow(friday, '2026-08-20T17:00:00Z')).toBe(false)
    expect(inWindow({ days: [4], from: '00:00', to: '00:00' }, '1970-01-01T12:00:00Z')).toBe(true)
  })

  test('a zone that is no fixed offset is refused, not taken for UTC', () => {
    expect(() => inWindow({ zone: 'Asia/Shanghai', from: '00:00', to: '01:00' }, '2026-01-01T00:00:00Z')).toThrow()
  })
})

describe('the line of a meter', () => {
  const rateOf = (lines: readonly RateLine[], meter: Meter, inputTotal = 0n, serviceTier = 'standard') => {
    const rate = rateFor(compileCard(card('x', { lines })), meter, { inputTotal, serviceTier })
    return rate && [rate.line.line.meter, rate.line.line.price, rate.parentRate, rate.standardRate]
  }

  test.each<[Meter, Meter[], Meter | undefined, boolean]>([
    ['output_reasoning', ['input', 'output'], 'output', false],
    ['output_audio', ['input', 'output'], 'output', true],
    ['input_image', ['input'], 'input', false],
    ['input_audio', ['input'], 'input', true],
    ['cache_read_image', ['input', 'cache_read'], 'cache_read', false],
    ['cache_read_image', ['input'], 'input', true],
    ['cache_read_audio', ['input', 'cache_read'], 'cache_read', true],
    ['cache_read', ['input'], 'input', true],
    ['cache_write_1h', ['input', 'cache_write', 'cache_write_5m'], 'cache_write_5m', true],
    ['cache_write_1h', ['input', 'cache_write'], 'cache_write', true],
    ['cache_write', ['input', 'cache_write_5m'], 'cache_write_5m', true],
    ['cache_write_5m', ['input', 'cache_write'], 'cache_write', true],
    ['output', ['input'], undefined, false],
    ['web_search', ['input', 'output'], undefined, false],
  ])('%s with %j is priced by %s', (meter, own, by, flagged) => {
    const rate = rateOf(
      own.map((name) => line(name, '1')),
      meter,
    )
    expect(rate && [rate[0], rate[2]]).toEqual(by && [by, flagged])
  })

  test('an explicit 0 is a price', () => {
    expect(rateOf([line('input', '3'), line('cache_read', '0')], 'cache_read')?.[1]).toBe('0')
  })

  test('the highest crossed threshold wins, as a number, by its own operator, for each meter alone', () => {
    const lines = [
      line('input', '1'),
      line('input', '5', { tier: { op: '>', threshold: 90_000 } }),
      line('input', '9', { tier: { op: '>=', threshold: 128_000 } }),
      line('output', '2'),
      line('output', '3', { tier: { op: '>', threshold: 200_000 } }),
    ]
    const prices = [90_000n, 90_001n, 127_999n, 128_000n, 200_001n].map((total) => rateOf(lines, 'input', total)?.[1])
    expect(prices).toEqual(['1', '5', '5', '9', '9'])
    expect(rateOf(lines, 'output', 200_000n)?.[1]).toBe('2')
    expect(rateOf(lines, 'output', 200_001n)?.[1]).toBe('3')
  })

  test('the served tier’s line wins at equal threshold; without one the standard line stands in, marked', () => {
    const lines = [
      line('input', '1'),
      line('input', '2', { serviceTier: 'priority' }),
      line('output', '4'),
      line('output', '5', { tier: { op: '>', threshold: 10 } }),
      line('output', '6', { tier: { op: '>', threshold: 10 }, serviceTier: 'priority' }),
    ]
    expect(rateOf(lines, 'input', 0n, 'priority')).toEqual(['input', '2', false, false])
    expect(rateOf(lines, 'output', 0n, 'priority')).toEqual(['output', '4', false, true])
    expect(rateOf(lines, 'output', 11n, 'priority')).toEqual(['output', '6', false, false])
    expect(rateOf(lines, 'input', 0n, 'default')).toEqual(['input', '1', false, false])
    expect(rateOf([line('input', '1', { serviceTier: 'default' })], 'input')?.[1]).toBe('1')
  })

  test('a card is compiled once, over one denominator, and refuses what is no price', () => {
    const one = card('x', {
      lines: [
        line('input', '0.20'),
        line('web_search', '10', { per: 1000 }),
        line('audio_seconds', '0.36', { per: 3600 }),
      ],
    })
    const compiled = compileCard(one)
    expect(compileCard(one)).toBe(compiled)
    const rates = [...compiled.lines.values()].flat().map(({ rate }) => rate)
    expect(rates.map(exactText)).toEqual(['0.0000002', '0.01', '0.0001'])
    expect(new Set(rates.map(({ d }) => d)).size).toBe(1)
    for (const price of ['-1', 'NaN', '', '1,5'])
      expect(() => compileCard(card('y', { lines: [line('input', price)] }))).toThrow()
  })
})
