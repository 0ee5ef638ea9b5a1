/** F5, F14: budgets hold at the same instant, on every route that spends, for every scope and metric. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { hashSecret } from '../src/lib/secret.ts'
import { type Customer, chat, createCustomer, eventually, expectSettled, OPENAI, OPENROUTER } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

/** An answer of 50 tokens costs 5 cents, the prompt nothing. */
const YAML = `
providers: { acme: { type: simulator } }
models:
  - id: acme/five
    maxOutputTokens: 4000
    endpoints: [{ provider: acme, model: five, prices: { input: "0", output: "1000" } }]
  - id: acme/six
    maxOutputTokens: 4000
    endpoints: [{ provider: acme, model: six, prices: { input: "0", output: "1000" } }]
`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

// biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
type Json = any

async function admin(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Json> {
  const more = { ...(body ? { body } : {}), ...(headers ? { headers } : {}) }
  const reply = await turnpike.request(`/api/admin${path}`, { method, key: turnpike.operatorKey, ...more })
  return { status: reply.status, headers: reply.headers, ...((await reply.json()) as object) }
}

async function setBudget(body: object): Promise<Json> {
  const reply = await admin('POST', '/budgets', { name: 'a budget', window: 'total', metric: 'usd', ...body })
  expect(reply).toMatchObject({ status: 201 })
  return reply.budget
}

const budgetNow = async ({ id }: { id: string }): Promise<Json> => (await admin('GET', `/budgets/${id}`)).budget

let made = 0
const customer = (credit = 100_000_000_000n): Promise<Customer> =>
  createCustomer(turnpike, `budgeted-${++made}`, credit)

type Ask = { path?: string; model?: string; max_tokens?: number; [member: string]: unknown }

async function call({ key }: { key: string }, { path = OPENAI, model = 'acme/five', ...extra }: Ask = {}) {
  const reply = await turnpike.request(path, { key, body: chat(model, { max_tokens: 50, ...extra }) })
  return { status: reply.status, headers: reply.headers, body: (await reply.json()) as Json }
}

/** What was told of the budget, oldest first. */
async function eventsOf({ id }: { id: string }): Promise<Json[]> {
  const { store } = turnpike.server.gateway
  const rows = await store.rows(store.sql.selectFrom('outbox').selectAll().orderBy('id'))
  return rows.flatMap(({ type, data }) => {
    const facts = JSON.parse(data)
    return facts.budgetId === id ? [{ type, ...facts }] : []
  })
}

for (const path of ['/v1', '/api/v1'])
  test(`${path}: a key with a budget of $1 and 100 concurrent calls of 5 cents on a slow upstream: at most 20 served, the rest 429 that the official client doesn't retry`, async () => {
    const caller = await customer()
    const budget = await setBudget({ scope: 'api_key', scopeId: hashSecret(caller.key), limit: 1, window: 'month' })
    let requests = 0
    const counted: typeof fetch = (url, options) => {
      requests++
      return fetch(url, options)
    }
    const client = new OpenAI({ baseURL: `${turnpike.url}${path}`, apiKey: caller.key, fetch: counted })
    const script = turnpike.simulator.script('five', ['gate', 'answer'])
    let refused = 0
    const calls = Array.from({ length: 100 }, () =>
      client.chat.completions
        .create({ model: 'acme/five', messages: [{ role: 'user', content: 'hello' }], max_tokens: 50 })
        .then(
          () => undefined,
          (error: unknown) => {
            refused++
            return error
          },
        ),
    )
    await Promise.all([script.waiting(20), eventually(() => (refused === 80 ? true : undefined))])
    expect(await budgetNow(budget)).toMatchObject({ spent: 0, reserved: 1, remaining: 0, decimal: { reserved: '1' } })
    script.release()
    const errors = (await Promise.all(calls)).filter((error) => error !== undefined)
    script.stop()
    expect(errors).toHaveLength(80)
    for (const error of errors) {
      if (!(error instanceof OpenAI.RateLimitError)) throw error
      expect(error.headers.get('x-should-retry')).toBe('false')
      expect(Number(error.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(requests).toBe(100)
    const records = await expectSettled(turnpike, 100_000_000_000n, `budgeted-${made}`)
    expect(records).toHaveLength(20)
    const spent = records.reduce((sum, { charge_nanos }) => sum + (charge_nanos ?? 0n), 0n)
    const now = await budgetNow(budget)
    expect(BigInt(Math.round(now.spent * 1e9))).toBe(spent)
    expect(now).toMatchObject({ reserved: 0, possibleOvershoot: 0 })
    expect((await eventsOf(budget)).filter(({ type }) => type === 'budget.blocked')).toHaveLength(1)
  })

describe('a refusal', () => {
  test('names the budget and its numbers, and when the window ends', async () => {
    const caller = await customer()
    const budget = await setBudget({
      name: 'small',
      scope: 'account',
      scopeId: await accountCode(caller),
      limit: 0.06,
      window: 'day',
    })
    expect((await call(caller)).status).toBe(200)
    const { spent } = await budgetNow(budget)
    const refused = await call(caller)
    const seconds = Math.ceil((Date.parse(budget.windowEnd) - Date.now()) / 1000)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('x-should-retry')).toBe('false')
    expect(Math.abs(Number(refused.headers.get('retry-after')) - seconds)).toBeLessThan(5)
    expect(refused.body.error).toMatchObject({
      ...{ code: 'budget_exceeded', type: 'insufficient_quota' },
      message: expect.stringMatching(/^Budget 'small' of account acc_\w{20}: [\d.]+ of 0.06 USD used.* Resets 20/),
      details: {
        ...{ budgetId: budget.id, name: 'small', scope: 'account', scopeId: budget.scopeId, metric: 'usd' },
        ...{ limit: 0.06, spent, reserved: 0, requested: 0.05, window: 'day', timeZone: 'UTC' },
        ...{ windowStart: budget.windowStart, windowEnd: budget.windowEnd },
      },
    })
    expect(await budgetNow(budget)).toMatchObject({ spent, reserved: 0, blockedAt: expect.any(String) })
  })

  test('of a budget without an end has no time to wait', async () => {
    const caller = await customer()
    await setBudget({ scope: 'api_key', scopeId: hashSecret(caller.key), limit: 0 })
    const refused = await call(caller, { path: OPENROUTER })
    expect(refused).toMatchObject({ status: 429, body: { error: { metadata: { error_type: 'budget_exceeded' } } } })
    expect(refused.headers.get('retry-after')).toBeNull()
    expect(refused.headers.get('x-should-retry')).toBe('false')
  })

  test('names all that refuse: credit first, then the budget whose window ends last', async () => {
    const caller = await customer(1_000n)
    const scope = { scope: 'api_key', scopeId: hashSecret(caller.key), limit: 0.01 }
    const day = await setBudget({ ...scope, name: 'day', window: 'day' })
    const ever = await setBudget({ ...scope, name: 'ever' })
    const poor = await call(caller)
    expect(poor.status).toBe(402)
    const named = [
      { code: 'budget_exceeded', budgetId: ever.id },
      { code: 'budget_exceeded', budgetId: day.id },
    ]
    expect(poor.body.error).toMatchObject({
      code: 'insufficient_credits',
      details: { needed: 0.05, refused: [{ code: 'insufficient_credits' }, ...named] },
    })
    const rich = await customer()
    const key = { scope: 'api_key', scopeId: hashSecret(rich.key), limit: 0.01 }
    await setBudget({ ...key, name: 'day', window: 'day' })
    const last = await setBudget({ ...key, name: 'ever' })
    expect((await call(rich)).body.error).toMatchObject({
      code: 'budget_exceeded',
      details: { budgetId: last.id, refused: [{ name: 'ever' }, { name: 'day' }] },
    })
  })
})

const accountCode = async ({ accountId }: Customer): Promise<string> => {
  const { store } = turnpike.server.gateway
  const [row] = await store.rows(store.sql.selectFrom('accounts').select('code').where('id', '=', accountId))
  return `acc_${row?.code}`
}

describe('every scope binds whoever it matches, and nobody else', () => {
  const scopes = [
    ['account', async (caller: Customer) => accountCode(caller), {}, {}],
    ['api_key', async (caller: Customer) => hashSecret(caller.key), {}, {}],
    ['end_user', async () => 'anna', { user: 'anna' }, { user: 'bert' }],
    ['tag', async () => 'team:red', { metadata: { team: 'red' } }, { metadata: { team: 'blue' } }],
    ['model', async () => 'acme/six', { model: 'acme/six' }, { model: 'acme/five' }],
  ] as const
  for (const [scope, name, matching, other] of scopes)
    test(scope, async () => {
      const caller = await customer()
      const stranger = await customer()
      const budget = await setBudget({ scope, scopeId: await name(caller), metric: 'requests', limit: 1 })
      expect((await call(caller, matching)).status).toBe(200)
      expect((await call(caller, matching)).body.error).toMatchObject({ code: 'budget_exceeded', details: { scope } })
      const free = scope === 'account' || scope === 'api_key' ? stranger : caller
      expect((await call(free, { ...matching, ...other })).status).toBe(200)
      expect(await budgetNow(budget)).toMatchObject({ spent: 1, reserved: 0, remaining: 0 })
      await admin('DELETE', `/budgets/${budget.id}`)
      expect((await call(caller, matching)).status).toBe(200)
    })

  test('the organisation, and calls without an account', async () => {
    const budget = await setBudget({ scope: 'organisation', metric: 'tokens', limit: 1_000_000 })
    const { body } = await call({ key: turnpike.operatorKey })
    const { spent } = await budgetNow(budget)
    expect(spent).toBe(body.usage.total_tokens)
    await admin('PATCH', `/budgets/${budget.id}`, { limit: 0 })
    expect((await call({ key: turnpike.operatorKey })).status).toBe(429)
    expect((await call(await customer())).status).toBe(429)
    await admin('DELETE', `/budgets/${budget.id}`)
    expect((await call({ key: turnpike.operatorKey })).status).toBe(200)
  })

  test('every model that a call may fall back to', async () => {
    const caller = await customer()
    const budget = await setBudget({ scope: 'model', scopeId: 'six', metric: 'usd', limit: 0 })
    expect(budget.scopeId).toBe('acme/six')
    expect((await call(caller, { models: ['acme/six'] })).body.error.details).toMatchObject({ budgetId: budget.id })
    expect((await call(caller)).status).toBe(200)
    await admin('DELETE', `/budgets/${budget.id}`)
  })

  test('several of one scope bind together, and a wider one is not overridden by a narrower', async () => {
    const caller = await customer()
    const account = await accountCode(caller)
    const wide = await setBudget({ scope: 'account', scopeId: account, metric: 'requests', limit: 1 })
    await setBudget({ scope: 'account', scopeId: account, metric: 'requests', limit: 50 })
    await setBudget({ scope: 'api_key', scopeId: hashSecret(caller.key), metric: 'requests', limit: 50 })
    expect((await call(caller)).status).toBe(200)
    expect((await call(caller)).body.error.details.budgetId).toBe(wide.id)
  })

  test('a key that is deleted and made anew changes no other scope', async () => {
    const caller = await customer()
    const account = await setBudget({ scope: 'account', scopeId: await accountCode(caller), limit: 10 })
    const own = await setBudget({ scope: 'api_key', scopeId: hashSecret(caller.key), limit: 10 })
    await call(caller)
    const before = await budgetNow(account)
    expect(before.spent).toBeGreaterThan(0)
    await turnpike.request(`/api/v1/keys/${hashSecret(caller.key)}`, { method: 'DELETE', key: turnpike.operatorKey })
    const { body } = await turnpike
      .request('/api/v1/keys', { key: turnpike.operatorKey, body: { name: 'next', external_user: `budgeted-${made}` } })
      .then(async (reply) => ({ body: (await reply.json()) as Json }))
    expect(await budgetNow(account)).toMatchObject({ spent: before.spent })
    await call({ key: body.key })
    expect((await budgetNow(account)).spent).toBeGreaterThan(before.spent)
    expect(await budgetNow(own)).toMatchObject({ spent: before.spent })
  })
})

test('a budget stays on its key through a rotation, and is called by the new secret', async () => {
  const caller = await customer()
  const budget = await setBudget({ scope: 'api_key', scopeId: hashSecret(caller.key), metric: 'requests', limit: 1 })
  expect((await call(caller)).status).toBe(200)
  const rotated = await turnpike.request(`/api/v1/keys/${hashSecret(caller.key)}/rotate`, {
    key: turnpike.operatorKey,
    body: { grace_seconds: 60 },
  })
  const { key } = (await rotated.json()) as { key: string }
  for (const secret of [caller.key, key]) expect((await call({ key: secret })).status).toBe(429)
  expect(await budgetNow(budget)).toMatchObject({ spent: 1, scopeId: hashSecret(key) })
})

test("a refund gives back what the key's own limit counted, and the budgets of end user and tag", async () => {
  const caller = await customer()
  const hash = hashSecret(caller.key)
  const change = (body: object) =>
    turnpike.request(`/api/v1/keys/${hash}`, { method: 'PATCH', key: turnpike.operatorKey, body })
  const left = async () => {
    const { data } = (await (await turnpike.request('/api/v1/key', { key: caller.key })).json()) as Json
    return [data.limit_remaining, data.usage]
  }
  const tag = await setBudget({ scope: 'tag', scopeId: 'refund:me', limit: 1 })
  const user = await setBudget({ scope: 'end_user', scopeId: 'refunded', limit: 1 })
  await change({ limit: 0.05, limit_reset: 'monthly' })
  const asked = { user: 'refunded', metadata: { refund: 'me' }, usage: { include: true } }
  const { status, body } = await call(caller, asked)
  expect(status).toBe(200)
  expect(await left()).toEqual([Number((0.05 - body.cost).toFixed(9)), body.cost])
  expect((await call(caller, asked)).status).toBe(429)
  expect(await budgetNow(tag)).toMatchObject({ spent: body.cost })
  const charge = `txn_${body.id.split('-').at(-1)}`
  const refund = (amount?: number) =>
    turnpike.request(`/v1/transactions/${charge}/refund`, {
      key: turnpike.operatorKey,
      body: { reason: 'it was bad', ...(amount === undefined ? {} : { amount }) },
    })
  expect((await refund(0.001)).status).toBe(200)
  expect(await left()).toEqual([Number((0.05 - body.cost + 0.001).toFixed(9)), body.cost])
  // A limit that is set only now begins with what is left of the charges.
  await change({ limit: 0.05, limit_reset: 'daily' })
  expect((await refund()).status).toBe(200)
  expect(await left()).toEqual([0.05, body.cost])
  for (const budget of [tag, user]) expect(await budgetNow(budget)).toMatchObject({ spent: 0, reserved: 0 })
  expect((await call(caller, asked)).status).toBe(200)
})

describe('a template', () => {
  test('gives each end user a budget of their own', async () => {
    const caller = await customer()
    const template = await setBudget({ scope: 'end_user', scopeId: '*', metric: 'requests', limit: 2 })
    expect(template).toMatchObject({ isTemplate: true, templateId: null })
    const ask = (user: string) => call(caller, { user }).then(({ status }) => status)
    expect([await ask('u1'), await ask('u1'), await ask('u1'), await ask('u2')]).toEqual([200, 200, 429, 200])
    expect((await call(caller)).status).toBe(200)
    const [own] = (await admin('GET', '/budgets?scope=end_user&scopeId=u1')).budgets
    expect(own).toMatchObject({ templateId: template.id, isTemplate: false, spent: 2, limit: 2 })
    await admin('PATCH', `/budgets/${template.id}`, { limit: 3 })
    expect([await ask('u1'), await ask('u1')]).toEqual([200, 429])
    expect(await admin('PATCH', `/budgets/${own.id}`, { limit: 9 })).toMatchObject({ status: 400 })
    await admin('DELETE', `/budgets/${template.id}`)
    expect(await ask('u1')).toBe(200)
    expect(await admin('GET', `/budgets/${own.id}`)).toMatchObject({ status: 404 })
  })

  test('an end user who calls themself * is one of them', async () => {
    const caller = await customer()
    const template = await setBudget({ scope: 'end_user', scopeId: '*', metric: 'requests', limit: 1 })
    expect((await call(caller, { user: '*' })).status).toBe(200)
    expect((await call(caller, { user: '*' })).status).toBe(429)
    expect((await call(caller, { user: 'someone' })).status).toBe(200)
    await admin('DELETE', `/budgets/${template.id}`)
  })
})

describe('limits of speed', () => {
  test('per minute: retry allowed after a short time, and every reply of a limited key tells what is left', async () => {
    const caller = await customer()
    await setBudget({
      scope: 'api_key',
      scopeId: hashSecret(caller.key),
      metric: 'requests',
      limit: 2,
      window: 'minute',
    })
    await setBudget({
      scope: 'api_key',
      scopeId: hashSecret(caller.key),
      metric: 'tokens',
      limit: 90_000,
      window: 'hour',
    })
    const first = await call(caller)
    expect(first.status).toBe(200)
    const shown = (name: string, reply: { headers: Headers }) => reply.headers.get(`x-ratelimit-${name}`)
    expect([shown('limit-requests', first), shown('remaining-requests', first)]).toEqual(['2', '1'])
    expect(shown('reset-requests', first)).toMatch(/^\d{1,2}s$|^1m0s$/)
    expect(shown('limit-tokens', first)).toBe('90000')
    expect(Number(shown('remaining-tokens', first))).toBeGreaterThan(80_000)
    const streamed = await turnpike.request(OPENAI, {
      key: caller.key,
      body: chat('acme/five', { stream: true, max_tokens: 5 }),
    })
    await streamed.text()
    // The minute may have turned between the two.
    expect(['0', '1']).toContain(shown('remaining-requests', streamed))
    const refused = await eventually(async () => {
      const reply = await call(caller)
      return reply.status === 429 ? reply : undefined
    })
    expect(refused.body.error).toMatchObject({ code: 'rate_limit_exceeded', type: 'rate_limit_error' })
    expect(refused.headers.get('x-should-retry')).toBeNull()
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    expect(shown('remaining-requests', refused)).toBe('0')
    const other = await eventually(async () => {
      const reply = await call(caller, { path: OPENROUTER })
      return reply.status === 429 ? reply : undefined
    })
    expect(other.headers.get('X-RateLimit-Limit')).toBe('2')
    expect(Number(other.headers.get('X-RateLimit-Reset'))).toBeGreaterThan(Date.now() - 1000)
  })

  test('calls under way: held while they run, never spent', async () => {
    const caller = await customer()
    const budget = await setBudget({
      scope: 'api_key',
      scopeId: hashSecret(caller.key),
      metric: 'concurrency',
      limit: 2,
    })
    const script = turnpike.simulator.script('five', ['gate', 'answer'])
    const running = [call(caller), call(caller)]
    await script.waiting(2)
    expect(await budgetNow(budget)).toMatchObject({ spent: 0, reserved: 2, remaining: 0 })
    const refused = await call(caller)
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'rate_limit_exceeded' } } })
    expect(refused.body.error.message).toMatch(/2 of 2 calls are under way\.$/)
    expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry')]).toEqual(['1', null])
    script.release()
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200])
    script.stop()
    expect(await budgetNow(budget)).toMatchObject({ spent: 0, reserved: 0 })
    expect((await call(caller)).status).toBe(200)
  })
})

