import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Meter } from '../contract/meters.ts'
import { exactText, type Ratio, ratio, whole } from '../lib/ratio.ts'
import { compileTerms, price, type Terms } from './price.ts'
import { affordableOutput, type Quote, type QuoteRequest, quote, withOutput } from './quote.ts'
import type { RateCard, RateLine } from './rate-card.ts'

const seed = process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }
const plain = { markupPercent: '0', discountPercent: '0', routingFeeUsd: '0', byokFeePercent: '5' }
const terms: Terms = compileTerms(plain)

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
const quoted = (request: Partial<QuoteRequest>, card: RateCard, on: Terms = terms): Quote => {
  const result = quote({ inputTokens: 0, outputTokens: 0, ...request }, card, on)
  if (!result.priced) throw new Error(`unpriced: ${result.unpriced.join()}`)
  return result
}

const nano = cardOf([line('input', '0.1'), line('output', '0.4')])

test('golden vector 20: what is available pays for 2500 tokens', () => {
  const asked = quoted({ inputTokens: 63, outputTokens: 32_000 }, nano)
  expect(asked.nanos).toBe(6_300n + 12_800_000n)
  expect(affordableOutput(asked, 1_006_300n)).toBe(2500)
  expect(withOutput(asked, 2500).nanos).toBe(1_006_300n)
})

describe('the dearest rate within reach', () => {
  const lines = [
    line('input', '1'),
    line('input', '2', { tier: { op: '>', threshold: 1000 } }),
    line('input', '3', { serviceTier: 'priority' }),
    line('cache_write_5m', '1.25'),
    line('cache_write_1h', '5'),
    line('input_audio', '7'),
    line('output', '10'),
    line('output_audio', '20'),
  ]
  const card = cardOf(lines, {
    multipliers: [
      { when: { inference_geo: 'us' }, factor: '1.1' },
      { when: { service_tier: 'batch' }, factor: '0.5' },
    ],
  })
  test.each<[string, Partial<QuoteRequest>, bigint]>([
    ['plain', {}, 1_000_000n],
    ['a tier that the bound crosses', { inputTokens: 1001 }, 2_002_000n],
    ['a context window shorter than the bound', { inputTokens: 5000, contextLength: 500 }, 500_000n],
    ['writes to a cache', { usesCaching: true }, 1_250_000n],
    ['writes for an hour', { usesCaching: true, oneHourWrites: true }, 5_000_000n],
    ['audio in the request', { inputMedia: ['input_audio'] }, 7_000_000n],
    ['the tier asked for', { serviceTier: 'priority' }, 3_000_000n],
    ['any tier', { serviceTier: 'auto' }, 3_000_000n],
    ['a discount that may not come', { serviceTier: 'batch' }, 1_000_000n],
    ['a region', { inferenceGeo: 'us' }, 1_100_000n],
    ['output in every choice', { inputTokens: 0, outputTokens: 10, choices: 3 }, 300_000n],
    ['reasoning beside the limit', { inputTokens: 0, outputTokens: 10, reasoningTokens: 5 }, 150_000n],
    ['audio out', { inputTokens: 0, outputTokens: 10, outputMedia: ['output_audio'] }, 200_000n],
  ])('%s', (_, request, nanos) => {
    expect(quoted({ inputTokens: 1000, ...request }, card).nanos).toBe(nanos)
  })
})

test('a model that makes images is quoted for images though nobody asked for them', () => {
  const card = cardOf([line('input', '1'), line('output', '10'), line('output_image', '30')])
  expect(quoted({ inputTokens: 0, outputTokens: 10 }, card).nanos).toBe(300_000n)
})

test('fees are on top; on the customer’s credential they are all', () => {
  const dear = { ...compileTerms({ ...plain, markupPercent: '10', routingFeeUsd: '0.5' }) }
  expect(quoted({ inputTokens: 1_000_000 }, nano, dear).nanos).toBe(610_000_000n)
  expect(quoted({ inputTokens: 1_000_000 }, nano, { ...dear, byok: true }).nanos).toBe(505_000_000n)
})

test('a fraction of a nano is rounded up', () => {
  expect(quoted({ inputTokens: 1 }, cardOf([line('input', '0.0001')])).nanos).toBe(1n)
})

