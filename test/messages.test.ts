/** Anthropic's own client against Turnpike: any model, its blocks and events, and the cost that the ledger holds. */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCustomer, eventsOf, expectSettled, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const MODEL = 'anthropic/claude-sonnet-4.5'
const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }]
const tools = [
  {
    name: 'get_weather',
    description: 'The weather of a city',
    input_schema: {
      type: 'object' as const,
      properties: { city: { type: 'string', enum: ['Oslo'] } },
      required: ['city'],
    },
  },
]

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike()
})
afterAll(() => turnpike.close())

const lastRecord = async () => (await recordsOf(turnpike)).at(-1)

for (const base of ['', '/api']) {
  describe(`@anthropic-ai/sdk at the host${base}`, () => {
    const client = () => new Anthropic({ baseURL: `${turnpike.url}${base}`, apiKey: turnpike.key, maxRetries: 0 })

    test('a message comes with its blocks, its counts and what it cost', async () => {
      const reply = await client().messages.create({ model: MODEL, max_tokens: 200, messages })
      expect(reply).toMatchObject({ type: 'message', role: 'assistant', model: MODEL, stop_reason: 'end_turn' })
      expect(reply.id).toMatch(/^gen-/)
      expect(reply.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(/\w/) })
      const record = await lastRecord()
      expect(record?.input_tokens).toBe(BigInt(reply.usage.input_tokens))
      expect(record?.output_tokens).toBe(BigInt(reply.usage.output_tokens))
      expect((reply.usage as unknown as { cost: number }).cost).toBe(Number(record?.charge_exact))
      await expectSettled(turnpike)
    })

    test('a stream is put together by the client, with the same counts and cost', async () => {
      const stream = client().messages.stream({ model: MODEL, max_tokens: 200, messages })
      const types: string[] = []
      stream.on('streamEvent', ({ type }) => void types.push(type))
      const whole = await stream.finalMessage()
      expect(types[0]).toBe('message_start')
      expect(types.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop'])
      expect(whole).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text' }] })
      const [record, before] = (await expectSettled(turnpike)).toReversed()
      expect(record?.charge_nanos).toBe(before?.charge_nanos)
      expect(whole.usage.output_tokens).toBe(Number(record?.output_tokens))
    })

    test('the first event counts what goes in, the last what came out, and what it cost', async () => {
      const reply = await turnpike.request(`${base}/v1/messages`, {
        body: { model: MODEL, max_tokens: 50, messages, stream: true },
        headers: { 'x-api-key': turnpike.key },
      })
      const { json, data } = eventsOf(await reply.text())
      expect(json[0]).toMatchObject({ message: { usage: { input_tokens: expect.any(Number) } } })
      const start = json[0] as { message: { usage: { input_tokens: number } } }
      expect(start.message.usage.input_tokens).toBeGreaterThan(0)
      const last = json.at(-2) as { type: string; usage: { cost: number; input_tokens: number } }
      expect(last.type).toBe('message_delta')
      expect(last.usage.cost).toBe(Number((await lastRecord())?.charge_exact))
      expect(data.at(-1)).toBe(base === '' ? '{"type":"message_stop"}' : '[DONE]')
    })

    test('a tool is called, whole and streamed, and its result answered', async () => {
      const ask = { model: MODEL, max_tokens: 200, messages, tools, tool_choice: { type: 'any' as const } }
      const whole = await client().messages.create(ask)
      expect(whole.stop_reason).toBe('tool_use')
      const call = whole.content.find((block) => block.type === 'tool_use')
      expect(call).toMatchObject({ name: 'get_weather', input: { city: 'Oslo' } })
      const streamed = await client().messages.stream(ask).finalMessage()
      expect(streamed.content.find(({ type }) => type === 'tool_use')).toMatchObject({ input: { city: 'Oslo' } })
      const answer = await client().messages.create({
        model: MODEL,
        max_tokens: 100,
        tools,
        messages: [
          ...messages,
          { role: 'assistant', content: whole.content },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'Rain' }] },
        ],
      })
      expect(answer.stop_reason).toBe('end_turn')
    })

    test('tokens are counted for nothing', async () => {
      const before = (await recordsOf(turnpike)).length
      const { input_tokens } = await client().messages.countTokens({ model: MODEL, messages, system: 'Be brief.' })
      expect(input_tokens).toBeGreaterThan(5)
      expect((await recordsOf(turnpike)).length).toBe(before)
    })

    test('errors are those of the wire', async () => {
      const wrongKey = new Anthropic({ baseURL: `${turnpike.url}${base}`, apiKey: 'sk-tp-wrong', maxRetries: 0 })
      const ask = { model: MODEL, max_tokens: 20, messages }
      await expect(wrongKey.messages.create(ask)).rejects.toBeInstanceOf(Anthropic.AuthenticationError)
      await expect(client().messages.create({ ...ask, model: 'acme/none' })).rejects.toBeInstanceOf(
        Anthropic.NotFoundError,
      )
      const poor = (await createCustomer(turnpike, `poor${base}`, 1n)).key
      const broke = new Anthropic({ baseURL: `${turnpike.url}${base}`, apiKey: poor, maxRetries: 0 })
      await expect(broke.messages.create(ask)).rejects.toMatchObject({
        status: 402,
        error: { error: { type: 'billing_error' } },
      })
    })

    test.each([
      [{ messages }, 'max_tokens'],
      [{ max_tokens: 5 }, 'messages'],
      [{ max_tokens: 5, messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.role'],
      [
        { max_tokens: 5, messages: [{ role: 'user', content: [{ type: 'image', source: {} }] }] },
        'messages.0.content.0.source',
      ],
      [{ max_tokens: 5, messages, system: [{ type: 'image' }] }, 'system.0'],
      [{ max_tokens: 5, messages, tools: [{}] }, 'tools.0.name'],
      [{ max_tokens: 5, messages, tool_choice: { type: 'some' } }, 'tool_choice'],
      [{ max_tokens: 5, messages, mcp_servers: [{}] }, 'mcp_servers'],
    ])('%j is refused by the name of the field', async (body, field) => {
      const reply = await turnpike.request(`${base}/v1/messages`, { body: { model: MODEL, ...body } })
      expect(reply.status).toBe(400)
      expect(await reply.json()).toMatchObject({
        type: 'error',
        error: { type: 'invalid_request_error', message: expect.stringContaining(field) },
      })
    })
  })
}