describe('a limit for single calls', () => {
  test('refuses one that may use more tokens, and names the limit and the budget', async () => {
    const caller = await customer()
    const scope = { scope: 'api_key', scopeId: hashSecret(caller.key) }
    const budget = await setBudget({ ...scope, name: 'short calls', metric: 'tokens', limit: 400, window: 'request' })
    expect(budget).toMatchObject({ windowStart: null, windowEnd: null, spent: 0, thresholds: [] })
    expect((await call(caller)).status).toBe(200)
    const refused = await call(caller, { max_tokens: 1000 })
    expect(refused.status).toBe(429)
    expect(refused.headers.get('x-should-retry')).toBe('false')
    expect(refused.headers.get('retry-after')).toBeNull()
    expect(refused.body.error.message).toMatch(
      /^Budget 'short calls' of API key \w{64}: this request may use 1\d{3} tokens, 400 are allowed for one\./,
    )
    expect(refused.body.error.details).toMatchObject({ budgetId: budget.id, limit: 400, window: 'request' })
    expect(await budgetNow(budget)).toMatchObject({ spent: 0, reserved: 0 })
  })

  test('fits the output where the client set no limit', async () => {
    const caller = await customer()
    const scope = { scope: 'api_key', scopeId: hashSecret(caller.key) }
    await setBudget({ ...scope, metric: 'tokens', limit: 400, window: 'request' })
    const reply = await turnpike.request(OPENAI, { key: caller.key, body: chat('acme/five') })
    expect(reply.status).toBe(200)
    const limit = Number(reply.headers.get('x-turnpike-output-limit'))
    expect(limit).toBeGreaterThan(100)
    expect(limit).toBeLessThan(400)
    expect(((await reply.json()) as Json).usage.completion_tokens).toBeLessThanOrEqual(limit)
  })
})

