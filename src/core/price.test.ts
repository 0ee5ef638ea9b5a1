import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { METER_ORDER, type Meter, meterDefinition } from '../contract/meters.ts'
import { compare, exactText, type Ratio, ratio, subtract, sum, whole, ZERO } from '../lib/ratio.ts'
import { cacheDiscount } from './card-cost.ts'
import { costDetails, decimalOf, openrouterCostDetails, recordLines } from './cost-details.ts'
import { compileTerms, type Priced, price, type Terms, type TermsText } from './price.ts'
import type { RateCard, RateLine } from './rate-card.ts'
import type { Usage } from './usage.ts'

const seed = process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }

const line = (meter: Meter, price: string, rest: Partial<RateLine> = {}): RateLine => ({
  meter,
  price,
  per: 1e6,
  ...rest,
})
const cardOf = (lines: readonly RateLine[], rest: Partial<RateCard> = {}): RateCard => ({
  id: 'rc',
  source: 'config',
  provider: 'p',
  model: 'm',
  currency: 'USD',
  lines,
  ...rest,
})
/** Prices per token, as a table of them has it. */
const perToken = (prices: Readonly<Record<string, string>>): RateCard =>
  cardOf(Object.entries(prices).map(([meter, price]) => line(meter as Meter, price, { per: 1 })))

const usageOf = (counts: Readonly<Record<string, number>>, rest: Partial<Usage> = {}): Usage => ({
  parts: [{ counts: new Map(Object.entries(counts).map(([meter, count]) => [meter as Meter, ratio(String(count))])) }],
  flags: [],
  ...rest,
})

const termsOf = (text: Partial<TermsText> = {}, call: Partial<Terms> = {}): Terms => ({
  ...compileTerms({ markupPercent: '0', discountPercent: '0', routingFeeUsd: '0', byokFeePercent: '5', ...text }),
  ...call,
})

const textOf = (amount: Ratio | undefined): string | undefined => amount && exactText(amount)
const totals = ({ cost, charge }: Priced) => [textOf(cost), textOf(charge)]
const sides = (priced: Priced) => {
  const details = openrouterCostDetails(priced, false)
  return [details?.promptCost, details?.completionsCost]
}