test('units count with the price per request', () => {
  const card = cardOf([
    line('request', '5', { per: 1000 }),
    line('web_search', '10', { per: 1000 }),
    line('audio_seconds', '0.36', { per: 3600 }),
  ])
  const units = new Map<Meter, Ratio>([
    ['web_search', whole(10n)],
    ['audio_seconds', ratio('120.5')],
  ])
  expect(exactText(quoted({ units }, card).fixed)).toBe('0.11705')
})

test('what has no price has no quote', () => {
  expect(quote({ inputTokens: 1, outputTokens: 1 }, cardOf([line('input', '1')]), terms)).toEqual({
    priced: false,
    unpriced: ['output'],
  })
  expect(quote({ inputTokens: 1, outputTokens: 0 }, cardOf([line('output', '1')]), terms)).toEqual({
    priced: false,
    unpriced: ['input'],
  })
  const units = new Map<Meter, Ratio>([['audio_seconds', whole(1n)]])
  expect(quote({ inputTokens: 0, outputTokens: 0, units }, nano, terms).priced).toBe(false)
  expect(quote({ inputTokens: 8, outputTokens: 0 }, cardOf([line('input', '0.02')]), terms).priced).toBe(true)
})

test('nothing left affords nothing, and what is free affords everything', () => {
  const asked = quoted({ inputTokens: 63, outputTokens: 10 }, nano)
  expect([affordableOutput(asked, -1n), affordableOutput(asked, 0n), affordableOutput(asked, 6_299n)]).toEqual([
    0, 0, 0,
  ])
  const free = quoted({ inputTokens: 63, outputTokens: 10 }, cardOf([line('input', '0'), line('output', '0')]))
  expect([free.nanos, affordableOutput(free, 0n), affordableOutput(free, -1n)]).toEqual([
    0n,
    Number.MAX_SAFE_INTEGER,
    0,
  ])
})

const decimal = fc.nat(9_999_999).map((n) => `${n / 1000}`)
const bounds = fc.record({
  input: fc.nat(500_000),
  read: fc.nat(1000),
  write: fc.nat(1000),
  hour: fc.nat(1000),
  output: fc.nat(100_000),
  reasoning: fc.nat(1000),
})

test('no charge within the bounds is above the quote, and an affordable limit is within what is available', () => {
  const prices = fc.array(decimal, { minLength: 8, maxLength: 8 })
  const rates = fc.record({
    markupPercent: decimal,
    routingFeeUsd: decimal,
    byok: fc.boolean(),
    served: fc.constantFrom('standard', 'priority', 'batch'),
  })
  fc.assert(
    fc.property(
      bounds,
      prices,
      rates,
      fc.bigInt(0n, 10n ** 15n),
      (used, texts, { byok, served, ...text }, available) => {
        const at = (index: number) => texts[index] ?? '0'
        const tier = { op: '>', threshold: 200_000 } as const
        const card = cardOf(
          [
            line('input', at(0)),
            line('input', at(1), { tier }),
            line('input', at(2), { serviceTier: 'priority' }),
            line('cache_write_5m', at(3)),
            line('cache_write_1h', at(4)),
            line('cache_read', at(5)),
            line('output', at(6)),
            line('output', at(7), { tier }),
          ],
          { multipliers: [{ when: { service_tier: 'batch' }, factor: '0.5' }] },
        )
        const on = { ...compileTerms({ ...plain, ...text }), byok }
        const asked = quoted(
          {
            inputTokens: used.input + used.read + used.write + used.hour,
            outputTokens: used.output + used.reasoning,
            usesCaching: true,
            oneHourWrites: true,
            serviceTier: 'auto',
          },
          card,
          on,
        )
        const counts = new Map<Meter, Ratio>([
          ['input', whole(BigInt(used.input))],
          ['cache_read', whole(BigInt(used.read))],
          ['cache_write_5m', whole(BigInt(used.write))],
          ['cache_write_1h', whole(BigInt(used.hour))],
          ['output', whole(BigInt(used.output))],
          ['output_reasoning', whole(BigInt(used.reasoning))],
        ])
        const priced = price({ parts: [{ counts }], flags: [], serviceTier: served }, card, on)
        expect((priced.chargeNanos ?? 0n) <= asked.nanos).toBe(true)
        const limit = affordableOutput(asked, available)
        if (limit > 0 && limit < Number.MAX_SAFE_INTEGER) {
          expect(withOutput(asked, limit).nanos <= available).toBe(true)
          expect(withOutput(asked, limit + 1).nanos > available).toBe(true)
        }
      },
    ),
    seed,
  )
})
