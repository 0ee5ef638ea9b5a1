/** Which endpoint serves a call, what becomes of one that fails, and what is told of all of them, over real connections. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { chat, eventually, expectSettled, type Kept, MOUNTS, OPENAI, OPENROUTER, recordsSince } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

/** A clock that a test can put forward, and on which waits of a call are over at once and written down. */
function quickClock() {
  const waits: number[] = []
  let ahead = 0
  return {
    waits,
    forward: (ms: number) => {
      ahead += ms
    },
    clock: {
      ...systemClock,
      elapsed: () => systemClock.elapsed() + ahead,
      after(ms: number, callback: () => void) {
        if (ms >= 10_000) return systemClock.after(ms, callback)
        waits.push(Math.round(ms))
        return systemClock.after(0, callback)
      },
    },
  }
}

const YAML = `
providers:
  first: { type: simulator, name: First, circuit: true, dataCollection: allow }
  second: { type: simulator, name: Second, circuit: true, zdr: true, privacyPolicyUrl: "https://second.example/privacy" }
  third: { type: simulator, name: Third, circuit: true, dataCollection: deny }
  claude: { type: simulator, preset: anthropic, name: Claude }
limits: { retriesPerEndpoint: 1, callSeconds: 60 }
routing: { circuitFailures: 3, circuitSeconds: 30 }
models:
  - id: acme/flaky
    endpoints:
      - { provider: first, model: server-error, prices: { input: "100", output: "200" } }
      - { provider: second, model: exact, prices: { input: "0.20", cache_read: "0.05", output: "0.50" } }
  - id: acme/alone
    endpoints: [{ provider: first, model: alone, prices: { input: "1", output: "1" } }]
  - id: acme/limited
    endpoints: [{ provider: third, model: limited, prices: { input: "1", output: "1" } }]
  - id: acme/short
    endpoints: [{ provider: first, model: short, prices: { input: "1", output: "1" } }]
  - id: acme/mixed
    endpoints:
      - { provider: first, model: echo, quantization: fp8, prices: { input: "3", output: "3" } }
      - { provider: second, model: echo, quantization: bf16, prices: { input: "2", output: "2" } }
      - { provider: third, model: echo, prices: { input: "1", output: "1" } }
  - id: acme/weighted
    endpoints:
      - { provider: first, model: w, weight: 0, prices: { input: "1", output: "1" } }
      - { provider: second, model: w, weight: 1, prices: { input: "1", output: "1" } }
      - { provider: third, model: w, weight: 3, prices: { input: "1", output: "1" } }
  - id: acme/priced
    balance: price
    endpoints:
      - { provider: first, model: p, prices: { input: "2", output: "2" } }
      - { provider: second, model: p, prices: { input: "1", output: "1" } }
      - { provider: third, model: p, prices: { input: "3", output: "3" } }
  - id: acme/random
    endpoints:
      - { provider: first, model: r1, prices: { input: "1", output: "1" } }
      - { provider: second, model: r2, prices: { input: "10", output: "10" } }
      - { provider: third, model: r3, prices: { input: "100", output: "100" } }
  - id: acme/wires
    endpoints:
      - { provider: claude, model: echo, prices: { input: "1", output: "1" } }
      - { provider: second, model: echo, prices: { input: "2", output: "2" } }
`

/** 175 tokens in, 161 of them cached, and 80 out, at the second endpoint's price. */
const PRICE = 50_850n

const quick = quickClock()
/** What the next draws come to; after them, chance. */
const draws: number[] = []
let turnpike: Turnpike
beforeAll(async () => {
  const random = { ...systemRandom, fraction: () => draws.shift() ?? Math.random() }
  turnpike = await startTurnpike({ yaml: YAML, clock: quick.clock, random })
})
afterAll(() => turnpike.close())

let known = 0
async function call(
  path: string,
  body: object,
  on = turnpike,
): Promise<{ reply: Response; text: string; record: Kept }> {
  const reply = await on.request(path, { body: { max_tokens: 100, ...body } })
  const text = await reply.text()
  const records = on === turnpike ? await recordsSince(on, known) : await expectSettled(on)
  if (on === turnpike) known += records.length
  const record = records.at(-1)
  if (!record) throw new Error(`a call leaves a record: ${reply.status} ${text}`)
  return { reply, text, record }
}

const served = async (model: string, provider: object = {}, extra: object = {}) =>
  (await call(OPENROUTER, chat(model, { provider, ...extra }))).record.facts.attempts.map(({ provider }) => provider)