describe('golden vectors', () => {
  const grok = perToken({ input: '2e-7', cache_read: '5e-8', output: '5e-7' })
  const grokUsage = usageOf({ input: 14, cache_read: 161, output: 80 })

  test('1: the first seed’s call, with its nine parts and its lines in nanos', () => {
    const priced = price(grokUsage, grok, termsOf())
    expect(totals(priced)).toEqual(['0.00005085', '0.00005085'])
    expect(priced.chargeNanos).toBe(50_850n)
    expect(recordLines(priced).map(({ meter, costNanos }) => [meter, costNanos])).toEqual([
      ['input', 2_800n],
      ['cache_read', 8_050n],
      ['output', 40_000n],
    ])
    expect(costDetails(priced)).toEqual({
      input_prompt_cost: '0.0000028',
      cache_prompt_cost: '0.00000805',
      cache_write_cost: '0',
      output_prompt_cost: '0.00004',
      image_cost: '0',
      audio_cost: '0',
      video_cost: '0',
      tools_cost: '0',
      generation_cost: '0',
    })
  })

  test('2: a markup is spread over the lines it came from', () => {
    const priced = price(grokUsage, grok, termsOf({ markupPercent: '10' }))
    expect(totals(priced)).toEqual(['0.00005085', '0.000055935'])
    expect(costDetails(priced)).toMatchObject({
      input_prompt_cost: '0.00000308',
      cache_prompt_cost: '0.000008855',
      output_prompt_cost: '0.000044',
    })
  })

  test('3, 4: a discount lowers the charge and not the cost', () => {
    const three = price(
      usageOf({ input: 94, output: 11, output_reasoning: 4 }),
      perToken({ input: '7e-8', output: '1.5e-7' }),
      termsOf({ discountPercent: '1' }),
    )
    expect([...totals(three), ...sides(three)]).toEqual(['0.00000883', '0.0000087417', '0.00000658', '0.00000225'])
    expect(three.chargeNanos).toBe(8_742n)
    const four = price(
      usageOf({ input: 63, output: 6 }),
      perToken({ input: '1e-7', output: '4e-7' }),
      termsOf({ discountPercent: '1' }),
    )
    expect(totals(four)[1]).toBe('0.000008613')
  })

  test.each([
    [
      '5',
      { input: 24831, cache_read: 128, output: 2732, output_reasoning: 6418 },
      { input: '2e-6', cache_read: '5e-7', output: '6e-6' },
      '0.049726',
      '0.0549',
      '0.104626',
    ],
    [
      '6',
      { input: 3, cache_write: 16979, output: 4278 },
      { input: '2e-6', cache_write: '2.5e-6', output: '1e-5' },
      '0.0424535',
      '0.04278',
      '0.0852335',
    ],
    [
      '7',
      { input: 2860, cache_read: 8064, output: 12, output_reasoning: 935 },
      { input: '1.25e-6', cache_read: '1.25e-7', output: '1e-5' },
      '0.004583',
      '0.00947',
      '0.014053',
    ],
    ['11a', { input: 1000, output: 500 }, { input: '3e-6', output: '1.5e-5' }, '0.003', '0.0075', '0.0105'],
    ['11b', { input: 1000, output: 500 }, { input: '2.5e-7', output: '1.25e-6' }, '0.00025', '0.000625', '0.000875'],
    ['11c', { input: 1000, output: 500 }, { input: '2.5e-6', output: '1e-5' }, '0.0025', '0.005', '0.0075'],
    ['11d', { input: 1000, output: 500 }, { input: '1.5e-7', output: '6e-7' }, '0.00015', '0.0003', '0.00045'],
    ['13', { input: 1200, output: 380 }, { input: '2.5e-6', output: '1e-5' }, '0.003', '0.0038', '0.0068'],
    [
      '14a',
      { input: 3000, cache_read: 2000, output: 1000 },
      { input: '2.5e-6', cache_read: '1.25e-6', output: '1e-5' },
      '0.01',
      '0.01',
      '0.02',
    ],
    [
      '14b',
      { input: 1300, cache_read: 200, output: 500 },
      { input: '2.5e-6', cache_read: '1.25e-6', output: '1e-5' },
      '0.0035',
      '0.005',
      '0.0085',
    ],
    ['19', { input: 63 }, { input: '1e-7', output: '4e-7' }, '0.0000063', '0', '0.0000063'],
  ] as const)('%s: prompt, completion and cost', (_, counts, prices, prompt, completion, cost) => {
    const priced = price(usageOf(counts), perToken(prices), termsOf())
    expect([...sides(priced), textOf(priced.charge)]).toEqual([prompt, completion, cost])
  })

  test.each([
    [
      '8',
      { input: 5545, cache_read: 28544, output: 1970 },
      { input: '4e-7', cache_read: '1e-7', output: '1.6e-6' },
      '0.0082244',
      '0.00041122',
    ],
    [
      '9',
      { input: 3076, output: 2200, output_image: 4175 },
      { input: '1e-5', output: '1e-5', output_image: '4e-5' },
      '0.21976',
      '0.010988',
    ],
    ['10', { input: 194, output: 25 }, { input: '0.05', output: '0.372' }, '19', '0.95'],
  ] as const)('%s: on the customer’s own credential the fee is all', (_, counts, prices, upstream, fee) => {
    const free = price(usageOf(counts), perToken(prices), termsOf({ byokFeePercent: '0' }, { byok: true }))
    expect(totals(free)).toEqual([upstream, '0'])
    const priced = price(usageOf(counts), perToken(prices), termsOf({}, { byok: true }))
    expect(totals(priced)).toEqual([upstream, fee])
    expect(costDetails(priced)).toMatchObject({ input_prompt_cost: '0', generation_cost: fee })
    expect(openrouterCostDetails(priced, true)?.upstreamInferenceCost).toBe(upstream)
  })

  test('12: a routing fee comes on top, once, after discount and markup', () => {
    const card = perToken({ input: '2.5e-6', output: '1e-5' })
    const usage = usageOf({ input: 18, output: 17 })
    expect(totals(price(usage, card, termsOf()))[1]).toBe('0.000215')
    const priced = price(usage, card, termsOf({ routingFeeUsd: '0.0001' }))
    expect(totals(priced)).toEqual(['0.000215', '0.000315'])
    expect(costDetails(priced)?.generation_cost).toBe('0.0001')
    expect(totals(price(usage, card, termsOf({ routingFeeUsd: '0.0001', markupPercent: '100' })))[1]).toBe('0.00053')
  })

  test('15: seconds have fractions', () => {
    const card = cardOf([line('audio_seconds', '0.36', { per: 3600 })])
    expect(totals(price(usageOf({ audio_seconds: 120 }), card, termsOf()))[0]).toBe('0.012')
    expect(totals(price(usageOf({ audio_seconds: 120.5 }), card, termsOf()))[0]).toBe('0.01205')
  })

  test('16: past the threshold the whole call takes the long rate', () => {
    const card = cardOf([
      line('input', '1'),
      line('input', '2', { tier: { op: '>', threshold: 128_000 } }),
      line('output', '1'),
    ])
    expect(totals(price(usageOf({ input: 128_000 }), card, termsOf()))[0]).toBe('0.128')
    expect(totals(price(usageOf({ input: 128_001 }), card, termsOf()))[0]).toBe('0.256002')
  })

  test.each([
    ['9.375e-9', 9n],
    ['2.5e-9', 2n],
    ['3.5e-9', 4n],
    ['1.6e-10', 0n],
  ])('17: %s is posted half-even', (unit, posted) => {
    const priced = price(usageOf({ input: 1 }), perToken({ input: unit }), termsOf())
    expect([priced.costNanos, priced.chargeNanos]).toEqual([posted, posted])
    expect(textOf(priced.cost)).toBe(exactText(ratio(unit)))
  })

  test('18: an insured call costs its provider’s price and charges nothing, no fee either', () => {
    const priced = price(
      usageOf({ input: 63, output: 3 }),
      perToken({ input: '1e-7', output: '4e-7' }),
      termsOf({ routingFeeUsd: '0.1' }, { insured: true }),
    )
    expect([...sides(priced), ...totals(priced)]).toEqual(['0.0000063', '0.0000012', '0.0000075', '0'])
  })

  test('a cached prompt’s discount is what it saved; a write’s is negative', () => {
    const gemini = perToken({ input: '1.25e-6', cache_read: '1.25e-7', output: '1e-5' })
    expect(textOf(cacheDiscount(usageOf({ input: 2860, cache_read: 8064, output: 947 }), gemini))).toBe('0.009072')
    const claude = perToken({ input: '3e-6', cache_write_5m: '3.75e-6' })
    expect(textOf(cacheDiscount(usageOf({ cache_write_5m: 1000 }), claude))).toBe('-0.00075')
    expect(textOf(cacheDiscount(usageOf({ input: 5 }), gemini))).toBe('0')
  })
})

