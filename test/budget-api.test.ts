/** Budgets over HTTP: what may be set, how it changes, and that what accounts pay beside model calls passes them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { operations } from '../src/contract/operations.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { hashSecret } from '../src/lib/secret.ts'
import { type Api, openApi, type Reply } from './api-kit.ts'

const BUDGETS = '/api/admin/budgets'
const DAY = 86_400_000

let api: Api
beforeAll(async () => {
  api = await openApi('billing: { creditUsd: "0.5" }')
  // They see everything that happens here, and refuse nothing.
  const watching = { scope: 'organisation', window: 'total', action: 'alert', thresholds: [1000], limit: 1_000_000_000 }
  for (const metric of ['usd', 'tokens', 'requests']) await set({ ...watching, metric, name: `all ${metric}` })
  api.forward(10_000)
})
afterAll(() => api.close())
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const get = (url: string, key = api.operator) => api.request('GET', url, key)
const post = (url: string, body: unknown, headers?: Record<string, string>) =>
  api.request('POST', url, api.operator, body, headers)
const patch = (url: string, body: unknown) => api.request('PATCH', url, api.operator, body)
const remove = (url: string) => api.request('DELETE', url, api.operator)

const base = { name: 'a budget', scope: 'organisation', metric: 'usd', limit: 100, window: 'month' }

async function set(body: object = {}): Promise<Reply['body']> {
  const reply = await post(BUDGETS, { ...base, ...body })
  expect({ status: reply.status, text: reply.text }).toMatchObject({ status: 201 })
  const operation = operations.find(({ name }) => name === 'createBudget')
  operation?.result.parse(reply.body)
  return reply.body.budget
}
const now = async ({ id }: { id: string }) => (await get(`${BUDGETS}/${id}`)).body.budget

let made = 0
async function account(credits = 1_000): Promise<string> {
  const { body } = await post('/v1/accounts', { name: 'A user', externalId: `user_${++made}` })
  await post(`/v1/accounts/${body.account.id}/credits`, { amount: credits, description: 'start' })
  return body.account.id
}

describe('a budget', () => {
  test('is made, shown, listed by its scope, changed and ended, and each change has its row in the audit log', async () => {
    const accountId = await account()
    const made = await set({ scope: 'account', scopeId: accountId, limit: '12.5', thresholds: [100, 50, 50] })
    expect(made).toMatchObject({
      ...{
        id: expect.stringMatching(/^bud_\w{20}$/),
        scope: 'account',
        scopeId: accountId,
        metric: 'usd',
        limit: 12.5,
      },
      ...{ window: 'month', timeZone: 'UTC', weekStart: 1, anchorDay: 1, thresholds: [50, 100], action: 'block' },
      ...{ spent: 0, reserved: 0, remaining: 12.5, possibleOvershoot: 0, version: 1, coming: null, blockedAt: null },
      decimal: { limit: '12.5', spent: '0', reserved: '0', remaining: '12.5', possibleOvershoot: '0' },
    })
    expect(await now(made)).toEqual(made)
    const listed = await get(`${BUDGETS}?scope=account&scopeId=${accountId}`)
    expect(listed.body).toMatchObject({ budgets: [made], pagination: { totalCount: 1, hasMore: false } })
    const changed = await patch(`${BUDGETS}/${made.id}`, { limit: 20, name: 'more' })
    expect(changed.body.budget).toMatchObject({ limit: 20, name: 'more', version: 2 })
    expect((await patch(`${BUDGETS}/${made.id}`, { name: 'same' })).body.budget.version).toBe(2)
    expect(await remove(`${BUDGETS}/${made.id}`)).toMatchObject({ status: 200, body: { deleted: true } })
    expect(await get(`${BUDGETS}/${made.id}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'budget_not_found' } },
    })
    const rows = await api.store.rows(
      api.store.sql.selectFrom('audit_log').selectAll().where('target', '=', made.id).orderBy('id'),
    )
    expect(rows.map(({ action }) => action)).toEqual([
      'budget.create',
      'budget.update',
      'budget.update',
      'budget.delete',
    ])
    expect(JSON.parse(rows[1]?.before ?? '')).toMatchObject({ limit: '12.5', scopeId: accountId })
    expect(JSON.parse(rows[1]?.after ?? '')).toMatchObject({ limit: '20', version: 2 })
  })

  test('is made once under one idempotency key', async () => {
    const headers = { 'idempotency-key': 'budget-1' }
    const body = { ...base, name: 'once' }
    const replies = await Promise.all(Array.from({ length: 5 }, () => post(BUDGETS, body, headers)))
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201])
    expect((await post(BUDGETS, body, headers)).headers['idempotent-replay']).toBe('true')
    const other = await post(BUDGETS, { ...body, limit: 1 }, headers)
    expect(other).toMatchObject({ status: 409, body: { error: { code: 'idempotency_key_mismatch' } } })
    await remove(`${BUDGETS}/${replies[0]?.body.budget.id}`)
  })

  test('is listed by cursor, each once', async () => {
    const ids: string[] = []
    for (let each = 0; each < 5; each++)
      ids.push((await set({ scope: 'tag', scopeId: 'page:one', name: `${each}` })).id)
    const seen: string[] = []
    for (let url: string | undefined = `${BUDGETS}?scope=tag&scopeId=page:one&limit=2`; url; ) {
      const { body }: Reply = await get(url)
      seen.push(...body.budgets.map(({ id }: { id: string }) => id))
      const { nextCursor } = body.pagination
      url = nextCursor ? `${BUDGETS}?scope=tag&scopeId=page:one&limit=2&cursor=${nextCursor}` : undefined
    }
    expect(seen).toEqual(ids.reverse())
  })

  test("is nobody's but its organisation's, and no API key's business", async () => {
    const { id } = await set()
    await post('/api/admin/organisations', { name: 'elsewhere' })
    const { body } = await post('/api/admin/management-keys', { name: 'x', role: 'admin', organisationId: 'elsewhere' })
    expect((await get(`${BUDGETS}/${id}`, body.key)).status).toBe(404)
    expect((await api.request('DELETE', `${BUDGETS}/${id}`, body.key)).status).toBe(404)
    expect((await get(BUDGETS, body.key)).body.budgets).toEqual([])
    const key = await post('/api/v1/keys', { name: 'caller' })
    expect((await get(BUDGETS, key.body.key)).status).toBe(403)
    await remove(`${BUDGETS}/${id}`)
  })

  const wrong: readonly [why: string, body: object, status: number, param: string][] = [
    ['an unknown window', { window: 'fortnight' }, 400, 'window'],
    ['two spellings of one', { window: 'daily' }, 400, 'window'],
    ['an unknown zone', { timeZone: 'Mars/Olympus' }, 400, 'timeZone'],
    ['an offset for a zone', { timeZone: '+02:00' }, 400, 'timeZone'],
    ['a negative limit', { limit: -1 }, 422, 'limit'],
    ['a limit that is none', { limit: 'NaN' }, 422, 'limit'],
    ['no limit', { limit: undefined }, 400, 'limit'],
    ['a fraction of a token', { metric: 'tokens', limit: 1.5 }, 422, 'limit'],
    ['a count beyond reason', { metric: 'requests', limit: 2e12 }, 422, 'limit'],
    ['dollars beyond reason', { limit: 2e9 }, 422, 'limit'],
    ['a threshold of 0', { thresholds: [0] }, 400, 'thresholds.0'],
    ['a threshold above 1000', { thresholds: [1001] }, 400, 'thresholds.0'],
    ['a fractional threshold', { thresholds: [99.5] }, 400, 'thresholds.0'],
    ['an unknown metric', { metric: 'euro' }, 400, 'metric'],
    ['an eighth day of the week', { weekStart: 8 }, 400, 'weekStart'],
    ['a month that begins on the 32nd', { anchorDay: 32 }, 400, 'anchorDay'],
    ['an account that does not exist', { scope: 'account', scopeId: 'acc_000000000000000000ab' }, 404, ''],
    ['a key that does not exist', { scope: 'api_key', scopeId: hashSecret('none') }, 404, 'scopeId'],
    ['a model that does not exist', { scope: 'model', scopeId: 'acme/none' }, 422, 'scopeId'],
    ['a tag without a value', { scope: 'tag', scopeId: 'team' }, 400, 'scopeId'],
    ['an account without a name', { scope: 'account' }, 400, 'scopeId'],
    ['another organisation', { scopeId: 'someone-else' }, 400, 'scopeId'],
    ['a template of anything but end users', { scope: 'account', scopeId: '*' }, 404, ''],
    ['dollars for a single call', { window: 'request' }, 400, 'metric'],
    ['calls under way per day', { metric: 'concurrency', limit: 2, window: 'day' }, 400, 'window'],
    [
      'calls under way that only tell',
      { metric: 'concurrency', limit: 2, window: 'total', action: 'alert' },
      400,
      'action',
    ],
    ['thresholds of single calls', { metric: 'tokens', window: 'request', thresholds: [80] }, 400, 'thresholds'],
  ]
  for (const [why, body, status, param] of wrong)
    test(`is refused with ${why}, and the reply says where`, async () => {
      const before = (await get(BUDGETS)).body.pagination.totalCount
      const reply = await post(BUDGETS, { ...base, ...body })
      expect({ status: reply.status, param: reply.body.error?.param ?? '' }).toEqual({ status, param })
      expect((await get(BUDGETS)).body.pagination.totalCount).toBe(before)
    })

  test('has its default zone from the organisation, and a model by any of its names', async () => {
    await post('/api/admin/organisations', { name: 'berlin', timeZone: 'Europe/Berlin' })
    const { body } = await post('/api/admin/management-keys', { name: 'x', role: 'admin', organisationId: 'berlin' })
    const create = (more: object) => api.request('POST', BUDGETS, body.key, { ...base, ...more })
    expect((await create({ window: 'day' })).body.budget).toMatchObject({
      timeZone: 'Europe/Berlin',
      scopeId: 'berlin',
    })
    expect((await create({ scope: 'model', scopeId: 'gpt-4o' })).body.budget.scopeId).toBe('openai/gpt-4o')
  })
})

describe('another window', () => {
  test('takes over at the end of the present one; both are shown until then', async () => {
    const budget = await set({ window: 'day' })
    const { status, body } = await patch(`${BUDGETS}/${budget.id}`, { window: 'month', timeZone: 'Asia/Kathmandu' })
    expect(status).toBe(200)
    expect(body.budget).toMatchObject({
      ...{ window: 'day', timeZone: 'UTC', windowStart: budget.windowStart, windowEnd: budget.windowEnd, version: 1 },
      coming: { from: expect.any(String), window: 'month', timeZone: 'Asia/Kathmandu', weekStart: 1, anchorDay: 1 },
    })
    const { from } = body.budget.coming
    expect(Date.parse(from) % DAY).toBe(0)
    api.forward(2 * DAY)
    const after = await now(budget)
    expect(after).toMatchObject({ window: 'month', timeZone: 'Asia/Kathmandu', coming: null })
    expect(after.windowEnd).toMatch(/T18:15:00Z$/)
    // The first window of the new rule begins where the old rule ended.
    if (Date.parse(after.windowStart) % DAY === 0) expect(after.windowStart).toBe(from)
    await remove(`${BUDGETS}/${budget.id}`)
  })

  test('that is taken back before it comes leaves the budget as it was', async () => {
    const budget = await set({ window: 'day' })
    await patch(`${BUDGETS}/${budget.id}`, { window: 'month' })
    expect((await patch(`${BUDGETS}/${budget.id}`, { window: 'day' })).body.budget.coming).toBeNull()
    await remove(`${BUDGETS}/${budget.id}`)
  })

  test('cannot follow one that never ends', async () => {
    const budget = await set({ window: 'total' })
    const reply = await patch(`${BUDGETS}/${budget.id}`, { window: 'day' })
    expect(reply).toMatchObject({ status: 400, body: { error: { param: 'window' } } })
    expect((await patch(`${BUDGETS}/${budget.id}`, { timeZone: 'Europe/Berlin' })).status).toBe(200)
    await remove(`${BUDGETS}/${budget.id}`)
  })
})

describe('what an account pays beside model calls', () => {
  /** Half a dollar a credit. */
  test('passes the budgets of account and organisation: reserved, confirmed, debited, refunded', async () => {
    const accountId = await account()
    const budget = await set({ scope: 'account', scopeId: accountId, limit: 10, window: 'day' })
    const reserve = (amount: number) => post('/v1/reservations', { accountId, amount })
    const first = await reserve(12)
    expect(first.status).toBe(201)
    expect(await now(budget)).toMatchObject({ spent: 0, reserved: 6, remaining: 4 })
    const refused = await reserve(10)
    expect(refused.status).toBe(429)
    expect(refused.headers['x-should-retry']).toBe('false')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.body.error).toMatchObject({
      code: 'budget_exceeded',
      details: { budgetId: budget.id, limit: 10, spent: 0, reserved: 6, requested: 5, scope: 'account' },
    })
    const { id } = first.body.reservation
    const confirmed = await post(`/v1/reservations/${id}/confirm`, { actualAmount: 4 })
    expect(await now(budget)).toMatchObject({ spent: 2, reserved: 0 })
    expect((await post(`/v1/accounts/${accountId}/debits`, { amount: 17, description: 'x' })).status).toBe(429)
    expect((await post(`/v1/accounts/${accountId}/debits`, { amount: 6, description: 'x' })).status).toBe(200)
    const one = { accountId, amount: 2, type: 'debit', description: 'x' }
    expect((await post('/v1/transactions', one)).status).toBe(201)
    expect(await now(budget)).toMatchObject({ spent: 6 })
    await post(`/v1/transactions/${confirmed.body.transactionId}/refund`, { reason: 'x' })
    expect(await now(budget)).toMatchObject({ spent: 4, remaining: 6 })
    await remove(`${BUDGETS}/${budget.id}`)
  })

  test('a confirmation counts in the window of its reservation, all of it, whatever the limit', async () => {
    const accountId = await account()
    const budget = await set({ scope: 'account', scopeId: accountId, limit: 3, window: 'hour' })
    const { body } = await post('/v1/reservations', { accountId, amount: 4, ttlSeconds: 86_400 })
    api.forward(2 * 3_600_000)
    expect(await now(budget)).toMatchObject({ spent: 0, reserved: 0 })
    await post(`/v1/reservations/${body.reservation.id}/confirm`, { actualAmount: 20 })
    expect(await now(budget)).toMatchObject({ spent: 0, reserved: 0 })
    const counters = await api.store.rows(api.store.sql.selectFrom('budget_counters').selectAll())
    expect(counters.filter(({ spent }) => spent === 10_000_000_000n)).toHaveLength(1)
    await remove(`${BUDGETS}/${budget.id}`)
  })

  test('what is cancelled, and what is dead by now, is free', async () => {
    const accountId = await account()
    const other = await account()
    const budget = await set({ limit: 10, window: 'total' })
    const { body } = await post('/v1/reservations', { accountId, amount: 10 })
    await post(`/v1/reservations/${body.reservation.id}/cancel`, {})
    expect(await now(budget)).toMatchObject({ reserved: 0 })
    await post('/v1/reservations', { accountId, amount: 16, ttlSeconds: 60 })
    expect(await now(budget)).toMatchObject({ reserved: 8 })
    api.forward(3_600_000)
    expect(await now(budget)).toMatchObject({ reserved: 0, remaining: 10 })
    expect((await post('/v1/reservations', { accountId: other, amount: 18 })).status).toBe(201)
    expect(await now(budget)).toMatchObject({ reserved: 9 })
    await remove(`${BUDGETS}/${budget.id}`)
  })

  test('credit is refused before a budget, and both are named', async () => {
    const accountId = await account(1)
    const budget = await set({ scope: 'account', scopeId: accountId, limit: 1, window: 'day' })
    const { status, body } = await post('/v1/reservations', { accountId, amount: 100 })
    expect(status).toBe(402)
    expect(body.error.details).toMatchObject({
      needed: 100,
      refused: [{ code: 'insufficient_credits' }, { code: 'budget_exceeded', budgetId: budget.id }],
    })
    await remove(`${BUDGETS}/${budget.id}`)
  })
})