/** Refused before anything was admitted: no record, nothing charged. */
async function refusedCall(path: string, body: object) {
  const reply = await turnpike.request(path, { body })
  const text = await reply.text()
  expect(await recordsSince(turnpike, known)).toEqual([])
  return { status: reply.status, headers: reply.headers, text }
}

/** The next requests for a model are answered with this status. */
const failing = (model: string, times: number, status = 500, headers: Record<string, string> = {}) =>
  turnpike.simulator.script(model, [{ raw: '{"error":{"message":"no"}}' }], {
    times,
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })

const circuitOf = (id: string) => turnpike.server.gateway.health.list().find((state) => state.id === id)

describe('where the first endpoint is down and the second serves, one charge is made, at the price of the second', () => {
  const entrances = [
    ...MOUNTS.map((path) => [path, {}] as const),
    ['/v1/messages', {}],
    ['/api/v1/messages', {}],
    ['/v1/responses', { input: 'What is the capital of France?', messages: undefined }],
    ['/api/v1/responses', { input: 'What is the capital of France?', messages: undefined }],
  ] as const
  for (const [path, form] of entrances)
    for (const stream of [false, true])
      test(`${path}, ${stream ? 'stream' : 'whole'}`, async () => {
        turnpike.server.gateway.health.forgive()
        const { reply, text, record } = await call(path, chat('acme/flaky', { stream, ...form }))
        expect(reply.status, text).toBe(200)
        expect(record).toMatchObject({ charge_nanos: PRICE, provider: 'second', status: 'ok' })
        expect(record.facts.attempts).toMatchObject([
          { provider: 'first', model: 'server-error', status: 500, kind: 'status' },
          { provider: 'first', model: 'server-error', status: 500, kind: 'status' },
          { provider: 'second', model: 'exact', status: 200, kind: null, error: null },
        ])
        const shown = (await (
          await turnpike.request(`/api/v1/generation?id=${reply.headers.get('x-generation-id')}`)
        ).json()) as { data: { provider_responses: { endpoint_id: string }[]; total_cost: number } }
        expect(shown.data.total_cost).toBe(0.00005085)
        expect(shown.data.provider_responses.map(({ endpoint_id }) => endpoint_id)).toEqual([
          'first/server-error',
          'first/server-error',
          'second/exact',
        ])
      })
})

describe('a circuit', () => {
  test('opens after failures, so that calls go elsewhere first, tries again once it has cooled, and closes', async () => {
    turnpike.server.gateway.health.forgive()
    for (let times = 0; times < 3; times++) expect(await served('acme/flaky')).toEqual(['first', 'first', 'second'])
    expect(circuitOf('first/server-error')).toMatchObject({ circuit: 'open' })
    expect(await served('acme/flaky')).toEqual(['second'])
    quick.forward(30_000)
    expect(circuitOf('first/server-error')).toMatchObject({ circuit: 'half_open' })
    const back = turnpike.simulator.script('server-error', [{ raw: answer('Better now.') }], JSON_REPLY)
    expect(await served('acme/flaky')).toEqual(['first'])
    expect(circuitOf('first/server-error')).toMatchObject({ circuit: 'closed', coolingMs: 0 })
    back.stop()
  })

  test('that is open and the only one answers 503 with the time to wait, before anything is reserved', async () => {
    const down = failing('alone', 100)
    for (let times = 0; times < 3; times++) expect((await call(OPENAI, chat('acme/alone'))).reply.status).toBe(502)
    const before = down.played()
    for (const [path, code] of [
      [OPENAI, 'provider_overloaded'],
      [OPENROUTER, 503],
      ['/v1/messages', undefined],
    ] as const) {
      const { status, headers, text } = await refusedCall(path, chat('acme/alone', { max_tokens: 10 }))
      expect(status).toBe(path === '/v1/messages' ? 529 : 503)
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(30)
      expect((JSON.parse(text) as { error: { code?: unknown } }).error.code).toBe(code)
    }
    expect(down.played()).toBe(before)
    // A model to fall back to is not waited for.
    expect(await served('acme/alone', {}, { models: ['acme/mixed'] })).toEqual(['first'])
    down.stop()
    quick.forward(31_000)
    expect((await call(OPENAI, chat('acme/alone'))).reply.status).toBe(200)
  })

  test('is tried by one call at a time when it has cooled, and the others are told to come again', async () => {
    const down = failing('alone', 100)
    for (let times = 0; times < 3; times++) await call(OPENAI, chat('acme/alone'))
    down.stop()
    quick.forward(31_000)
    const gate = turnpike.simulator.script('alone', ['gate', { raw: answer('Back.') }], JSON_REPLY)
    const probe = turnpike.request(OPENAI, { body: chat('acme/alone', { max_tokens: 10 }) })
    await gate.waiting(1)
    const other = await turnpike.request(OPENAI, { body: chat('acme/alone', { max_tokens: 10 }) })
    expect(other.status).toBe(503)
    gate.release()
    expect((await probe).status).toBe(200)
    gate.stop()
    expect((await turnpike.request(OPENAI, { body: chat('acme/alone', { max_tokens: 10 }) })).status).toBe(200)
    known += (await recordsSince(turnpike, known)).length
  })

  test('opens on streams that break off, too', async () => {
    turnpike.server.gateway.health.forgive()
    const cut = turnpike.simulator.script('alone', [{ text: 'And then' }, 'close'])
    for (let times = 0; times < 3; times++)
      expect((await call(OPENROUTER, chat('acme/alone', { stream: true }))).record.status).toBe('error')
    cut.stop()
    expect(circuitOf('first/alone')).toMatchObject({ circuit: 'open', failures: { cut: 3 } })
  })

  test('stays closed for requests that the provider does not like', async () => {
    turnpike.server.gateway.health.forgive()
    const wrong = failing('alone', 100, 400)
    for (let times = 0; times < 5; times++) expect((await call(OPENAI, chat('acme/alone'))).reply.status).toBe(400)
    expect(circuitOf('first/alone')).toMatchObject({ circuit: 'closed' })
    wrong.stop()
  })
})

