/** What goes upstream is what the client sent, byte for byte, but for the few members that are the gateway's to set. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chat, createCustomer, expectSettled, MOUNTS, OPENAI, OPENROUTER, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const YAML = `
providers:
  plain: { type: simulator, name: Plain, apiKey: upstream-secret }
models:
  - id: acme/renamed
    aliases: [renamed]
    maxOutputTokens: 20000
    endpoints: [{ provider: plain, model: echo, prices: { input: "1", output: "2" } }]
  - id: acme/unknown-size
    endpoints: [{ provider: plain, model: sentences, prices: { input: "1", output: "2" } }]
`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())
let seen = 0
beforeEach(() => {
  seen = turnpike.simulator.requests.length
})

/** The body that went upstream. */
async function upstreamOf(path: string, body: unknown, key = turnpike.key): Promise<{ text: string; reply: Response }> {
  const reply = await turnpike.request(path, { body, key })
  expect({ status: reply.status, text: reply.status === 200 ? '' : await reply.clone().text() }).toEqual({
    status: 200,
    text: '',
  })
  await reply.clone().text()
  const sent = turnpike.simulator.requests.slice(seen)
  expect(sent).toHaveLength(1)
  seen = turnpike.simulator.requests.length
  return { text: sent[0]?.body ?? '', reply }
}

/** Odd on purpose: spacing, escapes, big integers, floats, order, unknown members at every depth. */
const ODD = `{
  "zeta" : {"b":1, "a":[1.0,1e2,12345678901234567890,-0.0]},
  "messages":[{"role":"user","content":[{"type":"text","text":"caf\\u00e9 \\ud83d\\ude00"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},{"type":"x-new","x":null}],"cache_control":{"type":"ephemeral"}}],
  "model":"MODEL",
  "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"z":{"type":"integer","maximum":9007199254740993}}}}}],
  "response_format":{"type":"json_object"}, "seed":9007199254740993, "logit_bias":{"50256":-100},
  "reasoning":{"effort":"low"},"reasoning_effort":"low", "user":"someone", "service_tier":"default", "max_tokens":500
}`

test('a body goes upstream byte for byte, but for the name of the model', async () => {
  for (const path of MOUNTS)
    for (const name of ['acme/renamed', 'renamed']) {
      const { text } = await upstreamOf(path, ODD.replace('MODEL', name))
      expect(text).toBe(ODD.replace('MODEL', 'echo'))
    }
})

test('a stream is always asked for its usage, whatever the client said', async () => {
  for (const options of ['', ',"stream_options":{"include_usage":false,"x":1}', ',"stream_options":null']) {
    const body = `{"model":"renamed","messages":[{"role":"user","content":"hi"}],"max_tokens":5,"stream":true${options}}`
    const { text } = await upstreamOf(OPENAI, body)
    expect(text).toBe(
      '{"model":"echo","messages":[{"role":"user","content":"hi"}],"max_tokens":5,"stream":true,"stream_options":{"include_usage":true}}',
    )
  }
})

test('what is ours to act on never goes upstream', async () => {
  const ours = {
    usage: { include: true },
    models: ['acme/renamed'],
    provider: { order: ['plain'], max_price: { prompt: '1' } },
    route: 'fallback',
    plugins: [],
    transforms: [],
    session_id: 's',
    trace: { id: 1 },
    debug: {},
    stop_server_tools_when: [],
    stream_options: { include_usage: true },
  }
  for (const path of MOUNTS) {
    const { text } = await upstreamOf(path, { ...chat('renamed', { max_tokens: 5 }), ...ours, kept: { usage: 1 } })
    expect(JSON.parse(text)).toEqual({ ...chat('echo', { max_tokens: 5 }), kept: { usage: 1 } })
  }
})

test("the provider gets its own credential and none of the client's headers", async () => {
  const before = turnpike.simulator.requests.length
  await turnpike.request(OPENAI, {
    body: chat('renamed'),
    headers: { 'http-referer': 'https://a.example', 'x-title': 'A', cookie: 'a=b', 'openai-organization': 'org' },
  })
  const [sent] = turnpike.simulator.requests.slice(before)
  expect(sent?.headers.authorization).toBe('Bearer upstream-secret')
  expect(Object.keys(sent?.headers ?? {}).sort()).toEqual([
    'accept',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
  ])
})

