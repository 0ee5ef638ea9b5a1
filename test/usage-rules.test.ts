/** Usage told over HTTP: what it costs to the last digit, when it may have been, what it is called, and who hears of it. */
import { Temporal } from 'temporal-polyfill'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { watch } from '../src/jobs/watch.ts'
import { type Api, openApi } from './api-kit.ts'
import { code, creditsHands, customer, expectResult, TEXT } from './credits-kit.ts'

/** Half a nano-dollar a token; by the character; by the image; two that share a name, one of them twice; one without a price. */
const yaml = `
models:
  - id: acme/tiny
    endpoints: [{ provider: simulator, model: tiny, prices: { input: "0.0005", output: "0.0005" } }]
  - id: acme/reader
    endpoints:
      - { provider: simulator, model: reader, rateCard: { lines: [{ meter: characters, price: "15", per: 1000000 }] } }
  - id: acme/painter
    endpoints:
      - { provider: simulator, model: painter, rateCard: { lines: [{ meter: images, price: "0.04", per: 1 }] } }
  - id: north/twin
    endpoints:
      - { provider: simulator, model: twin, prices: { input: "1", output: "2" } }
      - { provider: other, model: twin, prices: { input: "100", output: "200" } }
  - id: south/twin
    endpoints: [{ provider: other, model: twin, prices: { input: "3", output: "4" } }]
  - id: acme/nameless
    endpoints: [{ provider: simulator, model: nameless }]
    unpriced: allow
providers:
  simulator: { type: simulator }
  other: { type: simulator }
`
const MINUTE = 60_000
const DAY = 86_400_000

let api: Api
beforeAll(async () => {
  api = await openApi(yaml, { still: true })
})
afterAll(async () => {
  expect(await verifyLedger(api.turnpike.server.gateway.store)).toEqual([])
  await api.close()
})
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const { get, post, account, reserve, confirm, charged, tell, summary } = creditsHands(() => api)
const ago = (ms: number) => new Date(api.store.now() - ms).toISOString()
const tokens = (modelId: string, inputTokens: number, more: object = {}) => ({
  ...{ modelId, usageType: 'text', inputTokens, outputTokens: 0, ...more },
})
const listed = async (query: string) => expectResult('listUsage', await get(`/v1/usage?${query}`)).usageRecords