describe('what the upstream stated', () => {
  const card = perToken({ input: '2e-7', cache_read: '5e-8', output: '5e-7' })
  const stated = (
    text: string,
    counts = { input: 14, cache_read: 161, output: 80 },
    cards: Parameters<typeof price>[1] = card,
  ) => price(usageOf(counts, { reportedCost: ratio(text) }), cards, termsOf())

  test('confirms ours where it is ours rounded to its digits', () => {
    const priced = stated('0.000051')
    expect(totals(priced)[0]).toBe('0.00005085')
    expect([priced.flags, priced.cardCost]).toEqual([[], undefined])
    expect(totals(stated('0.000051000000000'))[0]).toBe('0.00005085')
  })

  test('adds a line for what is more', () => {
    const priced = stated('0.0160614')
    expect(totals(priced)[0]).toBe('0.0160614')
    const last = priced.items.at(-1)
    expect([last?.meter, textOf(last?.cost), textOf(priced.cardCost)]).toEqual([
      'provider_reported',
      '0.01601055',
      '0.00005085',
    ])
    expect(priced.flags).toEqual(['cost_differs'])
    expect(costDetails(priced)?.generation_cost).toBe('0.01601055')
  })

  test('scales our lines to what is less, and 0 is 0', () => {
    const priced = stated('0.0000254250')
    expect(priced.items.map(({ cost }) => textOf(cost))).toEqual(['0.0000014', '0.000004025', '0.00002'])
    expect(priced.items.map(({ factor }) => factor)).toEqual(['0.5', '0.5', '0.5'])
    const none = stated('0')
    expect([...totals(none), none.items.length]).toEqual(['0', '0', 3])
  })

  test('is all there is where no rate is known', () => {
    const priced = stated('0.95', undefined, () => undefined)
    expect(totals(priced)).toEqual(['0.95', '0.95'])
    expect([priced.unpriced, priced.flags]).toEqual([[], []])
  })
})

describe('what has no price', () => {
  test('is unknown and never 0', () => {
    const priced = price(usageOf({ input: 10 }), () => undefined, termsOf({ routingFeeUsd: '1' }))
    expect([priced.cost, priced.charge, priced.chargeNanos, priced.items]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
    ])
    expect([priced.unpriced, priced.flags]).toEqual([['input'], ['unpriced']])
    expect([recordLines(priced), costDetails(priced), openrouterCostDetails(priced, false)]).toEqual([
      [],
      undefined,
      undefined,
    ])
  })

  test('does not keep the rest from being charged', () => {
    const priced = price(usageOf({ input: 10, web_search: 1 }), perToken({ input: '1' }), termsOf())
    expect([textOf(priced.cost), priced.unpriced, priced.flags]).toEqual(['10', ['web_search'], ['partly_unpriced']])
  })

  test('a usage of nothing at a known price costs 0', () => {
    expect(totals(price(usageOf({ input: 0, output: 0 }), perToken({ input: '1' }), termsOf()))).toEqual(['0', '0'])
  })
})