describe('an alert', () => {
  test('never refuses, and tells each threshold once', async () => {
    const caller = await customer()
    const scope = { scope: 'api_key', scopeId: hashSecret(caller.key) }
    const budget = await setBudget({
      ...scope,
      metric: 'requests',
      limit: 2,
      action: 'alert',
      thresholds: [50, 100, 150],
    })
    for (let calls = 0; calls < 4; calls++) expect((await call(caller)).status).toBe(200)
    const told = await eventsOf(budget)
    expect(told.map(({ type, thresholds, value }) => [type, thresholds, value])).toEqual([
      ['budget.threshold_reached', [50], 1],
      ['budget.threshold_reached', [100], 2],
      ['budget.threshold_reached', [150], 3],
    ])
    expect(told[0]).toMatchObject({
      ...{ budgetId: budget.id, name: 'a budget', scope: 'api_key', scopeId: hashSecret(caller.key) },
      ...{ metric: 'requests', limit: 2, window: 'total', windowStart: '1970-01-01T00:00:00Z', windowEnd: null },
      ...{ timeZone: 'UTC', action: 'alert' },
    })
  })

  test('a jump from 0 to 120 % is one event with all thresholds', async () => {
    const caller = await customer()
    const scope = { scope: 'api_key', scopeId: hashSecret(caller.key) }
    const { body } = await call(caller, { usage: { include: true } })
    expect(body.cost).toBeGreaterThan(0)
    const limit = Number((body.cost / 1.2).toFixed(9))
    const budget = await setBudget({ ...scope, limit, action: 'alert', thresholds: [95, 50, 100, 80] })
    await call(caller)
    expect(await eventsOf(budget)).toMatchObject([
      { type: 'budget.threshold_reached', thresholds: [50, 80, 95, 100], value: body.cost, limit },
    ])
  })
})

