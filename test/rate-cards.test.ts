/** Prices that are set through the API: they hold for the next call, nothing that was charged changes, and who may not set none. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { type Api, openApi, type Reply } from './api-kit.ts'
import { startTurnpike } from './turnpike.ts'

const YAML = `
unpriced: allow
providers: { acme: { type: simulator } }
models:
  - id: acme/free
    maxOutputTokens: 100
    endpoints: [{ provider: acme, model: exact }]
  - id: acme/fixed
    maxOutputTokens: 100
    endpoints: [{ provider: acme, model: echo, prices: { input: "1", output: "1" } }]
`

let api: Api
beforeAll(async () => {
  api = await openApi(YAML)
})
afterAll(() => api.close())
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const ask = (method: string, url: string, body?: unknown, key = api.operator) => api.request(method, url, key, body)
const set = (body: object, key?: string) => ask('POST', '/api/admin/rate-cards', body, key)
const withdraw = (id: string) => ask('DELETE', `/api/admin/rate-cards/${id}`)
const cardsOf = async (model: string): Promise<Reply['body'][]> =>
  (await ask('GET', `/api/admin/rate-cards?model=${encodeURIComponent(model)}`)).body.rateCards
const codeOf = ({ status, body }: Reply) => `${status} ${body.error.code}`

async function call(model: string) {
  const body = { model, max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] }
  const reply = await api.turnpike.request('/api/v1/chat/completions', { body: { ...body, usage: { include: true } } })
  const { id, usage, error } = (await reply.json()) as Reply['body']
  expect(error).toBeUndefined()
  return { id, usage }
}
const LINES = [
  { meter: 'input', priceUsd: '1000' },
  { meter: 'output', priceUsd: '2000' },
]
/** By the lines above. */
const costOf = ({ prompt_tokens, completion_tokens }: Reply['body']) => (prompt_tokens + 2 * completion_tokens) / 1000

describe('a price that is set', () => {
  test('holds from the next call on; what was charged before stays, and so does what explains it', async () => {
    const before = await call('openai/gpt-4o-mini')
    const { rateCard } = (await set({ endpoint: 'simulator/openai/gpt-4o-mini', lines: LINES })).body
    expect(rateCard).toMatchObject({
      source: 'admin',
      status: 'current',
      validTo: null,
      lines: [{ per: 1_000_000 }, {}],
    })
    const after = await call('openai/gpt-4o-mini')
    expect(after.usage.cost).toBe(costOf(after.usage))
    expect(before.usage.cost).toBeLessThan(after.usage.cost / 100)
    const record = async (id: string) => (await ask('GET', `/api/admin/generations/${id}`)).body.generation
    expect((await record(after.id)).rateCardId).toBe(rateCard.id)
    expect(await record(before.id)).toMatchObject({ total_cost: before.usage.cost })
    const calculated = await ask('POST', '/v1/models/calculate', { modelId: 'gpt-4o-mini', inputTokens: 1_000 })
    expect(calculated.body.decimal.estimatedCostUsd).toBe('1')

    const again = (await set({ endpoint: 'simulator/openai/gpt-4o-mini', lines: [{ meter: 'input', priceUsd: '5' }] }))
      .body
    const found = await cardsOf('gpt-4o-mini')
    expect(found.filter(({ source }) => source === 'admin').map(({ id, status }) => [id, status])).toEqual([
      [rateCard.id, 'outranked'],
      [again.rateCard.id, 'current'],
    ])
    expect(found.find(({ source }) => source !== 'admin')).toMatchObject({ status: 'outranked' })
    // What was set is taken back, whichever card of it is named.
    const ended = (await withdraw(rateCard.id)).body.rateCard
    expect(ended).toMatchObject({ id: rateCard.id, status: 'past', validTo: expect.any(String) })
    expect((await call('openai/gpt-4o-mini')).usage.cost).toBe(before.usage.cost)
    expect(codeOf(await withdraw(rateCard.id))).toBe('404 not_found')
    expect(await verifyLedger(api.turnpike.server.gateway.store)).toEqual([])
  })

  test('prices a model that nobody had a price for', async () => {
    // Who pays from an account is not served at an unknown price.
    const refused = await api.turnpike.request('/v1/chat/completions', {
      body: { model: 'acme/free', max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] },
    })
    expect(refused.status).toBe(422)
    await refused.text()
    await set({ endpoint: 'acme/exact', lines: LINES })
    const { usage } = await call('acme/free')
    expect(usage.cost).toBe(costOf(usage))
  })

  test('can come later, and tells so until then', async () => {
    const validFrom = new Date(Date.now() + 3_600_000).toISOString()
    const { rateCard } = (await set({ endpoint: 'simulator/openai/gpt-4o', lines: LINES, validFrom })).body
    expect(rateCard).toMatchObject({ status: 'coming', validFrom })
    const { usage } = await call('openai/gpt-4o')
    expect(usage.cost).toBeLessThan(costOf(usage))
  })
})

