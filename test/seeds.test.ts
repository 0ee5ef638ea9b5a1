/** Documented calls, as they were written down, over HTTP: what they cost must be what they cost then. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { add, decimalText, ratio, ZERO } from '../src/lib/ratio.ts'
import { chat, eventsOf, expectSettled, OPENAI, OPENROUTER } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const YAML = `
providers:
  xai: { type: simulator, name: xAI }
  byline: { type: simulator, name: Anthropic }
models:
  - id: x-ai/grok-4-1-fast
    aliases: [grok-4-1-fast-non-reasoning]
    endpoints:
      - { provider: xai, model: exact, prices: { input: "0.20", cache_read: "0.05", output: "0.50" } }
  - id: anthropic/claude-sonnet-4
    endpoints:
      - { provider: byline, model: claude-sonnet-4, prices: { input: "3", cache_read: "0.30", output: "15" } }
`

const NINE = [
  'audio_cost',
  'cache_prompt_cost',
  'cache_write_cost',
  'generation_cost',
  'image_cost',
  'input_prompt_cost',
  'output_prompt_cost',
  'tools_cost',
  'video_cost',
]

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

/** The text of a member of an object that has no nested objects, as it stands in the body. */
const textOf = (body: string, member: string): string => new RegExp(`"${member}":([^,}]+)`).exec(body)?.[1] ?? ''

const GROK = chat('grok-4-1-fast-non-reasoning', { usage: { include: true } })

describe('the documented Grok call on /v1', () => {
  test('costs 0.00005085 to the last digit, and its nine parts add up to that', async () => {
    const reply = await turnpike.request(OPENAI, { body: GROK })
    const text = await reply.text()
    const body = JSON.parse(text) as Record<string, unknown>
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-turnpike-cost')).toBe('0.00005085')
    expect(text.match(/"cost":0\.00005085[,}]/g)).toHaveLength(2)
    expect(body).toMatchObject({
      object: 'chat.completion',
      model: 'grok-4-1-fast-non-reasoning',
      service_tier: null,
      system_fingerprint: 'fp_80e0751284',
      request_id: reply.headers.get('x-request-id'),
      id: reply.headers.get('x-generation-id'),
    })
    const details = /"cost_details":(\{[^}]*\})/.exec(text)?.[1] ?? ''
    expect(Object.keys(JSON.parse(details) as object).sort()).toEqual(NINE)
    const sum = NINE.map((name) => ratio(Number(textOf(details, name)) === 0 ? '0' : textOf(details, name)))
    expect(decimalText(sum.reduce(add, ZERO), 15)).toBe('0.00005085')
    expect(details).toContain('"input_prompt_cost":0.0000028')
    expect(details).toContain('"cache_prompt_cost":0.00000805')
    expect(details).toContain('"output_prompt_cost":0.00004')
    expect(body.usage).toEqual({
      prompt_tokens: 175,
      completion_tokens: 80,
      total_tokens: 255,
      prompt_tokens_details: {
        cached_tokens: 161,
        cache_write_tokens: 0,
        audio_tokens: 0,
        image_tokens: 0,
        text_tokens: 175,
        video_tokens: 0,
      },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        image_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
      num_sources_used: 0,
      cost: 0.00005085,
    })
  })

  test('tells no money to a client that did not ask for it', async () => {
    const reply = await turnpike.request(OPENAI, { body: chat('grok-4-1-fast-non-reasoning') })
    const body = (await reply.json()) as Record<string, unknown>
    expect(body.usage).toMatchObject({ prompt_tokens: 175, completion_tokens: 80, total_tokens: 255 })
    for (const member of ['cost', 'cost_details', 'request_id']) expect(body).not.toHaveProperty(member)
    expect(body.usage).not.toHaveProperty('cost')
    expect(reply.headers.get('x-turnpike-cost')).toBe('0.00005085')
  })

  test('is asked for by a header too', async () => {
    const headers = { 'x-turnpike-usage': 'include' }
    const reply = await turnpike.request(OPENAI, { body: chat('grok-4-1-fast-non-reasoning'), headers })
    expect(await reply.json()).toMatchObject({ cost: 0.00005085, usage: { cost: 0.00005085 } })
  })

  test('tells the same in the last message of a stream', async () => {
    const reply = await turnpike.request(OPENAI, { body: { ...GROK, stream: true } })
    expect(reply.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(reply.headers.get('cache-control')).toBe('no-cache')
    const text = await reply.text()
    const { data, json } = eventsOf(text)
    expect(data.at(-1)).toBe('[DONE]')
    const last = json.at(-1)
    expect(last).toMatchObject({ choices: [], cost: 0.00005085, usage: { cost: 0.00005085, total_tokens: 255 } })
    expect(last).toHaveProperty('cost_details')
    expect(last).toHaveProperty('request_id', reply.headers.get('x-request-id'))
    expect(json.filter((event) => 'usage' in event)).toHaveLength(1)
    expect(new Set(json.map(({ id }) => id))).toEqual(new Set([reply.headers.get('x-generation-id')]))
  })

  test('streams usage without money where only stream_options asked', async () => {
    const body = chat('grok-4-1-fast-non-reasoning', { stream: true, stream_options: { include_usage: true } })
    const { json } = eventsOf(await (await turnpike.request(OPENAI, { body })).text())
    const last = json.at(-1)
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: 175, completion_tokens: 80, total_tokens: 255 } })
    for (const member of ['cost', 'cost_details', 'request_id']) expect(last).not.toHaveProperty(member)
    expect(last?.usage).not.toHaveProperty('cost')
  })

  test('streams no usage where nobody asked', async () => {
    const body = chat('grok-4-1-fast-non-reasoning', { stream: true })
    const text = await (await turnpike.request(OPENAI, { body })).text()
    expect(text).not.toContain('usage')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })
})