describe('costs', () => {
  test('of one record are exact, of lists and sums posted nano-dollars that agree', async () => {
    const owner = await charged()
    const costs = []
    for (const [index, count] of [1, 3, 5].entries()) {
      const told = await tell(customer(owner, tokens('acme/tiny', count, { sequence: index })))
      costs.push(told.body.usageRecord.decimal.estimatedCostUsd)
    }
    expect(costs).toEqual(['0.0000000005', '0.0000000015', '0.0000000025'])
    const records = await listed(`accountId=${owner.id}`)
    const posted = records.map(({ decimal }: { decimal: Record<string, string> }) => decimal.estimatedCostUsd)
    // Half a nano goes to the even neighbour, each by itself; the exact sum would be 0.0000000045.
    expect(posted).toEqual(['0.000000002', '0.000000002', '0'])
    expect((await summary(`accountId=${owner.id}`)).decimal.totalCostUsd).toBe('0.000000004')
  })

  test('that a confirmation is charged by are the sum of what its records post', async () => {
    const { id } = await account(1)
    const usage = [tokens('acme/tiny', 3), tokens('acme/tiny', 3, { sequence: 1 })]
    const { body } = await confirm(await reserve(id, 1), { usage })
    expect(body.decimal.charged).toBe('0.000000004')
    const { items } = (await get(`/v1/transactions?accountId=${id}&include=usage`)).body
    expect(items[0].reconciliation).toMatchObject({ verdict: 'matched', differenceUsd: 0 })
  })

  test('of characters and of images are by the character and by the image', async () => {
    const owner = await charged()
    const who = { context: 'customer', transactionId: owner.transactionId, accountId: owner.id }
    const read = await tell({ ...who, modelId: 'reader', usageType: 'audio_tts', characters: 1_000 })
    expect(expectResult('recordUsage', read).usageRecord).toMatchObject({
      ...{ modelId: 'reader', usageType: 'audio_tts', characters: 1_000, inputTokens: 0, estimatedCostUsd: 0.015 },
    })
    const painted = await tell({ ...who, modelId: 'painter', usageType: 'image', images: 3 })
    expect(expectResult('recordUsage', painted).usageRecord).toMatchObject({
      ...{ usageType: 'image', images: 3, estimatedCostUsd: 0.12, decimal: { estimatedCostUsd: '0.12' } },
    })
    expect(await summary(`accountId=${owner.id}`)).toMatchObject({
      ...{ totalCostUsd: 0.135, totalInputTokens: 0, byModel: { reader: { count: 1 }, painter: { costUsd: 0.12 } } },
    })
    expect(await listed(`accountId=${owner.id}&usageType=image`)).toMatchObject([{ images: 3 }])
    for (const wrong of [
      { modelId: 'reader', usageType: 'audio_tts', characters: 10, inputTokens: 5 },
      { modelId: 'reader', usageType: 'audio_tts', characters: 1.5 },
      { modelId: 'painter', usageType: 'image' },
      { modelId: 'painter', usageType: 'image', images: '3' },
      { modelId: 'painter', usageType: 'text', inputTokens: 1, outputTokens: 1, images: 3 },
    ])
      expect([wrong, code(await tell({ ...who, ...wrong }))]).toEqual([wrong, '422 invalid_usage'])
    for (const body of [
      { modelId: 'reader', characters: 1_000 },
      { modelId: 'painter', images: 3 },
    ])
      expect((await post('/v1/models/calculate', body)).body.estimatedCostUsd).toBe(body.images ? 0.12 : 0.015)
  })

  test('nobody knows are null and counted as left out, never 0; nothing is charged by them', async () => {
    const owner = await charged()
    const told = await tell(customer(owner, tokens('acme/nameless', 10)))
    expect(told.body.usageRecord).toMatchObject({ estimatedCostUsd: null, decimal: {} })
    expect(await summary(`accountId=${owner.id}`)).toMatchObject({ totalCostUsd: 0, unpricedRecords: 1 })
    const reservation = await reserve(owner.id, 1)
    const usage = tokens('acme/nameless', 10)
    expect(code(await confirm(reservation, { usage }))).toBe('422 unpriced_model')
    expect((await get(`/v1/reservations/${reservation}`)).body.reservation.status).toBe('pending')
    expect(code(await post('/v1/models/calculate', { modelId: 'nameless', inputTokens: 1 }))).toBe('422 unpriced_model')
    expect((await confirm(reservation, { actualAmount: 1, usage })).body.usageRecords).toMatchObject([
      { estimatedCostUsd: null },
    ])
  })

  test('count parts within their whole: read and written tokens of the cache in the input', async () => {
    const owner = await charged()
    const counts = (cachedTokens: number, cacheWriteTokens: number) =>
      tell(customer(owner, tokens('gpt-4o', 100, { cachedTokens, cacheWriteTokens })))
    expect(code(await counts(0, 101))).toBe('422 invalid_usage')
    expect(code(await counts(60, 41))).toBe('422 invalid_usage')
    expect((await counts(60, 40)).body.usageRecord).toMatchObject({
      ...{ inputTokens: 100, cachedTokens: 60, cacheWriteTokens: 40 },
    })
    expect((await summary(`accountId=${owner.id}`)).totalInputTokens).toBe(100)
  })
})