describe('a provider that asks for a pause', () => {
  test('is waited for where it is short and nobody else is there', async () => {
    turnpike.server.gateway.health.forgive()
    failing('short', 1, 429, { 'retry-after': '2' })
    quick.waits.length = 0
    const { reply, record } = await call(OPENAI, chat('acme/short'))
    expect(reply.status).toBe(200)
    expect(record.facts.attempts.map(({ status, kind }) => [status, kind])).toEqual([
      [429, 'rate_limited'],
      [200, null],
    ])
    expect(quick.waits.filter((ms) => ms >= 2_000 && ms <= 2_100)).toHaveLength(1)
  })

  test('is not waited for where it is long: the client is told', async () => {
    const limited = failing('limited', 1, 429, { 'retry-after': '40' })
    const { reply, record } = await call(OPENAI, chat('acme/limited'))
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '40'])
    expect(record.facts.attempts).toHaveLength(1)
    // The next call may be a smaller one, and nobody else is there.
    expect((await call(OPENAI, chat('acme/limited'))).reply.status).toBe(200)
    limited.stop()
  })

  test('comes after the others until its time is over', async () => {
    turnpike.server.gateway.health.forgive()
    const limited = failing('server-error', 1, 429, { 'retry-after': '40' })
    expect(await served('acme/flaky')).toEqual(['first', 'second'])
    expect(await served('acme/flaky')).toEqual(['second'])
    limited.stop()
    quick.forward(41_000)
    const back = turnpike.simulator.script('server-error', [{ raw: answer('Better now.') }], JSON_REPLY)
    expect(await served('acme/flaky')).toEqual(['first'])
    back.stop()
  })
})

test('all tries of a call share one deadline, and what it cut off is told as a time-out', async () => {
  const hasty = await startTurnpike({
    yaml: `
limits: { callSeconds: 1, retriesPerEndpoint: 20, attempts: 50 }
models:
  - id: acme/slow
    endpoints: [{ provider: simulator, model: hang, prices: { input: "1", output: "1" } }]
  - id: acme/late
    endpoints: [{ provider: simulator, model: slow-first-token-30000, prices: { input: "1", output: "1" } }]
`,
  })
  for (const [model, stream] of [
    ['acme/slow', false],
    ['acme/late', true],
  ] as const) {
    const { reply, record } = await call(OPENAI, chat(model, { stream }), hasty)
    expect(reply.status).toBe(504)
    expect(record.facts.attempts).toMatchObject([{ kind: 'timeout', status: null }])
    expect(record.facts.attempts[0]?.latencyMs).toBeLessThan(3_000)
  }
  await hasty.close()
})