const SONNET = {
  model: 'anthropic/claude-sonnet-4',
  messages: [{ role: 'user', content: 'What is the capital of France?' }],
}

describe('the documented calls on /api/v1', () => {
  test('one that asks for usage gets it, with its cost in the same object', async () => {
    const headers = { 'HTTP-Referer': 'https://your-app.com', 'X-Title': 'Your App Name' }
    const reply = await turnpike.request(OPENROUTER, { body: { ...SONNET, usage: { include: true } }, headers })
    const body = (await reply.json()) as { usage: Record<string, number>; model: string; provider: string }
    expect(body).toMatchObject({ model: 'anthropic/claude-sonnet-4', provider: 'Anthropic', usage: { is_byok: false } })
    const { prompt_tokens = 0, completion_tokens = 0, total_tokens, cost } = body.usage
    expect(total_tokens).toBe(prompt_tokens + completion_tokens)
    expect(cost).toBe(Number(reply.headers.get('x-turnpike-cost')))
    expect(BigInt(prompt_tokens) * 3n + BigInt(completion_tokens) * 15n).toBe(BigInt(Math.round((cost ?? 0) * 1e6)))
  })

  test('one that does not ask gets the same', async () => {
    const body = await (await turnpike.request(OPENROUTER, { body: SONNET })).json()
    expect(body).toMatchObject({
      usage: { is_byok: false, cost: expect.any(Number), cost_details: { upstream_inference_cost: null } },
    })
  })

  test('a stream ends with the usage event, told once', async () => {
    const text = await (await turnpike.request(OPENROUTER, { body: { ...SONNET, stream: true } })).text()
    const { data, json } = eventsOf(text)
    expect(data.at(-1)).toBe('[DONE]')
    expect(json.filter((event) => 'usage' in event)).toEqual([json.at(-1)])
    expect(json.at(-1)).toMatchObject({
      choices: [
        { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: 'stop', native_finish_reason: 'stop' },
      ],
      usage: { cost: expect.any(Number) },
    })
  })

  test("OpenAI's client reads a stream with its usage", async () => {
    const client = new OpenAI({ baseURL: `${turnpike.url}/api/v1`, apiKey: turnpike.key })
    const asked = { usage: { include: true } } as object
    const stream = await client.chat.completions.create({
      model: 'anthropic/claude-sonnet-4',
      messages: [{ role: 'user', content: 'Write a haiku about APIs.' }],
      stream: true,
      ...asked,
    })
    let text = ''
    let usage: OpenAI.CompletionUsage | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(text.length).toBeGreaterThan(10)
    expect(usage).toMatchObject({ cost: expect.any(Number) })
  })
})