describe('the instant of a usage', () => {
  test('is at most 5 minutes ahead and 35 days back, to the millisecond', async () => {
    const at = (occurredAt: string) => tell({ context: 'system', ...TEXT, occurredAt })
    for (const [occurredAt, expected] of [
      [ago(-5 * MINUTE), '201 fine'],
      [ago(-5 * MINUTE - 1), '422 invalid_usage'],
      [ago(35 * DAY), '201 fine'],
      [ago(35 * DAY + 1), '422 invalid_usage'],
    ] as const)
      expect([occurredAt, code(await at(occurredAt))]).toEqual([occurredAt, expected])
    const offset = await at(ago(0).replace('Z', '+00:00'))
    expect(offset.body.usageRecord.occurredAt).toBe(ago(0))
  })

  test.each(['2026-02-31T00:00:00Z', '2026-11-20T09:00:00', '2026-11-20', '2026-11-20T25:00:00Z', '', 5, null])(
    '%j is none: a bad request',
    async (occurredAt) => {
      expect(code(await tell({ context: 'system', ...TEXT, occurredAt }))).toBe('400 invalid_request')
    },
  )

  test('in the year 0 is one, and too far back', async () => {
    expect(code(await tell({ context: 'system', ...TEXT, occurredAt: '0000-01-01T00:00:00Z' }))).toBe(
      '422 invalid_usage',
    )
  })

  test.each(['2026-02-31', '2026-13-01', '2026-11-20T09:00:00', '20.11.2026', '-000000-01-01', '2026-W47', ''])(
    'as the bound of a list is no date where it is %j',
    async (text) => {
      for (const path of ['/v1/usage', '/v1/usage/summary', '/v1/transactions'])
        for (const name of ['startDate', 'endDate']) {
          const reply = await get(`${path}?${name}=${encodeURIComponent(text)}`)
          expect([path, code(reply), reply.body.error.param]).toEqual([path, '400 invalid_request', name])
        }
    },
  )

  test('as the bound of a list may lie in the year 0, where nothing is', async () => {
    expect(await listed('startDate=0000-01-01&endDate=0000-12-31')).toEqual([])
    expect((await summary('endDate=0000-01-01T00:00:00Z')).totalRecords).toBe(0)
  })
})

describe('models', () => {
  test('of one name by two authors keep their full names; of two providers a model is one', async () => {
    const owner = await charged()
    const ids = []
    for (const name of ['north/twin', 'south/twin'])
      ids.push((await tell(customer(owner, tokens(name, 1_000_000)))).body.usageRecord)
    expect(ids).toMatchObject([
      { modelId: 'north/twin', estimatedCostUsd: 1 },
      { modelId: 'south/twin', estimatedCostUsd: 3 },
    ])
    expect((await summary(`accountId=${owner.id}`)).byModel).toMatchObject({
      ...{ 'north/twin': { costUsd: 1, count: 1 }, 'south/twin': { costUsd: 3, count: 1 } },
    })
    expect(await listed(`accountId=${owner.id}&modelId=south/twin`)).toMatchObject([{ modelId: 'south/twin' }])
    const { models } = (await get('/v1/models')).body
    const twins = models.filter(({ modelId }: { modelId: string }) => modelId.endsWith('twin'))
    expect(twins).toMatchObject([
      { modelId: 'north/twin', provider: 'simulator', pricing: { text: { inputPerMillion: 1, outputPerMillion: 2 } } },
      { modelId: 'south/twin', provider: 'other', pricing: { text: { inputPerMillion: 3, outputPerMillion: 4 } } },
    ])
    const estimate = await post('/v1/models/calculate', { modelId: 'south/twin', inputTokens: 1_000_000 })
    expect(estimate.body).toMatchObject({ modelId: 'south/twin', estimatedCostUsd: 3 })
  })
})

describe('the transaction of a usage', () => {
  test('may be a debit, and not what gave credit', async () => {
    const { id } = await account(10)
    const debited = (await post(`/v1/accounts/${id}/debits`, { amount: 5, description: 'out' })).body
    const told = await tell(customer({ id, transactionId: debited.transactionId }))
    expect([told.status, told.body.usageRecord.transactionId]).toEqual([201, debited.transactionId])
    const { transaction } = (await post(`/v1/transactions/${debited.transactionId}/refund`, { reason: 'sorry' })).body
    const added = (await post(`/v1/accounts/${id}/credits`, { amount: 1, description: 'more' })).body
    for (const transactionId of [transaction.id, added.transactionId])
      expect(code(await tell(customer({ id, transactionId })))).toBe('404 transaction_not_found')
    expect((await summary(`accountId=${id}`)).totalRecords).toBe(1)
  })

  test('that nobody explains within 15 minutes is told of once; one that is explained never', async () => {
    const [silent, told] = [await charged(), await charged()]
    await tell(customer(told))
    const { store } = api.turnpike.server.gateway
    // By the clock that the transactions got their ids from.
    const missingAfter = async (minutes: number): Promise<string[]> => {
      await watch({ ...store, now: () => store.now() + minutes * MINUTE })
      const { events } = (await get('/api/admin/events?type=usage.missing')).body
      return events.map(({ data }: { data: { transactionId: string } }) => data.transactionId)
    }
    expect(await missingAfter(14)).not.toContain(silent.transactionId)
    await missingAfter(16)
    const after = await missingAfter(17)
    expect(after.filter((id) => id === silent.transactionId)).toHaveLength(1)
    expect(after).not.toContain(told.transactionId)
    await tell(customer(silent))
    const { items } = (await get(`/v1/transactions?accountId=${silent.id}&usage=missing`)).body
    expect(items).toEqual([])
  })
})

