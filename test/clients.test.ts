/** The clients that people use, unchanged and unmocked, against a whole Turnpike. */

import { createAnthropic } from '@ai-sdk/anthropic'
import type { AIMessageChunk } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { ChatOpenRouter } from '@langchain/openrouter'
import { Agent, tool as agentTool, OpenAIProvider, Runner, setTracingDisabled } from '@openai/agents'
import { createOpenRouter } from '@openrouter/ai-sdk-provider'
import { OpenRouter } from '@openrouter/sdk'
import { generateText, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createCustomer, expectSettled, limitKey } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const MODEL = 'openai/gpt-4o-mini'
const QUESTION = 'What is the capital of France?'
const messages = [{ role: 'user' as const, content: QUESTION }]

let turnpike: Turnpike
let poor: string
beforeAll(async () => {
  turnpike = await startTurnpike()
  poor = (await createCustomer(turnpike, 'poor', 1n)).key
})
afterAll(() => turnpike.close())

for (const mount of ['/v1', '/api/v1']) {
  describe(`openai on ${mount}`, () => {
    let calls = 0
    const counted: typeof fetch = (url, options) => {
      calls++
      return fetch(url, options)
    }
    const client = (apiKey = turnpike.key) => {
      calls = 0
      return new OpenAI({ baseURL: `${turnpike.url}${mount}`, apiKey, fetch: counted })
    }

    test('gets an answer with its usage', async () => {
      const reply = await client().chat.completions.create({ model: MODEL, messages })
      expect(reply.choices[0]?.message.content).toMatch(/\w/)
      expect(reply.usage?.total_tokens).toBe((reply.usage?.prompt_tokens ?? 0) + (reply.usage?.completion_tokens ?? 0))
      expect(reply.id).toMatch(/^gen-/)
    })

    test('gets a stream with its usage', async () => {
      const stream = await client().chat.completions.create({
        model: MODEL,
        messages,
        stream: true,
        stream_options: { include_usage: true },
      })
      let text = ''
      const usages = []
      for await (const { choices, usage } of stream) {
        text += choices[0]?.delta?.content ?? ''
        if (usage) usages.push(usage)
      }
      expect(text).toMatch(/\w/)
      expect(usages).toHaveLength(1)
    })

    test('its stream helper puts the answer together', async () => {
      const completion = await client()
        .chat.completions.stream({ model: MODEL, messages, stream_options: { include_usage: true } })
        .finalChatCompletion()
      expect(completion.choices[0]?.finish_reason).toBe('stop')
      expect(completion.usage?.completion_tokens).toBeGreaterThan(0)
    })

    test('gets the calls of tools, streamed and not', async () => {
      const tools: OpenAI.ChatCompletionFunctionTool[] = [
        {
          type: 'function',
          function: {
            name: 'look_up',
            parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
          },
        },
      ]
      const request = { model: MODEL, messages, tools, tool_choice: 'required' as const }
      const whole = await client().chat.completions.create(request)
      const streamed = await client().chat.completions.stream(request).finalChatCompletion()
      for (const { choices } of [whole, streamed]) {
        const [call] = choices[0]?.message.tool_calls ?? []
        expect(call).toMatchObject({ type: 'function', function: { name: 'look_up' } })
        expect(JSON.parse(call?.type === 'function' ? call.function.arguments : '')).toHaveProperty('city')
      }
    })

    test('a refusal for want of money is thrown once and not tried again', async () => {
      const failure = await client(poor)
        .chat.completions.create({ model: MODEL, messages, max_tokens: 100 })
        .catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(OpenAI.APIError)
      const { status, headers, message } = failure as InstanceType<typeof OpenAI.APIError>
      expect(status).toBe(402)
      expect(headers?.get('x-should-retry')).toBe('false')
      expect(calls).toBe(1)
      expect(message).toContain(
        'This request requires more credits, or fewer max_tokens. You requested up to 100 tokens, but can only afford 0.',
      )
    })

    test('the limit of a key that is used up is thrown once and not tried again', async () => {
      const customer = await createCustomer(turnpike, `limited${mount}`, 1_000_000_000n)
      await limitKey(turnpike, customer, 0n, 'day')
      const failure = await client(customer.key)
        .chat.completions.create({ model: MODEL, messages, max_tokens: 100 })
        .catch((error: unknown) => error)
      expect(failure).toMatchObject({ status: mount === '/v1' ? 429 : 403 })
      expect(calls).toBe(1)
    })

    test('an unknown key is an authentication error', async () => {
      await expect(client('sk-tp-unknown').chat.completions.create({ model: MODEL, messages })).rejects.toBeInstanceOf(
        OpenAI.AuthenticationError,
      )
    })

    test('an error in a stream is thrown, after what had come', async () => {
      const stream = await client().chat.completions.create({ model: 'simulator/cut-stream', messages, stream: true })
      let chunks = 0
      const failure = await (async () => {
        for await (const _chunk of stream) chunks++
      })().catch((error: unknown) => error)
      expect(chunks).toBeGreaterThan(0)
      expect(failure).toBeInstanceOf(OpenAI.APIError)
    })
  })
}