describe('lines', () => {
  test('several inferences keep their tiers, and one model’s lines at one rate are one', () => {
    const card = cardOf([line('input', '1'), line('input', '2', { tier: { op: '>', threshold: 100 } })])
    const part = (count: bigint, model?: string) => ({
      counts: new Map<Meter, Ratio>([['input', whole(count)]]),
      ...(model ? { model } : {}),
    })
    const priced = price({ parts: [part(60n), part(60n), part(101n), part(1n, 'other')], flags: [] }, card, termsOf())
    expect(priced.items.map(({ model, price, quantity }) => [model, price, exactText(quantity)])).toEqual([
      [undefined, '1', '120'],
      [undefined, '2', '101'],
      ['other', '1', '1'],
    ])
  })

  test('a sum of searches that crosses a tier is marked as ambiguous', () => {
    const card = cardOf([
      line('input', '1'),
      line('input', '2', { tier: { op: '>', threshold: 100 } }),
      line('web_search', '10', { per: 1000 }),
    ])
    expect(price(usageOf({ input: 101, web_search: 2 }), card, termsOf()).flags).toEqual(['tier_ambiguous'])
    expect(price(usageOf({ input: 100, web_search: 2 }), card, termsOf()).flags).toEqual([])
    expect(price(usageOf({ input: 101 }), card, termsOf()).flags).toEqual([])
  })

  test('a marginal tier charges the excess alone', () => {
    const tier = { op: '>', threshold: 100, scope: 'marginal' } as const
    const card = cardOf([line('input', '1', { per: 1 }), line('input', '3', { per: 1, tier })])
    expect(totals(price(usageOf({ input: 100 }), card, termsOf()))[0]).toBe('100')
    const priced = price(usageOf({ input: 110 }), card, termsOf())
    expect(priced.items.map(({ price, quantity }) => [price, exactText(quantity)])).toEqual([
      ['1', '100'],
      ['3', '10'],
    ])
    expect(textOf(priced.cost)).toBe('130')
  })

  test('a price per request is owed once, said or unsaid', () => {
    const card = cardOf([line('request', '12', { per: 1000 }), line('input', '1')])
    expect(totals(price(usageOf({ input: 1 }), card, termsOf()))[0]).toBe('0.012001')
    expect(totals(price(usageOf({ request: 2 }), card, termsOf()))[0]).toBe('0.024')
  })

  test('a multiplier is not put on the line of its own tier, and spares the standard one its mark', () => {
    const multipliers = [{ when: { service_tier: 'batch' }, factor: '0.5' }]
    const card = cardOf(
      [
        line('input', '2', { per: 1 }),
        line('output', '8', { per: 1 }),
        line('output', '3', { per: 1, serviceTier: 'batch' }),
      ],
      { multipliers },
    )
    const priced = price(usageOf({ input: 1, output: 1 }, { serviceTier: 'batch' }), card, termsOf())
    expect(priced.items.map(({ cost }) => exactText(cost))).toEqual(['1', '3'])
    expect(priced.flags).toEqual([])
    const flex = price(usageOf({ input: 1 }, { serviceTier: 'flex' }), card, termsOf())
    expect(flex.flags).toEqual(['fallback_rate'])
  })

  test('a ceiling scales the charge to it, exactly, and leaves the cost', () => {
    const priced = price(
      usageOf({ input: 7, output: 5 }),
      perToken({ input: '1', output: '3' }),
      termsOf({}, { ceilingNanos: 1_000_000_000n }),
    )
    expect([...totals(priced), priced.flags]).toEqual(['22', '1', ['capped']])
    expect(priced.chargeNanos).toBe(1_000_000_000n)
  })

  test('server tools that ran are charged even where the call is insured', () => {
    const card = cardOf([line('input', '1', { per: 1 }), line('web_search', '10', { per: 1000 })])
    const priced = price(usageOf({ input: 5, web_search: 1 }), card, termsOf({}, { insured: true }))
    expect(totals(priced)).toEqual(['5.01', '0.01'])
  })

  test.each(['-1', 'NaN', '1,5', ''])('terms refuse %j', (text) => {
    expect(() => termsOf({ markupPercent: text })).toThrow()
  })
  test('a discount above everything is refused', () => {
    expect(() => termsOf({ discountPercent: '100.1' })).toThrow()
  })
})