describe('what the gateway charged', () => {
  test('is the same sum in pages, in the summary, in CSV and in the ledger', async () => {
    const left = async () => nanos((await get('/v1/accounts/balance?externalId=demo')).body.decimal.balance)
    const start = await left()
    for (let call = 0; call < 5; call++)
      await api.turnpike.request('/v1/chat/completions', {
        body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: `Hi ${call}` }], max_tokens: 20 },
      })
    const sums: bigint[] = []
    let [pages, next] = [0n, '']
    do {
      const { usageRecords, pagination } = (await get(`/v1/usage?externalId=demo&limit=2${next}`)).body
      for (const { decimal } of usageRecords) pages += nanos(decimal.chargeUsd)
      next = pagination.nextCursor === null ? '' : `&cursor=${pagination.nextCursor}`
    } while (next !== '')
    sums.push(pages, nanos((await summary('externalId=demo')).decimal.totalCostUsd))
    sums.push(await sumOfColumn('/v1/usage?externalId=demo', 'chargeUsd'))
    sums.push(await sumOfColumn('/v1/transactions?externalId=demo&type=debit', 'amountUsd'))
    sums.push(start - (await left()))
    expect(sums[0]).toBeGreaterThan(0n)
    expect(new Set(sums).size, String(sums)).toBe(1)
  })
})

const nanos = (text: string): bigint => BigInt(Math.round(Number(text) * 1e9))

async function sumOfColumn(url: string, name: string): Promise<bigint> {
  const { text } = await get(url, api.operator, { accept: 'text/csv' })
  const [head = '', ...lines] = text.trimEnd().split('\r\n')
  const column = head.split(',').indexOf(name)
  return lines.reduce((sum, line) => sum + nanos(line.split(',')[column] ?? ''), 0n)
}

describe('a day of New York', () => {
  test('has 23 hours in spring and 25 in autumn, in the summary as in the list', async () => {
    await post('/api/admin/organisations', { name: 'ny', timeZone: 'America/New_York' })
    const made = await post('/api/admin/management-keys', { name: 'n', role: 'admin', organisationId: 'ny' })
    const key = made.body.key
    const hours = []
    for (let turn = 0; turn < 2; turn++) {
      const change = Temporal.Instant.fromEpochMilliseconds(api.store.now())
        .toZonedDateTimeISO('America/New_York')
        .getTimeZoneTransition('next')
      const day = change?.toPlainDate() ?? Temporal.PlainDate.from('2027-03-14')
      const [begin, end] = [day, day.add({ days: 1 })].map(
        (date) => date.toZonedDateTime('America/New_York').epochMilliseconds,
      ) as [number, number]
      api.forward(end + DAY - api.store.now())
      // One at each full hour from the one before the day to the one after it, a token each.
      for (let instant = begin - 3_600_000; instant <= end; instant += 3_600_000) {
        const body = { context: 'system', ...tokens('acme/tiny', 1), occurredAt: new Date(instant).toISOString() }
        expect((await post('/v1/usage', body, undefined, key)).status).toBe(201)
      }
      const query = `startDate=${day}&endDate=${day}`
      const { totalRecords, totalInputTokens } = await summary(query, key)
      const rows = (await get(`/v1/usage?${query}`, key)).body.pagination.totalCount
      expect([totalRecords, totalInputTokens]).toEqual([rows, rows])
      hours.push(rows)
    }
    expect(hours.sort()).toEqual([23, 25])
  })
})