describe('@openrouter/sdk', () => {
  const client = (apiKey = turnpike.key) =>
    new OpenRouter({ apiKey, serverURL: `${turnpike.url}/api/v1`, retryConfig: { strategy: 'none' } })

  test('gets an answer with its cost', async () => {
    const reply = await client().chat.send({ chatRequest: { model: MODEL, messages } })
    if (!('choices' in reply)) throw new Error('a whole reply was asked for')
    expect(reply.choices[0]?.message.content).toMatch(/\w/)
    expect(reply).toMatchObject({ model: MODEL, usage: { isByok: false, cost: expect.any(Number) } })
  })

  test('gets a stream with its cost', async () => {
    const stream = await client().chat.send({ chatRequest: { model: MODEL, messages, stream: true } })
    if ('choices' in stream) throw new Error('a stream was asked for')
    let text = ''
    const costs = []
    for await (const { choices, usage } of stream) {
      text += choices[0]?.delta.content ?? ''
      if (usage) costs.push(usage.cost)
    }
    expect(text).toMatch(/\w/)
    expect(costs).toEqual([expect.any(Number)])
  })

  test('an error in a stream carries its code and its usage', async () => {
    const stream = await client().chat.send({ chatRequest: { model: 'simulator/cut-stream', messages, stream: true } })
    if ('choices' in stream) throw new Error('a stream was asked for')
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.at(-1)).toMatchObject({ error: { code: 502 }, usage: { cost: 0 } })
  })

  test('names the errors by their status', async () => {
    const refused = client(poor).chat.send({ chatRequest: { model: MODEL, messages, maxTokens: 100 } })
    await expect(refused).rejects.toMatchObject({ name: 'PaymentRequiredResponseError', statusCode: 402 })
    const unknown = client('sk-tp-unknown').chat.send({ chatRequest: { model: MODEL, messages } })
    await expect(unknown).rejects.toMatchObject({ statusCode: 401 })
    const failed = client().chat.send({ chatRequest: { model: 'simulator/html', messages } })
    await expect(failed).rejects.toMatchObject({ name: 'BadGatewayResponseError', statusCode: 502 })
  })
})

describe('@openrouter/ai-sdk-provider', () => {
  const model = (name = MODEL, apiKey = turnpike.key) =>
    createOpenRouter({ apiKey, baseURL: `${turnpike.url}/api/v1` }).chat(name)

  test('gets an answer with its cost', async () => {
    const { text, usage, providerMetadata } = await generateText({ model: model(), prompt: QUESTION })
    expect(text).toMatch(/\w/)
    expect(usage.inputTokens).toBeGreaterThan(0)
    expect(providerMetadata?.openrouter).toMatchObject({
      usage: { cost: expect.any(Number), promptTokens: usage.inputTokens },
    })
  })

  test('gets a stream with its cost', async () => {
    const result = streamText({ model: model(), prompt: QUESTION })
    let text = ''
    for await (const part of result.textStream) text += part
    expect(text).toMatch(/\w/)
    const metadata = await result.providerMetadata
    expect(metadata?.openrouter).toMatchObject({ usage: { cost: expect.any(Number) } })
    expect((await result.usage).outputTokens).toBeGreaterThan(0)
  })

  test('a refusal for want of money is not tried again', async () => {
    const refused = generateText({ model: model(MODEL, poor), prompt: QUESTION, maxOutputTokens: 100 })
    await expect(refused).rejects.toMatchObject({ statusCode: 402, isRetryable: false })
  })
})