test('a client that leaves while its call waits for another try ends it', async () => {
  const waiting = await startTurnpike({
    yaml: 'models: [{ id: acme/short, endpoints: [{ provider: simulator, model: short, prices: { input: "1", output: "1" } }] }]',
  })
  const script = waiting.simulator.script('short', [{ raw: '{"error":{"message":"later"}}' }], {
    status: 429,
    headers: { 'content-type': 'application/json', 'retry-after': '4' },
  })
  const leaving = new AbortController()
  const request = waiting.request(OPENAI, { body: chat('acme/short', { stream: true }), signal: leaving.signal })
  await eventually(() => (script.played() === 1 ? true : undefined))
  leaving.abort()
  await request.catch(() => {})
  const [record] = await eventually(async () => {
    const records = await expectSettled(waiting)
    return records.length > 0 ? records : undefined
  })
  expect(record).toMatchObject({ status: 'cancelled', charge_nanos: 0n })
  expect(script.played()).toBe(1)
  await waiting.close()
})

describe('a request chooses by', () => {
  test('order, only and ignore, with names of providers or of single endpoints', async () => {
    expect(await served('acme/mixed')).toEqual(['first'])
    expect(await served('acme/mixed', { order: ['Third', 'second'] })).toEqual(['third'])
    expect(await served('acme/mixed', { only: ['second/echo'] })).toEqual(['second'])
    expect(await served('acme/mixed', { ignore: ['first', 'second'] })).toEqual(['third'])
  })

  test('allow_fallbacks: without them a failure is final', async () => {
    turnpike.server.gateway.health.forgive()
    expect(await served('acme/flaky', { allow_fallbacks: false })).toEqual(['first', 'first'])
    expect(await served('acme/flaky', { order: ['first'], allow_fallbacks: false })).toEqual(['first', 'first'])
    expect(await served('acme/flaky', { order: ['first', 'second'], allow_fallbacks: false })).toEqual([
      'first',
      'first',
      'second',
    ])
  })

  test('what becomes of its data', async () => {
    expect(await served('acme/mixed', { zdr: true })).toEqual(['second'])
    expect(await served('acme/mixed', { data_collection: 'deny' })).toEqual(['second'])
    expect(await served('acme/mixed', { data_collection: 'deny', ignore: ['second'] })).toEqual(['third'])
    expect((await refusedCall(OPENAI, chat('acme/mixed', { provider: { zdr: true, only: ['third'] } }))).status).toBe(
      404,
    )
  })

  test('how the model is quantized; unknown is a level of its own', async () => {
    expect(await served('acme/mixed', { quantizations: ['bf16'] })).toEqual(['second'])
    expect(await served('acme/mixed', { quantizations: ['unknown'] })).toEqual(['third'])
    const none = await refusedCall(OPENROUTER, chat('acme/mixed', { provider: { quantizations: ['int4'] } }))
    expect(none.status).toBe(404)
    expect(JSON.parse(none.text)).toMatchObject({ error: { code: 404, metadata: { error_type: 'not_found' } } })
  })

  test('the parameters that an endpoint acts upon', async () => {
    expect(await served('acme/wires', {}, { min_p: 0.1 })).toEqual(['claude'])
    expect(await served('acme/wires', { require_parameters: true }, { min_p: 0.1 })).toEqual(['second'])
    expect(await served('acme/wires', { require_parameters: true }, { logprobs: true })).toEqual(['second'])
    expect(await served('acme/wires', { require_parameters: true }, { temperature: 0.5 })).toEqual(['claude'])
  })

  test('price, and across models where it says so', async () => {
    expect(await served('acme/mixed', { sort: 'price' })).toEqual(['third'])
    const models = { models: ['acme/priced'] }
    expect(await served('acme/wires', { sort: { by: 'price' }, ignore: ['claude'] }, models)).toEqual(['second'])
    const across = await call(
      OPENROUTER,
      chat('acme/mixed', { provider: { sort: { by: 'price', partition: 'none' }, only: ['second'] }, ...models }),
    )
    expect(across.record).toMatchObject({ model: 'acme/priced', provider: 'second' })
  })

  test.each([{ sort: 'fame' }, { sort: { by: 'fame' } }, { sort: { by: 'price', partition: 'all' } }])(
    '%j is refused with its name',
    async (provider) => {
      const { status, text } = await refusedCall(OPENAI, chat('acme/mixed', { provider }))
      expect([status, text.includes('provider.sort')]).toEqual([400, true])
    },
  )

  test('speed, as it was measured; what nobody measured comes last', async () => {
    const { health } = turnpike.server.gateway
    const at = (provider: string) => ({ id: `${provider}/echo`, hasCircuit: true })
    for (let times = 0; times < 1_000; times++) {
      health.served(at('first'), { latencyMs: 900, tokensPerSecond: 20 })
      health.served(at('third'), { latencyMs: 3_000, tokensPerSecond: 400 })
      health.served(at('second'), { latencyMs: 40_000, tokensPerSecond: 1 })
    }
    expect(await served('acme/mixed', { sort: 'latency' })).toEqual(['first'])
    expect(await served('acme/mixed', { sort: 'throughput' })).toEqual(['third'])
    expect(await served('acme/mixed', { sort: { by: 'latency' }, ignore: ['first'] })).toEqual(['third'])
  })
})

