/** Limits per minute and month as clients meet them, on a clock that the test moves: what each dialect tells, and when it is over. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { hashSecret } from '../src/lib/secret.ts'
import { testClock } from './backends.ts'
import { type Customer, chat, createCustomer, OPENAI, OPENROUTER } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
type Json = any

const YAML = `
providers: { acme: { type: simulator } }
models:
  - { id: acme/five, maxOutputTokens: 4000, endpoints: [{ provider: acme, model: five, prices: { input: "1", output: "2" } }] }
`
/** 39.5 seconds before the minute is over. */
const clock = testClock(Date.parse('2027-01-31T12:00:20.5Z'))
let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML, clock })
})
afterAll(() => turnpike.close())

const budgets: string[] = []
async function admin(method: string, path: string, body?: object): Promise<Json> {
  const reply = await turnpike.request(`/api/admin${path}`, {
    method,
    key: turnpike.operatorKey,
    ...(body ? { body } : {}),
  })
  return { status: reply.status, ...((await reply.json()) as object) }
}
async function set(body: object): Promise<Json> {
  const made = await admin('POST', '/budgets', { name: 'a limit', window: 'minute', ...body })
  expect(made.status).toBe(201)
  budgets.push(made.budget.id)
  return made.budget
}
afterEach(async () => {
  for (const id of budgets.splice(0)) await admin('DELETE', `/budgets/${id}`)
  // A new minute for the next one.
  clock.forward(60_000)
})

let made = 0
const customer = () => createCustomer(turnpike, `fast-${++made}`, 100_000_000_000n)
const of = ({ key }: Customer) => ({ scope: 'api_key', scopeId: hashSecret(key) })

async function call({ key }: Pick<Customer, 'key'>, path: string = OPENAI, more: object = {}) {
  const reply = await turnpike.request(path, { key, body: chat('acme/five', { max_tokens: 50, ...more }) })
  return { status: reply.status, headers: reply.headers, body: (await reply.json()) as Json }
}
const named = (headers: Headers, start: string) =>
  Object.fromEntries(
    [...headers].filter(([name]) => name.startsWith(start)).map(([name, value]) => [name.slice(start.length), value]),
  )

