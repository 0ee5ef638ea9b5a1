/** The Responses API, as OpenAI's client and the AI SDK speak it by default: any model, and the cost that the ledger holds. */
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsOf, expectSettled, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const MODEL = 'openai/gpt-4o-mini'
const input = 'What is the capital of France?'
const tools = [
  {
    type: 'function' as const,
    name: 'get_weather',
    description: 'The weather of a city',
    strict: true,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Oslo'] } },
      required: ['city'],
      additionalProperties: false,
    },
  },
]

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike()
})
afterAll(() => turnpike.close())

const lastRecord = async () => (await recordsOf(turnpike)).at(-1)

for (const mount of ['/v1', '/api/v1']) {
  describe(`openai on ${mount}`, () => {
    const client = () => new OpenAI({ baseURL: `${turnpike.url}${mount}`, apiKey: turnpike.key, maxRetries: 0 })

    test('a response comes with its items, its counts and every member that the client reads', async () => {
      const reply = await client().responses.create({
        model: MODEL,
        input,
        instructions: 'Be brief.',
        max_output_tokens: 200,
      })
      expect(reply).toMatchObject({ object: 'response', status: 'completed', instructions: 'Be brief.', error: null })
      expect(reply.output_text).toMatch(/\w/)
      expect(reply.id).toMatch(/^gen-/)
      for (const member of ['tools', 'tool_choice', 'parallel_tool_calls', 'temperature', 'top_p', 'metadata'])
        expect(reply).toHaveProperty(member)
      const record = await lastRecord()
      expect(record?.input_tokens).toBe(BigInt(reply.usage?.input_tokens ?? -1))
      expect(reply.usage?.total_tokens).toBe((reply.usage?.input_tokens ?? 0) + (reply.usage?.output_tokens ?? 0))
      await expectSettled(turnpike)
    })

    test('a stream is put together by the client, to the same response at the same price', async () => {
      const whole = await client().responses.create({ model: MODEL, input, max_output_tokens: 200 })
      const stream = client().responses.stream({ model: MODEL, input, max_output_tokens: 200 })
      const types: string[] = []
      let text = ''
      for await (const event of stream) {
        types.push(event.type)
        if (event.type === 'response.output_text.delta') text += event.delta
      }
      const streamed = await stream.finalResponse()
      expect(types[0]).toBe('response.created')
      expect(types.at(-1)).toBe('response.completed')
      expect(text).toBe(whole.output_text)
      expect(streamed.output_text).toBe(whole.output_text)
      expect(streamed.usage).toEqual(whole.usage)
      const [last, before] = (await expectSettled(turnpike)).toReversed()
      expect(last?.charge_nanos).toBe(before?.charge_nanos)
    })

    test('a tool is called, whole and streamed, and its output answered', async () => {
      const ask = { model: MODEL, input, tools, tool_choice: 'required' as const }
      const whole = await client().responses.create(ask)
      const call = whole.output.find((item) => item.type === 'function_call')
      expect(call).toMatchObject({ name: 'get_weather', arguments: expect.stringContaining('Oslo') })
      const streamed = await client().responses.stream(ask).finalResponse()
      const again = streamed.output.find((item) => item.type === 'function_call')
      expect(again?.arguments).toBe(call?.arguments)
      const answer = await client().responses.create({
        model: MODEL,
        tools,
        input: [
          { role: 'user', content: input },
          ...(whole.output as OpenAI.Responses.ResponseInputItem[]),
          { type: 'function_call_output', call_id: call?.call_id ?? '', output: 'Rain' },
        ],
      })
      expect(answer.output_text).toMatch(/\w/)
    })

    test('an answer at its limit is incomplete, and says why', async () => {
      const reply = await client().responses.create({ model: MODEL, input, max_output_tokens: 2 })
      expect(reply).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    })

    test('what a model thought is an item of its own, and goes back with the conversation', async () => {
      const reply = await client().responses.create({ model: 'simulator/reasoning-visible', input })
      expect(reply.output.map(({ type }) => type)).toEqual(['reasoning', 'message'])
      expect(reply.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0)
      const next = await client().responses.create({
        model: 'simulator/echo',
        input: [
          { role: 'user', content: 'a' },
          ...(reply.output as OpenAI.Responses.ResponseInputItem[]),
          { role: 'user', content: 'b' },
        ],
      })
      expect(next.output_text).toBe('b')
    })

    test('an answer that breaks off ends in response.failed with what it used', async () => {
      const reply = await turnpike.request(`${mount}/responses`, {
        body: { model: 'simulator/cut-stream', input, max_output_tokens: 50, stream: true, usage: { include: true } },
      })
      const { json } = eventsOf(await reply.text())
      expect(json.at(-1)).toMatchObject({
        type: 'response.failed',
        error_type: 'provider_unavailable',
        response: { status: 'failed', error: { code: 'provider_error' }, usage: { input_tokens: expect.any(Number) } },
      })
      await expectSettled(turnpike)
    })

    test('the money is told as on the mount, and is what the ledger holds', async () => {
      const reply = await turnpike.request(`${mount}/responses`, {
        body: { model: MODEL, input, usage: { include: true } },
      })
      const body = (await reply.json()) as { usage: { cost: number; cost_details?: object }; cost?: number }
      const charged = Number((await lastRecord())?.charge_exact)
      expect(body.usage.cost).toBe(charged)
      if (mount === '/v1') expect(body.cost).toBe(charged)
      else expect(body.usage.cost_details).toMatchObject({ upstream_inference_input_cost: expect.any(Number) })
    })

    test.each([
      [{ background: true }, 'background'],
      [{ previous_response_id: 'gen-1' }, 'previous_response_id'],
      [{ input: [{ type: 'item_reference', id: 'x' }] }, 'input.0'],
      [{ input: 7 }, 'input'],
      [{ tools: [{ type: 'computer' }] }, 'tools.0'],
      [{ input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, 'input.0.content.0'],
    ])('%j is refused by the name of the field', async (body, field) => {
      const reply = await turnpike.request(`${mount}/responses`, { body: { model: MODEL, input, ...body } })
      expect(reply.status).toBe(400)
      expect(JSON.stringify(await reply.json())).toContain(field)
    })
  })

  test(`the AI SDK's provider of OpenAI gets text and streams on ${mount}`, async () => {
    const provider = createOpenAI({ baseURL: `${turnpike.url}${mount}`, apiKey: turnpike.key })
    const { text, usage } = await generateText({ model: provider(MODEL), prompt: input })
    const stream = streamText({ model: provider(MODEL), prompt: input })
    let streamed = ''
    for await (const part of stream.textStream) streamed += part
    expect(streamed).toBe(text)
    expect(await stream.usage).toMatchObject({ totalTokens: usage.totalTokens })
    await expectSettled(turnpike)
  })
}