describe('by estimate', () => {
  test('more calls fit, and the budget tells by how much those under way may exceed it', async () => {
    const caller = await customer()
    const account = await accountCode(caller)
    const mode = { method: 'PATCH', key: turnpike.operatorKey, body: { reserveMode: 'estimate' } }
    expect((await turnpike.request(`/v1/accounts/${account}`, mode)).status).toBe(200)
    const scope = { scope: 'api_key', scopeId: hashSecret(caller.key), reserveMode: 'estimate' }
    const budget = await setBudget({ ...scope, limit: 10 })
    for (let calls = 0; calls < 20; calls++) expect((await call(caller)).status).toBe(200)
    const { spent } = await budgetNow(budget)
    const script = turnpike.simulator.script('five', ['gate', 'answer'])
    const running = call(caller, { max_tokens: 4000 })
    await script.waiting(1)
    // 256 tokens at least, of the 4,000 that it might take.
    expect(await budgetNow(budget)).toMatchObject({ spent, reserved: 0.256, possibleOvershoot: 3.744 })
    script.release()
    const reply = await running
    script.stop()
    expect(reply.status).toBe(200)
    expect(await budgetNow(budget)).toMatchObject({ reserved: 0, possibleOvershoot: 0 })
  })

  test('a strict budget in the chain holds the bound all the same', async () => {
    const caller = await customer()
    const scope = { scope: 'api_key', scopeId: hashSecret(caller.key) }
    await setBudget({ ...scope, limit: 10, reserveMode: 'estimate' })
    const strict = await setBudget({ ...scope, limit: 3, reserveMode: 'strict' })
    expect((await call(caller, { max_tokens: 4000 })).body.error.details.budgetId).toBe(strict.id)
  })
})

test('what all of this left behind is proved by its records', async () => {
  await eventually(() => (turnpike.server.gateway.open.size === 0 ? true : undefined))
  expect(await verifyLedger(turnpike.server.gateway.store)).toEqual([])
})

test('numbers can be kept from callers', async () => {
  const quiet = await startTurnpike({ yaml: `${YAML}limits: { hideBudgetAmounts: true, budgetStatus: 402 }` })
  try {
    const body = { name: 'secret', scope: 'organisation', metric: 'usd', limit: 0.01, window: 'day' }
    const made = await quiet.request('/api/admin/budgets', { key: quiet.operatorKey, body })
    const reply = await quiet.request(OPENAI, { body: chat('acme/five', { max_tokens: 50 }) })
    const { error } = (await reply.json()) as Json
    expect([made.status, reply.status]).toEqual([201, 402])
    expect(error.message).toMatch(/^Budget 'secret' of organisation default: no room left for this request\. Resets/)
    expect(Object.keys(error.details)).not.toContain('limit')
  } finally {
    await quiet.close()
  }
})