test('a price that was set is there after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-prices-'))
  const first = await startTurnpike({ folder, yaml: YAML })
  const { operatorKey: key } = first
  const made = await first.request('/api/admin/rate-cards', { key, body: { endpoint: 'acme/exact', lines: LINES } })
  expect(made.status).toBe(201)
  await first.stop()
  const second = await startTurnpike({ folder, yaml: YAML })
  expect(second.server.gateway.routes.find('acme/free')?.endpoints[0]?.cards[0]).toMatchObject({ source: 'admin' })
  await second.close()
})

describe('a price is not set', () => {
  const endpoint = 'simulator/openai/gpt-4o'
  const keyOf = async (role: string) =>
    (await ask('POST', '/api/admin/management-keys', { name: role, role })).body.key as string

  test('by anybody but those who run the server', async () => {
    for (const key of [await keyOf('admin'), await keyOf('reader')])
      expect(codeOf(await set({ endpoint, lines: LINES }, key))).toBe('403 forbidden')
    expect((await ask('DELETE', '/api/admin/rate-cards/admin/x', undefined, await keyOf('admin'))).status).toBe(403)
    expect((await set({ endpoint, lines: LINES }, api.turnpike.key)).status).toBe(403)
  })

  test('where turnpike.yaml sets it', async () => {
    const refused = await set({ endpoint: 'acme/echo', lines: LINES })
    expect(codeOf(refused)).toBe('400 invalid_request')
    expect(refused.body.error.message).toContain('turnpike.yaml')
  })

  test.each([
    ['404 not_found', { endpoint: 'nobody/nothing', lines: LINES }],
    ['400 invalid_request', { endpoint, lines: [] }],
    ['400 invalid_request', { endpoint, lines: [{ meter: 'inptu', priceUsd: '1' }] }],
    ['400 invalid_request', { endpoint, lines: [{ meter: 'input', priceUsd: '-1' }] }],
    ['400 invalid_request', { endpoint, lines: [{ meter: 'input', priceUsd: 1 }] }],
    ['400 invalid_request', { endpoint, lines: [{ meter: 'input', priceUsd: '1e3' }] }],
    ['400 invalid_request', { endpoint, lines: [{ meter: 'input', priceUsd: '1', per: 0 }] }],
    ['400 invalid_request', { endpoint, lines: LINES, validFrom: '2020-01-01T00:00:00Z' }],
    ['400 invalid_request', { endpoint, lines: LINES, validFrom: 'tomorrow' }],
  ])('%s: %j', async (expected, body) => {
    const before = await cardsOf('gpt-4o')
    expect(codeOf(await set(body))).toBe(expected)
    expect(await cardsOf('gpt-4o')).toEqual(before)
  })

  test('for a model that does not exist, which is told', async () => {
    expect((await ask('GET', '/api/admin/rate-cards?model=no/such')).status).toBeGreaterThanOrEqual(400)
    expect((await ask('GET', '/api/admin/rate-cards?model=no/such')).body.error.code).toBe('unknown_model')
  })
})