describe('for any usage and card', () => {
  const tokens = METER_ORDER.filter((meter) => meterDefinition(meter).unit === 'token')
  const counts = fc.dictionary(fc.constantFrom(...METER_ORDER), fc.nat(1_000_000), { maxKeys: 8 })
  const decimal = fc.tuple(fc.nat(99_999), fc.nat(99_999)).map(([a, b]) => `${a}.${String(b).padStart(5, '0')}`)
  /** Tiers that rise with the threshold; every root of the meters has a line. */
  const lines = fc
    .record({ input: decimal, output: decimal, cache_read: decimal, input_audio: decimal })
    .map((prices): RateLine[] => [
      ...Object.entries(prices).flatMap(([meter, text]) => [
        line(meter as Meter, text),
        line(meter as Meter, `1${text}`, { tier: { op: '>=', threshold: 200_000 } }),
      ]),
      line('audio_seconds', '0.36', { per: 3600 }),
      line('web_search', '10', { per: 7 }),
    ])
  const percent = fc.nat(9999).map((n) => `${n / 100}`)
  const terms = fc.record({
    markupPercent: percent,
    discountPercent: percent,
    routingFeeUsd: decimal,
    byokFeePercent: percent,
  })
  const flags = fc.record({ byok: fc.boolean(), insured: fc.boolean() })
  const calls = fc.tuple(counts, lines, terms, flags, fc.option(decimal, { nil: undefined }))
  type Call = typeof calls extends fc.Arbitrary<infer T> ? T : never
  const priceCall = ([count, rows, text, call, stated]: Call) =>
    price(
      usageOf(count, stated === undefined ? {} : { reportedCost: ratio(stated) }),
      cardOf(rows),
      termsOf(text, call),
    )

  test('lines sum to the totals, exactly and in nanos', () => {
    fc.assert(
      fc.property(calls, (call) => {
        const priced = priceCall(call)
        if (priced.cost === undefined || priced.charge === undefined) return
        expect(compare(sum(priced.items.map(({ cost }) => cost)), priced.cost)).toBe(0)
        expect(compare(sum(priced.items.map(({ charge }) => charge)), priced.charge)).toBe(0)
        const records = recordLines(priced)
        expect(records.reduce((total, { costNanos }) => total + costNanos, 0n)).toBe(priced.costNanos)
        expect(records.reduce((total, { chargeNanos }) => total + chargeNanos, 0n)).toBe(priced.chargeNanos)
      }),
      seed,
    )
  })

  test('the nine parts add up to the stated cost, digit by digit, and none is negative', () => {
    fc.assert(
      fc.property(calls, (call) => {
        const priced = priceCall(call)
        const parts = costDetails(priced)
        if (parts === undefined) return
        const texts = Object.values(parts)
        expect(exactText(sum(texts.map(ratio)))).toBe(decimalOf(priced.charge ?? ZERO))
        for (const text of texts) expect(text.startsWith('-')).toBe(false)
      }),
      seed,
    )
  })

  test('the exact sums are rounded once, by half a nano at most', () => {
    fc.assert(
      fc.property(calls, (call) => {
        const priced = priceCall(call)
        for (const [exact, nanos] of [
          [priced.cost, priced.costNanos],
          [priced.charge, priced.chargeNanos],
        ] as const) {
          if (exact === undefined || nanos === undefined) continue
          const error = subtract({ n: nanos, d: 1_000_000_000n }, exact)
          const size = error.n < 0n ? { n: -error.n, d: error.d } : error
          expect(compare(size, ratio('0.0000000005'))).toBeLessThanOrEqual(0)
        }
      }),
      seed,
    )
  })

  test('more of anything never costs less', () => {
    fc.assert(
      fc.property(calls, fc.constantFrom(...tokens), fc.nat(300_000), ([count, rows, text], meter, more) => {
        const at = (counted: typeof count) => price(usageOf(counted), cardOf(rows), termsOf(text))
        const less = at({ ...count, [meter]: count[meter] ?? 0 })
        const greater = at({ ...count, [meter]: (count[meter] ?? 0) + more })
        for (const column of ['cost', 'charge'] as const) {
          expect(compare(greater[column] ?? ZERO, less[column] ?? ZERO)).toBeGreaterThanOrEqual(0)
        }
      }),
      seed,
    )
  })
})