describe('requests and tokens per minute', () => {
  test('on /v1 every reply tells what is left and for how long, and the refusal when to come again', async () => {
    const caller = await customer()
    await set({ ...of(caller), metric: 'requests', limit: 2 })
    await set({ ...of(caller), metric: 'tokens', limit: 600 })
    const first = await call(caller)
    expect(first.status).toBe(200)
    const { 'remaining-tokens': left, ...told } = named(first.headers, 'x-ratelimit-')
    expect(told).toEqual({
      ...{ 'limit-requests': '2', 'remaining-requests': '1', 'reset-requests': '40s' },
      ...{ 'limit-tokens': '600', 'reset-tokens': '40s' },
    })
    // Held as is likely before the call, counted as it was afterwards.
    expect(Number(left)).toBeGreaterThan(400)
    expect(Number(left)).toBeLessThan(600 - 50)
    expect((await call(caller)).headers.get('x-ratelimit-remaining-requests')).toBe('0')
    const refused = await call(caller)
    expect(refused).toMatchObject({
      status: 429,
      body: { error: { code: 'rate_limit_exceeded', type: 'rate_limit_error' } },
    })
    expect(named(refused.headers, 'x-ratelimit-')).toMatchObject({ 'remaining-requests': '0', 'reset-requests': '40s' })
    expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry')]).toEqual(['40', null])
    clock.forward(39_500)
    const next = await call(caller)
    expect(next.status).toBe(200)
    expect(named(next.headers, 'x-ratelimit-')).toMatchObject({ 'remaining-requests': '1', 'reset-requests': '1m0s' })
    clock.forward(20_500)
  })

  test('tokens that are used up refuse until the minute is over, whatever requests are left', async () => {
    const caller = await customer()
    const budget = await set({ ...of(caller), name: 'tpm', metric: 'tokens', limit: 300 })
    const served: Json[] = []
    for (;;) {
      const reply = await call(caller)
      if (reply.status !== 200) {
        expect(reply.status).toBe(429)
        expect(reply.body.error).toMatchObject({
          code: 'rate_limit_exceeded',
          message: expect.stringContaining("'tpm'"),
        })
        expect(named(reply.headers, 'x-ratelimit-')).toEqual({
          'limit-tokens': '300',
          'remaining-tokens': '0',
          'reset-tokens': '40s',
        })
        break
      }
      served.push(reply.body.usage.total_tokens)
    }
    expect(served.length).toBeGreaterThan(1)
    const now = (await admin('GET', `/budgets/${budget.id}`)).budget
    expect(now).toMatchObject({ spent: served.reduce((sum, each) => sum + each, 0), reserved: 0 })
    expect(now.spent).toBeLessThanOrEqual(300)
    clock.forward(39_500)
    expect((await call(caller)).status).toBe(200)
    clock.forward(20_500)
  })

  test("on /api/v1 our own 429 alone tells of them, in OpenRouter's names", async () => {
    const caller = await customer()
    await set({ ...of(caller), metric: 'requests', limit: 1 })
    const first = await call(caller, OPENROUTER)
    expect([first.status, named(first.headers, 'x-ratelimit-')]).toEqual([200, {}])
    const refused = await call(caller, OPENROUTER)
    expect(refused.status).toBe(429)
    const reset = Math.ceil(clock.now() / 60_000) * 60_000
    expect(named(refused.headers, 'x-ratelimit-')).toEqual({ limit: '1', remaining: '0', reset: String(reset) })
  })

  test("Anthropic's client reads its own names on replies, streams, counts and refusals", async () => {
    const caller = await customer()
    await set({ ...of(caller), metric: 'requests', limit: 2 })
    await set({ ...of(caller), metric: 'tokens', limit: 5_000 })
    const client = new Anthropic({ baseURL: turnpike.url, apiKey: caller.key, maxRetries: 0 })
    const body = { model: 'acme/five', max_tokens: 50, messages: [{ role: 'user' as const, content: 'hi' }] }
    const reset = new Date(Math.ceil(clock.now() / 60_000) * 60_000).toISOString().replace('.000Z', 'Z')
    const requestsLeft = (remaining: string) => ({
      ...{ 'requests-limit': '2', 'requests-remaining': remaining, 'requests-reset': reset },
    })
    const seen = ({ headers }: { headers: Headers }) => named(headers, 'anthropic-ratelimit-')
    const whole = (await client.messages.create(body).withResponse()).response
    expect(seen(whole)).toMatchObject({ ...requestsLeft('1'), 'tokens-limit': '5000', 'tokens-reset': reset })
    expect(Number(seen(whole)['tokens-remaining'])).toBeLessThan(5_000)
    const counted = (await client.messages.countTokens({ model: body.model, messages: body.messages }).withResponse())
      .response
    expect(seen(counted)).toEqual(requestsLeft('1'))
    const streamed = await client.messages.create({ ...body, stream: true }).withResponse()
    expect(seen(streamed.response)).toMatchObject(requestsLeft('0'))
    for await (const event of streamed.data) expect(event.type).not.toBe('error')
    for (const refused of [
      () => client.messages.create(body),
      () => client.messages.countTokens({ model: body.model, messages: body.messages }),
    ]) {
      const error = await refused().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (!(error instanceof Anthropic.RateLimitError)) throw new Error('a rate limit was expected', { cause: error })
      expect(seen(error)).toMatchObject(requestsLeft('0'))
      expect(error.headers.get('retry-after')).toBe(String(Math.ceil((Date.parse(reset) - clock.now()) / 1_000)))
      expect(error.error).toMatchObject({
        type: 'error',
        error: { type: 'rate_limit_error', error_type: 'rate_limit_exceeded' },
      })
    }
  })

  test('a key without a limit is told nothing', async () => {
    const caller = await customer()
    await set({ ...of(caller), metric: 'tokens', limit: 1_000_000, window: 'month' })
    const { headers } = await call(caller)
    expect([...headers.keys()].filter((name) => name.includes('ratelimit'))).toEqual([])
  })
})