test('a large body passes too', async () => {
  const text = 'word '.repeat(100_000)
  const { text: sent } = await upstreamOf(OPENAI, {
    ...chat('renamed', { max_tokens: 1 }),
    messages: [{ role: 'user', content: text }],
    metadata: { a: 'b' },
  })
  expect(JSON.parse(sent)).toMatchObject({ messages: [{ content: text }], metadata: { a: 'b' } })
})

describe('an output limit', () => {
  test('of the client is sent as it came', async () => {
    const { text, reply } = await upstreamOf(OPENAI, chat('renamed', { max_completion_tokens: 7 }))
    expect(JSON.parse(text)).toEqual(chat('echo', { max_completion_tokens: 7 }))
    expect(reply.headers.get('x-turnpike-output-limit')).toBeNull()
  })

  test("is not set where the model's own is known and the credit covers it", async () => {
    const { text } = await upstreamOf(OPENAI, chat('renamed'))
    expect(JSON.parse(text)).toEqual(chat('echo'))
  })

  test("is set where the model's own is not known, so that the quote holds", async () => {
    const { text } = await upstreamOf(OPENAI, chat('acme/unknown-size'))
    expect(Object.values(JSON.parse(text) as object)).toContain(16_384)
  })

  test('is fitted to a quarter of little credit, sent upstream and told', async () => {
    // A fifth of what the 20,000 tokens of output cost.
    const customer = await createCustomer(turnpike, 'fitted', 8_000_000n)
    for (const stream of [false, true])
      for (const path of MOUNTS) {
        const { text, reply } = await upstreamOf(path, chat('renamed', { stream }), customer.key)
        const limit = Number(reply.headers.get('x-turnpike-output-limit'))
        expect(limit).toBeGreaterThanOrEqual(1_024)
        expect(limit * 2_000).toBeLessThanOrEqual(8_000_000)
        expect(Object.values(JSON.parse(text) as object)).toContain(limit)
      }
    const records = (await recordsOf(turnpike)).filter(({ account_id }) => account_id === customer.accountId)
    expect(records).toHaveLength(4)
    for (const { flags, facts } of records) {
      expect(flags).toEqual(['output_limit_fitted'])
      expect(facts.fittedOutputLimit).toBeGreaterThanOrEqual(1_024)
    }
    await expectSettled(turnpike, 8_000_000n, 'fitted')
  })

  test('that the credit does not pay for is refused with what it does pay for', async () => {
    // 1 USD and 2 USD for a million tokens: a request's bytes and 64 tokens of overhead, then 1,024 of output.
    const { key } = await createCustomer(turnpike, 'short', 1_000_000n)
    const upstream = turnpike.simulator.stats().requests
    for (const path of MOUNTS) {
      const reply = await turnpike.request(path, { key, body: chat('renamed') })
      expect(reply.status).toBe(402)
      const { error } = (await reply.json()) as { error: { message: string } }
      const [, requested, affordable] =
        /requested up to (\d+) tokens, but can only afford (\d+)\. To increase, add credits\.$/.exec(error.message) ??
        []
      expect(Number(requested)).toBe(20_000)
      expect(Number(affordable)).toBeLessThan(1_024)
      expect(reply.headers.get('x-should-retry')).toBe('false')
    }
    expect(turnpike.simulator.stats().requests).toBe(upstream)
    await expectSettled(turnpike, 1_000_000n, 'short')
  })
})

test('what an answer may hold beside text is reserved at its own price', async () => {
  const { key } = await createCustomer(turnpike, 'listens', 0n)
  const neededFor = async (extra: object) => {
    const reply = await turnpike.request(OPENAI, {
      key,
      body: chat('simulator/audio', { max_tokens: 100, modalities: ['text'], ...extra }),
    })
    const { error } = (await reply.json()) as { error: { details: { needed: number } } }
    return error.details.needed
  }
  // 20 USD for a million tokens of speech, 0.60 of text.
  expect((await neededFor({ modalities: ['text', 'audio'] })) - (await neededFor({}))).toBeGreaterThan(100 * 0.000019)
})