describe('@langchain/openrouter', () => {
  const model = (apiKey = turnpike.key) =>
    new ChatOpenRouter({ model: MODEL, apiKey, baseURL: `${turnpike.url}/api/v1`, maxTokens: 100, maxRetries: 0 })

  test('gets an answer with its usage', async () => {
    const reply = await model().invoke(QUESTION)
    expect(reply.text).toMatch(/\w/)
    expect(reply).toMatchObject({ usage_metadata: { total_tokens: expect.any(Number) } })
  })

  test('gets a stream with its usage', async () => {
    let text = ''
    const usages: unknown[] = []
    for await (const chunk of (await model().stream(QUESTION)) as AsyncIterable<AIMessageChunk>) {
      text += chunk.text
      if (chunk.usage_metadata) usages.push(chunk.usage_metadata)
    }
    expect(text).toMatch(/\w/)
    expect(usages).toHaveLength(1)
  })

  test('a refusal for want of money is thrown', async () => {
    await expect(model(poor).invoke(QUESTION)).rejects.toThrow(/requires more credits/)
  })
})

describe('@ai-sdk/anthropic', () => {
  const model = (name = 'anthropic/claude-sonnet-4.5') =>
    createAnthropic({ apiKey: turnpike.key, baseURL: `${turnpike.url}/v1` })(name)

  test('gets an answer and a stream with their usage', async () => {
    const { text, usage } = await generateText({ model: model(), prompt: QUESTION, maxOutputTokens: 200 })
    expect(text).toMatch(/\w/)
    const stream = streamText({ model: model(), prompt: QUESTION, maxOutputTokens: 200 })
    let streamed = ''
    for await (const part of stream.textStream) streamed += part
    expect(streamed).toBe(text)
    expect((await stream.usage).outputTokens).toBe(usage.outputTokens)
  })

  test('calls a tool and goes on with its result', async () => {
    const { steps } = await generateText({
      model: model('simulator/tool-call'),
      prompt: QUESTION,
      maxOutputTokens: 200,
      tools: {
        weather: tool({
          description: 'The weather of a city',
          inputSchema: z.object({ city: z.enum(['Oslo']) }),
          execute: async ({ city }) => `Rain in ${city}`,
        }),
      },
      stopWhen: stepCountIs(3),
    })
    expect(steps[0]?.toolResults[0]?.output).toBe('Rain in Oslo')
    expect(steps.at(-1)?.text).toMatch(/\w/)
  })
})

describe('@langchain/openai', () => {
  const model = () =>
    new ChatOpenAI({
      model: MODEL,
      apiKey: turnpike.key,
      configuration: { baseURL: `${turnpike.url}/v1` },
      maxRetries: 0,
    })

  test('gets an answer and a stream with their usage', async () => {
    const reply = await model().invoke(QUESTION)
    expect(reply.text).toMatch(/\w/)
    expect(reply).toMatchObject({ usage_metadata: { total_tokens: expect.any(Number) } })
    const usages: unknown[] = []
    for await (const chunk of await model().stream(QUESTION))
      if (chunk.usage_metadata) usages.push(chunk.usage_metadata)
    expect(usages).toHaveLength(1)
  })
})

describe('@openai/agents', () => {
  test('an agent calls its tool and answers, by the Responses API and by chat', async () => {
    setTracingDisabled(true)
    const client = new OpenAI({ baseURL: `${turnpike.url}/v1`, apiKey: turnpike.key })
    for (const useResponses of [true, false]) {
      const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient: client, useResponses }) })
      let called = ''
      const weather = agentTool({
        name: 'weather',
        description: 'The weather of a city',
        parameters: z.object({ city: z.enum(['Oslo']) }),
        execute: async ({ city }) => {
          called = city
          return `Rain in ${city}`
        },
      })
      const agent = new Agent({ name: 'a', instructions: 'Be brief.', model: 'simulator/tool-call', tools: [weather] })
      const { finalOutput } = await runner.run(agent, QUESTION)
      expect(called).toBe('Oslo')
      expect(finalOutput).toMatch(/\w/)
    }
  })
})

test('after all of these the books are in order, and whoever had no credit paid nothing', async () => {
  expect(await expectSettled(turnpike)).not.toEqual([])
  expect(await expectSettled(turnpike, 1n, 'poor')).toEqual([])
})
