import { describe, expect, test } from 'vitest'
import { createCatalogue } from './catalogue.ts'
import { type CatalogueData, matches } from './catalogue-data.ts'
import { openrouterPricing, perMillion } from './published-prices.ts'
import { cardAt, type RateCard, type RateLine } from './rate-card.ts'

const data: CatalogueData = {
  source: 'test 1',
  providers: [
    {
      key: 'acme',
      name: 'Acme',
      author: 'acme',
      rows: [
        {
          id: 'One',
          match: ['=One', '/^one-\\d{4}$', { all: ['^one-', '$-x'] }],
          cards: [{ id: 'rc_1', lines: { input: '1', 'output>=200': '4', 'output@flex': '0.5', output: '2' } }],
        },
        {
          id: 'two',
          match: '*two',
          cards: [{ id: 'rc_2', from: '2026-01-01T00:00:00Z', lines: { input: '2', request: '5' } }],
        },
      ],
    },
    {
      key: 'shop',
      name: 'Shop',
      fallback: ['acme'],
      rows: [{ id: 'own', match: '=own', cards: [{ id: 'rc_3', lines: { input: '9' } }] }],
    },
    {
      key: 'zeta',
      name: 'Zeta',
      author: 'zeta',
      rows: [{ id: 'two', match: '=two', cards: [{ id: 'rc_4', lines: { input: '3' } }] }],
    },
  ],
  models: [
    {
      id: 'acme/one',
      bare: 'one',
      name: 'One',
      context: 1000,
      aliases: ['One'],
      endpoints: [
        ['acme', 'One'],
        ['shop', 'own'],
      ],
    },
    { id: 'acme/two', bare: 'two', name: 'Two', maxOutput: 50, endpoints: [['acme', 'two']] },
    { id: 'zeta/two', bare: 'two', name: 'Zeta Two', endpoints: [['zeta', 'two']] },
  ],
}

describe('finding', () => {
  const catalogue = createCatalogue(data)

  test('a model has one identity under all its names, and a shared bare name is the first vendor’s', () => {
    for (const name of ['acme/one', 'one', 'One']) expect(catalogue.find(name)?.id).toBe('acme/one')
    expect(catalogue.find('two')?.id).toBe('acme/two')
    expect(catalogue.find('zeta/two')?.displayName).toBe('Zeta Two')
    expect(catalogue.find('ONE')).toBeUndefined()
  })

  test('what is only a default says so, and output never exceeds the window', () => {
    expect(catalogue.find('acme/one')).toMatchObject({
      contextLength: 1000,
      isDefaultContextLength: false,
      maxOutputTokens: 1000,
      isDefaultMaxOutput: true,
    })
    expect(catalogue.find('acme/two')).toMatchObject({
      contextLength: 128_000,
      isDefaultContextLength: true,
      maxOutputTokens: 50,
      isDefaultMaxOutput: false,
    })
  })

  test('a pattern catches a sibling in its own case, at its vendor alone', () => {
    expect(catalogue.find('acme/one-2026')?.endpoints).toEqual([{ provider: 'acme', model: 'one-2026' }])
    expect(catalogue.find('One-2026')).toBeUndefined()
    expect(catalogue.find('zeta/one-2026')).toBeUndefined()
    expect(matches({ all: ['^one-', '$-x'] }, 'ONE-y-X', false)).toBe(true)
    expect(matches({ all: ['^one-', '$-x'] }, 'one-y', false)).toBe(false)
  })

  test('cards are found by the upstream name in any case, and at the providers that fill the gaps', () => {
    expect(catalogue.cards('acme', 'ONE-2026').map(({ id }) => id)).toEqual(['rc_1'])
    expect(catalogue.cards('shop', 'two').map(({ id }) => id)).toEqual(['rc_2'])
    expect(catalogue.cards('shop', 'nothing')).toEqual([])
    expect(catalogue.cards('nobody', 'One')).toEqual([])
    const [card] = catalogue.cards('acme', 'One')
    expect(catalogue.cards('acme', 'One')[0]).toBe(card)
    expect(card).toMatchObject({ source: 'test 1', provider: 'acme', model: 'One', currency: 'USD' })
    expect(card?.lines).toContainEqual({ meter: 'output', price: '4', per: 1e6, tier: { op: '>=', threshold: 200 } })
    expect(card?.lines).toContainEqual({ meter: 'output', price: '0.5', per: 1e6, serviceTier: 'flex' })
  })
})