describe('usage that is told', () => {
  const tokens = { modelId: 'gpt-4o', usageType: 'text', inputTokens: 1200, outputTokens: 380 }

  test('counts its tokens for account, organisation, model and tag, once, and is never refused', async () => {
    const accountId = await account()
    const scopes = [
      {},
      { scope: 'account', scopeId: accountId },
      { scope: 'model', scopeId: 'gpt-4o' },
      { scope: 'tag', scopeId: 'team:red' },
    ]
    const budgets = await Promise.all(
      scopes.map((scope) => set({ metric: 'tokens', limit: 1_000, window: 'total', ...scope })),
    )
    const requests = await set({ metric: 'requests', limit: 10, window: 'total' })
    const { body } = await post('/v1/transactions', { accountId, amount: 1, type: 'debit', description: 'x' })
    const transactionId = body.transaction.id
    const usage = { context: 'customer', accountId, transactionId, ...tokens, metadata: { team: 'red' } }
    expect((await post('/v1/usage', usage)).status).toBe(201)
    expect((await post('/v1/usage', usage)).body.duplicate).toBe(true)
    for (const budget of budgets) expect(await now(budget)).toMatchObject({ spent: 1580, remaining: 0 })
    expect(await now(requests)).toMatchObject({ spent: 0 })
    for (const { id } of [...budgets, requests]) await remove(`${BUDGETS}/${id}`)
  })

  test('counts dollars where nobody else does: in system context, at its cost', async () => {
    const budget = await set({ limit: 1, window: 'day' })
    expect((await post('/v1/usage', { context: 'system', ...tokens })).status).toBe(201)
    expect(await now(budget)).toMatchObject({ spent: 0.0068, decimal: { spent: '0.0068' } })
    await remove(`${BUDGETS}/${budget.id}`)
  })

  test('counts in the window in which it occurred', async () => {
    const budget = await set({ metric: 'tokens', limit: 1_000, window: 'hour' })
    api.forward(3 * 3_600_000)
    const occurredAt = new Date(api.store.now() - 2 * 3_600_000).toISOString()
    await post('/v1/usage', { context: 'system', ...tokens, occurredAt })
    expect(await now(budget)).toMatchObject({ spent: 0 })
    const rows = await api.store.rows(api.store.sql.selectFrom('outbox').selectAll().orderBy('id', 'desc').limit(1))
    expect(JSON.parse(rows[0]?.data ?? '')).toMatchObject({ budgetId: budget.id, thresholds: [80, 100], late: true })
    await remove(`${BUDGETS}/${budget.id}`)
  })
})

test('what all of this left behind is proved by its rows', async () => {
  const { budgets } = (await get(`${BUDGETS}?scope=organisation&scopeId=default`)).body
  const spent = (metric: string) => budgets.find(({ name }: { name: string }) => name === `all ${metric}`).spent
  expect([spent('usd') > 0, spent('tokens'), spent('requests')]).toEqual([true, 3 * 1580, 0])
  expect(await verifyLedger(api.store)).toEqual([])
})