describe('the settings choose by', () => {
  test('weight: chance decides who is first, and weight 0 is for when the others fail', async () => {
    draws.push(0.24)
    expect(await served('acme/weighted')).toEqual(['second'])
    draws.push(0.26)
    expect(await served('acme/weighted')).toEqual(['third'])
    const down = failing('w', 4)
    draws.push(0.99)
    expect(await served('acme/weighted')).toEqual(['third', 'third', 'second', 'second', 'first'])
    down.stop()
  })

  test('price: the cheapest most often, twice the price a quarter as often, then by price', async () => {
    // 1 for the second, 1/4 for the first, 1/9 for the third: of 49/36 the first 36/49 are the second's.
    for (const [draw, provider] of [
      [0.73, 'second'],
      [0.74, 'first'],
      [0.91, 'first'],
      [0.92, 'third'],
    ] as const) {
      draws.push(draw)
      expect(await served('acme/priced')).toEqual([provider])
    }
  })

  test('price, but not where an endpoint is failing just now', async () => {
    const { health } = turnpike.server.gateway
    for (let times = 0; times < 4; times++)
      health.failed({ id: 'second/p', hasCircuit: false }, 'timeout', { failures: 0, coolMs: 0 })
    draws.push(0)
    expect(await served('acme/priced')).toEqual(['first'])
    // What a client chooses holds all the same.
    expect(await served('acme/priced', { order: ['second'] })).toEqual(['second'])
  })
})

describe('models to fall back to', () => {
  test('are called where the prompt is too long for the first, or its policy refuses it, but not for a faulty request', async () => {
    const models = ['acme/mixed']
    for (const [status, code] of [
      [400, 'context_length_exceeded'],
      [403, 'content_policy'],
      [413, 'too_large'],
    ] as const) {
      turnpike.simulator.script('short', [{ raw: `{"error":{"message":"no","code":"${code}"}}` }], {
        times: 1,
        ...JSON_REPLY,
        status,
      })
      const { record } = await call(OPENROUTER, chat('acme/short', { models }))
      expect(record).toMatchObject({ model: 'acme/mixed', status: 'ok' })
    }
    failing('short', 1, 400)
    expect((await call(OPENROUTER, chat('acme/short', { models }))).reply.status).toBe(400)
  })

  test('are in the quote: the dearest of all is reserved', async () => {
    const gate = turnpike.simulator.script('echo', ['gate', 'answer'])
    const request = turnpike.request(OPENAI, {
      body: chat('acme/mixed', { models: ['acme/flaky'], max_tokens: 1_000 }),
    })
    await gate.waiting(1)
    const { store } = turnpike.server.gateway
    const [account] = await store.rows(store.sql.selectFrom('accounts').select('reserved_nanos').limit(1))
    // A thousand tokens at 200 USD a million, though the endpoint that answers takes 3.
    expect(account?.reserved_nanos).toBeGreaterThan(200_000_000n)
    gate.release()
    gate.stop()
    await (await request).text()
    known += (await recordsSince(turnpike, known)).length
  })
})