describe('overrides', () => {
  const own: RateCard = { id: 'own', source: 'config', provider: 'acme', model: 'One', currency: 'USD', lines: [] }
  const catalogue = createCatalogue(data, {
    models: [
      {
        id: 'corp/uno',
        aliases: ['one', 'acme/one'],
        endpoints: [{ provider: 'acme', model: 'One' }],
        maxOutputTokens: 7,
      },
      { id: 'corp/new' },
    ],
    cards: [own],
  })

  test('a configured model takes the names that it gives, and keeps what is known under them', () => {
    expect(catalogue.find('one')).toMatchObject({
      id: 'corp/uno',
      contextLength: 1000,
      maxOutputTokens: 7,
      isDefaultMaxOutput: false,
    })
    expect(catalogue.find('acme/one')?.id).toBe('corp/uno')
    expect(catalogue.find('uno')?.author).toBe('corp')
    expect(catalogue.find('corp/new')).toMatchObject({ contextLength: 128_000, maxOutputTokens: 16_384, endpoints: [] })
  })

  test('its cards stand before the shipped ones', () => {
    const model = catalogue.find('uno')
    const cards = model ? (catalogue.endpoints(model)[0]?.cards ?? []) : []
    expect(cards.map(({ id }) => id)).toEqual(['own', 'rc_1'])
    expect(cardAt(cards, 0)?.id).toBe('own')
  })
})

describe('published prices', () => {
  const line = (meter: RateLine['meter'], price: string, rest: Partial<RateLine> = {}): RateLine => ({
    meter,
    price,
    per: 1e6,
    ...rest,
  })
  const cardOf = (lines: readonly RateLine[], rest: Partial<RateCard> = {}): RateCard => ({
    id: 'x',
    source: 's',
    provider: 'p',
    model: 'm',
    currency: 'USD',
    lines,
    ...rest,
  })

  test('are USD per unit for OpenRouter’s clients, without what does not exist', () => {
    const card = cardOf([
      line('input', '2.5'),
      line('output', '10'),
      line('cache_read', '1.25'),
      line('output', '5', { serviceTier: 'flex' }),
    ])
    expect(openrouterPricing(card)).toEqual({
      prompt: '0.0000025',
      completion: '0.00001',
      input_cache_read: '0.00000125',
    })
    expect(openrouterPricing(cardOf([line('request', '5', { per: 1000 })]))).toEqual({
      prompt: '0',
      completion: '0',
      request: '0.005',
    })
  })

  test('name thresholds as strictly above, lower first, and hours as they wrap', () => {
    const card = cardOf([
      line('input', '1'),
      line('output', '2'),
      line('input', '4', { tier: { op: '>=', threshold: 272_000 } }),
      line('input', '3', { tier: { op: '>', threshold: 128_000 } }),
    ])
    const night = cardOf([line('input', '0.5')], { windows: [{ from: '16:30', to: '00:30' }] })
    expect(openrouterPricing(card, [night]).overrides).toEqual([
      { min_prompt_tokens: 128_000, prompt: '0.000003' },
      { min_prompt_tokens: 271_999, prompt: '0.000004' },
      { utc_start: '1630', utc_end: '0030', prompt: '0.0000005' },
    ])
  })

  test('are USD per million for the credits API, cached input at the rate that it is billed at', () => {
    expect(perMillion(cardOf([line('input', '2.5'), line('output', '10')]))).toEqual({
      inputPerMillion: '2.5',
      outputPerMillion: '10',
      cachedInputPerMillion: '2.5',
    })
    expect(perMillion(cardOf([line('audio_seconds', '0.36', { per: 3600 })]))).toEqual({ audioPerMinute: '0.006' })
  })
})