type Looked = { data: Record<string, unknown> }

describe('the look-up of a call that was just made', () => {
  test('answers at the first try, with the numbers of the reply', async () => {
    for (const [path, stream] of [
      [OPENROUTER, false],
      [OPENROUTER, true],
      [OPENAI, false],
      [OPENAI, true],
    ] as const) {
      const headers = { 'HTTP-Referer': 'https://your-app.com/', 'user-agent': 'openai-python/2.0' }
      const body = { ...SONNET, stream, user: 'user-123', usage: { include: true } }
      const reply = await turnpike.request(path, { body, headers })
      const text = await reply.text()
      const id = reply.headers.get('x-generation-id')
      const looked = await turnpike.request(`/api/v1/generation?id=${id}`)
      expect(looked.status).toBe(200)
      const { data } = (await looked.json()) as Looked
      const said = stream ? eventsOf(text).json.at(-1) : (JSON.parse(text) as Record<string, unknown>)
      const usage = said?.usage as { cost: number; prompt_tokens: number; completion_tokens: number }
      expect(data).toMatchObject({
        id,
        model: 'anthropic/claude-sonnet-4',
        provider_name: 'Anthropic',
        api_type: 'completions',
        total_cost: usage.cost,
        usage: usage.cost,
        cache_discount: 0,
        upstream_inference_cost: null,
        is_byok: false,
        streamed: stream,
        cancelled: false,
        finish_reason: 'stop',
        native_finish_reason: 'stop',
        native_tokens_prompt: usage.prompt_tokens,
        native_tokens_completion: usage.completion_tokens,
        native_tokens_reasoning: 0,
        native_tokens_cached: 0,
        external_user: 'user-123',
        http_referer: 'https://your-app.com/',
        user_agent: 'openai-python/2.0',
        provider_responses: [{ status: 200, provider_name: 'Anthropic' }],
      })
      expect(data.upstream_id).toMatch(/^chatcmpl-/)
      expect(data.generation_time as number).toBeLessThanOrEqual(data.latency as number)
    }
  })

  test('of the Grok call tells what the cache saved', async () => {
    const reply = await turnpike.request(OPENAI, { body: GROK })
    const looked = await turnpike.request(`/api/v1/generation?id=${reply.headers.get('x-generation-id')}`)
    const { data } = (await looked.json()) as Looked
    expect(data).toMatchObject({ total_cost: 0.00005085, cache_discount: 0.00002415, native_tokens_cached: 161 })
  })

  test('of a call that failed upstream answers with its attempts, of one that was refused 404', async () => {
    const failed = await turnpike.request(OPENROUTER, { body: chat('simulator/html') })
    expect(failed.status).toBe(502)
    const looked = await turnpike.request(`/api/v1/generation?id=${failed.headers.get('x-generation-id')}`)
    expect(((await looked.json()) as Looked).data).toMatchObject({
      total_cost: 0,
      provider_responses: [{ status: 200 }],
    })
    const refused = await turnpike.request(OPENROUTER, { body: chat('acme/unknown') })
    const missing = await turnpike.request(`/api/v1/generation?id=${refused.headers.get('x-generation-id')}`)
    expect(missing.status).toBe(404)
    expect(await missing.json()).toMatchObject({ error: { code: 404 } })
  })
})

test('the key tells what it has used', async () => {
  const before = (await (await turnpike.request('/api/v1/auth/key')).json()) as { data: { usage: number } }
  await (await turnpike.request(OPENAI, { body: GROK })).text()
  const { data } = (await (await turnpike.request('/api/v1/auth/key')).json()) as { data: Record<string, unknown> }
  expect(data).toMatchObject({
    limit: null,
    is_free_tier: true,
    label: expect.stringMatching(/^sk-tp-/),
    rate_limit: { interval: expect.any(String) },
  })
  expect(Math.round((data.usage as number) * 1e9) - Math.round(before.data.usage * 1e9)).toBe(50_850)
})

test('after all of these the balance is the credit less the charges', async () => {
  await expectSettled(turnpike)
})