describe('what is told of endpoints', () => {
  test('uptime, latency and throughput are those of the calls that were made', async () => {
    await call(OPENAI, chat('acme/mixed', { stream: true, max_tokens: 60 }))
    const reply = await turnpike.request('/api/v1/models/acme/mixed/endpoints')
    const { data } = (await reply.json()) as { data: { endpoints: Record<string, unknown>[] } }
    const percentiles = {
      p50: expect.any(Number),
      p75: expect.any(Number),
      p90: expect.any(Number),
      p99: expect.any(Number),
    }
    expect(data.endpoints[0]).toMatchObject({
      tag: 'first',
      quantization: 'fp8',
      uptime_last_5m: 100,
      uptime_last_30m: 100,
      uptime_last_1d: 100,
      latency_last_30m: percentiles,
      throughput_last_30m: percentiles,
    })
    const flaky = await turnpike.request('/api/v1/models/acme/flaky/endpoints')
    const { endpoints } = ((await flaky.json()) as { data: typeof data }).data
    expect(endpoints[0]?.uptime_last_1d).toBeLessThan(50)
    expect(endpoints[1]?.uptime_last_1d).toBe(100)
  })

  test('an endpoint that was never called has no figures', async () => {
    const reply = await turnpike.request('/api/v1/models/simulator/no-done/endpoints')
    expect(((await reply.json()) as { data: { endpoints: unknown[] } }).data.endpoints).toMatchObject([
      { uptime_last_5m: null, uptime_last_1d: null, latency_last_30m: null, throughput_last_30m: null },
    ])
  })

  test('parameters are those of the wire, and providers name their policy', async () => {
    const reply = await turnpike.request('/api/v1/models/acme/wires/endpoints')
    const { data } = (await reply.json()) as { data: { endpoints: { supported_parameters: string[] }[] } }
    expect(data.endpoints[0]?.supported_parameters).toContain('reasoning')
    expect(data.endpoints[0]?.supported_parameters).not.toContain('logprobs')
    expect(data.endpoints[1]?.supported_parameters).toContain('logprobs')
    const providers = await turnpike.request('/api/v1/providers')
    expect(((await providers.json()) as { data: unknown[] }).data).toContainEqual({
      name: 'Second',
      slug: 'second',
      privacy_policy_url: 'https://second.example/privacy',
    })
  })

  test('the operator sees circuits and failures by kind; nobody else does', async () => {
    turnpike.server.gateway.health.forgive()
    const down = failing('alone', 100)
    for (let times = 0; times < 3; times++) await call(OPENAI, chat('acme/alone'))
    down.stop()
    const reply = await turnpike.request('/api/admin/endpoints', { key: turnpike.operatorKey })
    const { endpoints } = (await reply.json()) as { endpoints: { id: string; coolsUntil: string }[] }
    const state = endpoints.find(({ id }) => id === 'first/alone')
    expect(state).toMatchObject({ model: 'acme/alone', circuit: 'open', failures: { status: expect.any(Number) } })
    expect(state?.coolsUntil).toMatch(/^\d{4}-.*Z$/)
    expect((await turnpike.request('/api/admin/endpoints')).status).toBe(403)
  })
})

test('whatever the endpoints do, one of them is paid at its own price, or nobody, and each try is on the record', async () => {
  const status = fc.constantFrom(200, 200, 500, 503, 408, 429, 401, 404, 400, 422)
  await fc.assert(
    fc.asyncProperty(fc.tuple(status, status, status), fc.boolean(), async (statuses, stream) => {
      turnpike.server.gateway.health.forgive()
      const scripts = statuses.map((each, index) =>
        turnpike.simulator.script(
          `r${index + 1}`,
          [{ raw: each === 200 ? answer('Yes.') : '{"error":{"message":"no"}}' }],
          {
            ...JSON_REPLY,
            status: each,
          },
        ),
      )
      const { reply, record } = await call(stream ? OPENROUTER : OPENAI, chat('acme/random', { stream }))
      const { tried, server } = expected(statuses)
      expect(record.facts.attempts.map((attempt) => attempt.status)).toEqual(tried)
      // Fifteen tokens at the price of whoever served.
      expect(record.charge_nanos).toBe(server === undefined ? 0n : 15_000n * 10n ** BigInt(server))
      expect(reply.status === 200).toBe(server !== undefined)
      expect(record.status).toBe(server === undefined ? 'error' : 'ok')
      for (const script of scripts) script.stop()
    }),
    { numRuns: 40 },
  )
})

/** What the rules come to: one repeat of what may pass, the next one after what does not, five tries at the most. */
function expected(statuses: readonly number[]): { tried: number[]; server?: number } {
  const tried: number[] = []
  for (const [server, status] of statuses.entries()) {
    const times = status >= 500 || status === 408 ? 2 : 1
    for (let time = 0; time < times && tried.length < 5; time++) tried.push(status)
    if (status === 200) return { tried, server }
    if (status === 400 || status === 422) return { tried }
  }
  return { tried }
}

const JSON_REPLY = { headers: { 'content-type': 'application/json' } } as const

const answer = (content: string): string =>
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    created: 0,
    model: 'x',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  })