test('a provider of the same wire is told the version and the trials of the client, and nothing else of it', async () => {
  const own = await startTurnpike({
    yaml: `providers:
  vendor: { type: simulator, preset: anthropic }
models:
  - { id: acme/claude, endpoints: [{ provider: vendor, model: sentences, prices: { input: "3", output: "15" } }] }`,
  })
  try {
    const client = new Anthropic({ baseURL: own.url, apiKey: own.key, maxRetries: 0 })
    const ask = { model: 'acme/claude', max_tokens: 50, messages }
    await client.messages.create(ask, { headers: { 'anthropic-beta': 'context-1m-2025-08-07', 'x-own': 'a' } })
    const sent = own.simulator.requests.at(-1)
    expect(sent?.path).toBe('/v1/messages')
    expect(sent?.headers).toMatchObject({
      'anthropic-beta': 'context-1m-2025-08-07',
      'anthropic-version': expect.any(String),
    })
    expect(sent?.headers).not.toHaveProperty('x-own')
    expect(JSON.stringify(sent?.headers)).not.toContain(own.key)
  } finally {
    await own.close()
  }
})

test('an answer that breaks off ends in an error event', async () => {
  const reply = await turnpike.request('/v1/messages', {
    body: { model: 'simulator/cut-stream', max_tokens: 100, messages, stream: true },
  })
  const { json } = eventsOf(await reply.text())
  expect(json.at(-1)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
  await expectSettled(turnpike)
})