describe('an idempotency key', () => {
  const headers = (key: string) => ({ 'idempotency-key': key })

  test('keeps a call from being made twice, in flight and after', async () => {
    const script = turnpike.simulator.script('echo', ['gate', 'answer'])
    const body = chat('renamed', { max_tokens: 20 })
    const first = turnpike.request(OPENAI, { body, headers: headers('once') })
    await script.waiting(1)
    const meanwhile = await turnpike.request(OPENAI, { body, headers: headers('once') })
    expect(meanwhile.status).toBe(409)
    expect(meanwhile.headers.get('retry-after')).toBe('1')
    expect(await meanwhile.json()).toMatchObject({ error: { code: 'idempotency_in_progress' } })
    script.release()
    const reply = await first
    expect(reply.status).toBe(200)
    await reply.text()
    script.stop()
    const after = await turnpike.request(OPENAI, { body, headers: headers('once') })
    expect(after.status).toBe(409)
    expect(after.headers.get('x-should-retry')).toBe('false')
    expect(await after.json()).toMatchObject({
      error: { code: 'generation_already_settled', details: { generationId: reply.headers.get('x-generation-id') } },
    })
    const other = await turnpike.request(OPENAI, {
      body: chat('renamed', { max_tokens: 21 }),
      headers: headers('once'),
    })
    expect(await other.json()).toMatchObject({ error: { code: 'idempotency_key_mismatch' } })
  })

  test('of a call that was not charged runs again', async () => {
    const body = chat('renamed', { max_tokens: 20 })
    const json = { 'content-type': 'application/json' }
    turnpike.simulator.script('echo', [{ raw: '{"error":{"message":"no"}}' }], { status: 401, headers: json, times: 1 })
    const failed = await turnpike.request(OPENAI, { body, headers: headers('again') })
    expect(failed.status).toBe(502)
    await failed.text()
    const again = await turnpike.request(OPENAI, { body, headers: headers('again') })
    expect(again.status).toBe(200)
    await again.text()
  })
})

describe('a reply', () => {
  test('keeps what the provider said beside identity, usage and money', async () => {
    const body =
      '{"id":"up","object":"x","created":1,"model":"m","system_fingerprint":"fp","x_extra":12345678901234567890,"cost":0.000007,"cost_details":{"a":1},"is_byok":true,"choices":[{"index":0,"message":{"role":"assistant","content":"hi","annotations":[],"x":1.0},"finish_reason":"stop","x_more":1e2}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"num_sources_used":2}}'
    const script = turnpike.simulator.script('echo', [{ raw: body }], {
      headers: { 'content-type': 'application/json' },
    })
    const openai = await (await turnpike.request(OPENAI, { body: chat('renamed') })).text()
    const openrouter = await (await turnpike.request(OPENROUTER, { body: chat('renamed') })).text()
    script.stop()
    for (const text of [openai, openrouter]) {
      expect(text).toContain('"x_extra":12345678901234567890')
      expect(text).toContain('"annotations":[],"x":1.0')
      expect(text).not.toContain('"a":1')
      expect(JSON.parse(text)).toMatchObject({
        id: expect.stringMatching(/^gen-/),
        object: 'chat.completion',
        system_fingerprint: 'fp',
      })
    }
    expect(JSON.parse(openai)).toMatchObject({ model: 'renamed', usage: { num_sources_used: 2 } })
    for (const member of ['is_byok', 'cost']) expect(openai).not.toContain(member)
    expect(JSON.parse(openrouter)).toMatchObject({
      model: 'acme/renamed',
      provider: 'Plain',
      usage: { is_byok: false, cost: 0.000007 },
    })
    expect((await recordsOf(turnpike)).at(-1)?.facts.upstreamId).toBe('up')
  })

  test('spells the model as the client did on /v1, and in full on /api/v1', async () => {
    for (const name of ['renamed', 'acme/renamed']) {
      expect(await (await turnpike.request(OPENAI, { body: chat(name) })).json()).toMatchObject({ model: name })
      expect(await (await turnpike.request(OPENROUTER, { body: chat(name) })).json()).toMatchObject({
        model: 'acme/renamed',
      })
    }
  })

  test('comes on every spelling of the base address', async () => {
    for (const path of ['/v1/v1/chat/completions', '/chat/completions', '/api/v1/v1/chat/completions']) {
      const reply = await turnpike.request(path, { body: chat('renamed') })
      expect(reply.status).toBe(200)
      expect(JSON.stringify(await reply.json()).includes('"provider"')).toBe(path.startsWith('/api'))
    }
  })
})

test('no call left a reservation, and the balance is the credit less the charges', async () => {
  await expectSettled(turnpike)
})