describe('a monthly token budget', () => {
  for (const [scope, first] of [
    ['organisation', '2027-02-01T00:00:00Z'],
    ['api_key', '2027-03-01T00:00:00Z'],
  ] as const)
    test(`of ${scope}: counts total_tokens, refuses when it is reached, and is there again on the first`, async () => {
      const caller = await customer()
      clock.moveTo(Date.parse(first) - 60_000)
      const whose = scope === 'api_key' ? of(caller) : { scope }
      const budget = await set({
        ...whose,
        name: 'monthly tokens',
        metric: 'tokens',
        limit: 500,
        window: 'month',
        thresholds: [50],
      })
      const client = new OpenAI({ baseURL: `${turnpike.url}/v1`, apiKey: caller.key })
      const ask = () =>
        client.chat.completions.create({
          ...chat('acme/five', { max_tokens: 50 }),
        } as never) as Promise<OpenAI.ChatCompletion>
      let used = 0
      const refused = await (async () => {
        for (;;) {
          const reply = await ask().catch((error: unknown) => error)
          if (reply instanceof Error) return reply
          used += (reply as OpenAI.ChatCompletion).usage?.total_tokens ?? Number.NaN
        }
      })()
      if (!(refused instanceof OpenAI.RateLimitError)) throw refused
      expect(refused.error).toMatchObject({
        ...{ code: 'budget_exceeded', type: 'insufficient_quota' },
        message: expect.stringMatching(
          new RegExp(`^Budget 'monthly tokens' of .*: ${used} of 500 tokens used.* Resets ${first}`),
        ),
        details: {
          budgetId: budget.id,
          metric: 'tokens',
          limit: 500,
          spent: used,
          window: 'month',
          windowEnd: first,
        },
      })
      expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry')]).toEqual(['60', 'false'])
      expect(used).toBeGreaterThan(250)
      expect(used).toBeLessThanOrEqual(500)
      expect((await admin('GET', `/budgets/${budget.id}`)).budget).toMatchObject({ spent: used, reserved: 0 })
      if (scope === 'api_key') expect((await call(await customer())).status).toBe(200)
      else expect((await call(await customer())).status).toBe(429)
      clock.moveTo(Date.parse(first))
      expect((await ask()).usage?.total_tokens).toBeGreaterThan(0)
      const told = (await admin('GET', `/events?type=budget.threshold_reached`)).events.filter(
        ({ data }: Json) => data.budgetId === budget.id,
      )
      expect(told).toMatchObject([{ data: { thresholds: [50], windowEnd: first } }])
    })
})

test.each(['/v1/messages', '/v1/responses', '/v1/completions', OPENROUTER])(
  'a limit of tokens for single calls holds on %s, and a smaller call passes',
  async (path) => {
    const caller = await customer()
    await set({ ...of(caller), name: 'short', metric: 'tokens', limit: 400, window: 'request' })
    const ask = async (limit: number) => {
      const body =
        {
          '/v1/responses': { model: 'acme/five', input: 'hi', max_output_tokens: limit },
          '/v1/completions': { model: 'acme/five', prompt: 'hi', max_tokens: limit },
        }[path] ?? chat('acme/five', { max_tokens: limit })
      const reply = await turnpike.request(path, { key: caller.key, body })
      return { status: reply.status, text: await reply.text(), retry: reply.headers.get('x-should-retry') }
    }
    expect(await ask(1_000)).toMatchObject({
      status: 429,
      retry: 'false',
      text: expect.stringContaining("Budget 'short' of API key"),
    })
    expect((await ask(50)).status).toBe(200)
  },
)

test('what all of this left behind is proved by its records', async () => {
  expect(await verifyLedger(turnpike.server.gateway.store)).toEqual([])
})
