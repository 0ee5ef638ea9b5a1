/** F5, F14: budgets hold at the same instant, on every route that spends, for every scope and metric. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashSecret } from '../src/lib/secret.ts'
import { chat, createCustomer, type Customer, eventually, expectSettled, OPENAI, OPENROUTER } from './gateway-kit.ts'
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
