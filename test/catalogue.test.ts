/** The shipped catalogue: reproducible, small, and complete in what its rows say. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileCatalogue } from '../scripts/compile-catalogue.ts'
import { isMeter } from '../src/contract/meters.ts'
import { createCatalogue } from '../src/core/catalogue.ts'
import type { CatalogueData } from '../src/core/catalogue-data.ts'
import { compileTerms, price } from '../src/core/price.ts'
import { cardAt, compileCard, type RateCard } from '../src/core/rate-card.ts'
import { exactText, whole, ZERO } from '../src/lib/ratio.ts'

const text = readFileSync(new URL('../catalogue/catalogue.json', import.meta.url), 'utf8')
const data: CatalogueData = JSON.parse(text)
const catalogue = createCatalogue(data)
const AT = Date.parse('2026-11-22T12:00:00Z')

const pricesAt = (provider: string, model: string, at: string | number) => {
  const card = cardAt(catalogue.cards(provider, model), typeof at === 'number' ? at : Date.parse(at))
  return Object.fromEntries(
    (card?.lines ?? []).map(({ meter, price: text, tier }) => [
      tier ? `${meter}${tier.op}${tier.threshold}` : meter,
      text,
    ]),
  )
}

test('the file is what its sources compile to (else run `node scripts/compile-catalogue.ts`)', () => {
  expect(compileCatalogue()).toBe(text)
})

test('the file stays small enough to load at start', () => {
  expect(text.length).toBeLessThan(1_500_000)
  expect(data.providers.length).toBe(43)
  expect(data.providers.reduce((count, { rows }) => count + rows.length, 0)).toBe(1694 + 2)
})

test('every line of every card compiles, and every card has its own id', () => {
  const ids = new Set<string>()
  let cards = 0
  for (const provider of data.providers) {
    for (const row of provider.rows) {
      for (const card of catalogue.cards(provider.key, row.id)) {
        compileCard(card)
        for (const { meter, per } of card.lines) expect(isMeter(meter) && per > 0, `${meter} of ${row.id}`).toBe(true)
      }
      for (const { id } of row.cards) {
        cards++
        ids.add(id ?? '')
      }
    }
  }
  expect(ids.size).toBe(cards)
})

test('every model has a name of its own and endpoints that have rows', () => {
  const models = catalogue.list()
  expect(new Set(models.map(({ id }) => id)).size).toBe(models.length)
  const poor = models.filter((model) => catalogue.endpoints(model).some(({ cards }) => cards.length === 0))
  expect(poor.map(({ id }) => id)).toEqual([])
  for (const { id, author, bareName } of models) expect(id).toBe(`${author}/${bareName}`)
})

describe('names', () => {
  test.each([
    ['gpt-4o', 'openai/gpt-4o'],
    ['openai/gpt-4o', 'openai/gpt-4o'],
    ['gpt-4o-mini', 'openai/gpt-4o-mini'],
    ['anthropic/claude-sonnet-4', 'anthropic/claude-sonnet-4'],
    ['claude-sonnet-4', 'anthropic/claude-sonnet-4'],
    ['claude-sonnet-4-0', 'anthropic/claude-sonnet-4'],
    ['claude-sonnet-4-20250514', 'anthropic/claude-sonnet-4-20250514'],
    ['anthropic/claude-sonnet-4.5', 'anthropic/claude-sonnet-4-5'],
    ['grok-4-1-fast-non-reasoning', 'x-ai/grok-4-1-fast-non-reasoning'],
    ['x-ai/grok-4-1-fast', 'x-ai/grok-4-1-fast'],
    ['gemini-2.5-flash', 'google/gemini-2.5-flash'],
    ['google/gemini-2.5-pro', 'google/gemini-2.5-pro'],
    ['whisper-1', 'openai/whisper-1'],
    ['text-embedding-3-small', 'openai/text-embedding-3-small'],
    ['MiniMax-M2', 'minimax/minimax-m2'],
    ['meta-llama/llama-3.3-70b-instruct', 'meta-llama/llama-3.3-70b-instruct'],
  ])('%s is %s', (name, id) => {
    expect(catalogue.find(name)?.id).toBe(id)
  })

  test.each(['gpt-99', 'GPT-4O', 'openai/', '', 'acme/fake-1.0', 'openai/gpt-4o:free', 'x'.repeat(300)])(
    '%j is no model',
    (name) => {
      expect(catalogue.find(name)).toBeUndefined()
    },
  )

  test('a dated sibling goes upstream under its own name, at the rates of the row that caught it', () => {
    const model = catalogue.find('gpt-4o-2024-08-06')
    expect(model?.endpoints).toEqual([{ provider: 'openai', model: 'gpt-4o-2024-08-06' }])
    expect(model?.maxOutputTokens).toBe(16384)
    expect(catalogue.cards('openai', 'gpt-4o-2024-08-06')[0]?.model).toBe('gpt-4o')
  })
})

describe('what the source cannot say is repaired', () => {
  test('the operators of thresholds are restored', () => {
    expect(pricesAt('openai', 'gpt-5.4', AT)).toMatchObject({ 'input>=272000': '5', output: '15' })
    expect(pricesAt('x-ai', 'grok-4.3', AT)).toHaveProperty('input>=200000')
    expect(pricesAt('anthropic', 'claude-sonnet-4-5', AT)).toHaveProperty('input>200000')
  })

  test('one-hour writes on Bedrock follow Anthropic’s, and say so', () => {
    const card = catalogue.cards('aws', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0')[0]
    expect(card?.derived).toEqual(['cache_write_1h'])
    expect(card?.lines.find(({ meter }) => meter === 'cache_write_1h')?.price).toBe('6.6')
  })

  test('hours of the day belong to their era, and from 2026-08-23 to Beijing’s weekdays', () => {
    const input = (at: string) => pricesAt('deepseek', 'deepseek-v4-flash', at).input
    expect(input('2026-06-01T02:00:00Z')).toBe('0.14')
    expect(input('2026-08-17T00:59:59Z')).toBe('0.22')
    expect(input('2026-08-17T01:00:00Z')).toBe('0.44')
    expect(input('2026-08-17T04:00:00Z')).toBe('0.22')
    expect(input('2026-08-17T09:59:59Z')).toBe('0.44')
    expect(input('2026-08-17T10:00:00Z')).toBe('0.22')
    expect(input('2026-08-22T02:00:00Z')).toBe('0.44')
    expect(input('2026-08-23T02:00:00Z')).toBe('0.22')
    expect(input('2026-08-24T02:00:00Z')).toBe('0.44')
    expect(input('2026-08-29T02:00:00Z')).toBe('0.22')
  })

  test('the older cheap hours ran across midnight', () => {
    const input = (at: string) => pricesAt('deepseek', 'deepseek-chat', at).input
    expect(input('2025-06-01T16:29:59Z')).toBe('0.27')
    expect(input('2025-06-01T16:30:00Z')).toBe('0.135')
    expect(input('2025-06-02T00:29:59Z')).toBe('0.135')
    expect(input('2025-06-02T00:30:00Z')).toBe('0.27')
  })

  test('floats are mended', () => {
    expect(pricesAt('huggingface_together', 'Qwen/Qwen3-VL-8B-Instruct', AT).input).toBe('0.18')
    expect(/\d\.\d{13}/.test(text)).toBe(false)
  })

  test('an hour of audio is one line, though the source has two', () => {
    const lines = catalogue.cards('openai', 'whisper-1')[0]?.lines.filter(({ meter }) => meter === 'audio_seconds')
    expect(lines).toEqual([{ meter: 'audio_seconds', price: '0.36', per: 3600 }])
  })

  test('what the source leaves out stands in the overlay: searches at Gemini, speech by the character', () => {
    expect(pricesAt('google', 'gemini-2.5-flash', AT).web_search).toBe('35')
    for (const model of ['gemini-3-pro-preview', 'gemini-3.1-flash-lite', 'gemini-3.8-flash'])
      expect(pricesAt('google', model, AT).web_search).toBe('14')
    expect(pricesAt('openai', 'tts-1', AT)).toEqual({ characters: '15' })
    expect(pricesAt('openai', 'tts-1-hd-1106', AT)).toEqual({ characters: '30' })
    expect(catalogue.find('tts-1-hd')).toMatchObject({ id: 'openai/tts-1-hd', kind: 'audio_tts' })
    expect(catalogue.cards('openai', 'tts-1')[0]).toMatchObject({
      source: 'overlay',
      lines: [{ meter: 'characters', per: 1_000_000 }],
    })
  })

  test('a region and a batch multiply, and searches stay as they are', () => {
    const terms = compileTerms({ markupPercent: '0', discountPercent: '0', routingFeeUsd: '0', byokFeePercent: '5' })
    const card = cardAt(catalogue.cards('anthropic', 'claude-sonnet-4-6'), AT) as RateCard
    const counts = new Map([['input', whole(1_000_000n)] as const, ['web_search', whole(1n)] as const])
    const usage = { parts: [{ counts }], flags: [], serviceTier: 'batch', inferenceGeo: 'us' }
    const priced = price(usage, card, terms)
    expect(exactText(priced.cost ?? ZERO)).toBe('1.66')
    expect(priced.items.map(({ factor }) => factor)).toEqual(['0.55', undefined])
    expect(priced.flags).toEqual([])
  })
})
