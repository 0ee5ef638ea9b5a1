/** Calls to a provider that speaks Gemini's wire: the same answers, counts and money as over OpenAI's, whatever goes wrong. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ScriptStep } from '../src/simulator/script.ts'
import { chat, eventsOf, eventually, MOUNTS, OPENAI, OPENROUTER, recordsOf, recordsSince } from './gateway-kit.ts'
import { GEMINI_KEY, type GeminiTurnpike, startGemini } from './gemini-kit.ts'
import { startTurnpike } from './turnpike.ts'

const ANSWERS = [
  'echo',
  'sentences',
  'exact',
  'tool-call',
  'cache-hit',
  'audio',
  'reasoning',
  'reasoning-visible',
] as const
const BREAKS = [
  'cut-stream',
  'early-end',
  'error-in-stream',
  'no-finish',
  'finish-error',
  'endless',
  'huge-output',
] as const
const FAILURES = [
  ...['html', 'error-in-200', 'bad-json', 'redirect', 'server-error', 'unauthorized', 'payment-required', 'overloaded'],
  ...['rate-limited', 'rate-limited-bare', 'bad-request'],
] as const
const LIARS = [
  ...['negative-usage', 'nan-usage', 'string-usage', 'fraction-usage', 'huge-usage', 'inconsistent-usage'],
  ...['zero-usage', 'no-usage', 'usage-twice', 'usage-every-chunk', 'no-done', 'odd-framing', 'empty'],
] as const
const OTHERS = ['content-policy', 'cut-before-usage', 'gated', 'cut-stream-0', 'empty-no-finish', 'big-event'] as const

let started: GeminiTurnpike
let before = 0
beforeAll(async () => {
  const models = [...ANSWERS, ...BREAKS, ...FAILURES, ...LIARS, ...OTHERS]
  started = await startGemini(models, 'limits: { retriesPerEndpoint: 0 }')
})
afterAll(() => started.close())
beforeEach(async () => {
  before = (await recordsOf(started.turnpike)).length
})

type Reply = { choices: Choice[]; usage: Usage; error?: { code: unknown; message: string; metadata?: object } }
type Choice = { message: Message; finish_reason: string | null; native_finish_reason?: string }
type Message = { content: string | null; reasoning?: string; reasoning_details?: object[]; tool_calls?: ToolCall[] }
type ToolCall = { id: string; type: string; function: { name: string; arguments: string } }
type Usage = {
  num_sources_used?: number
  prompt_tokens: number
  completion_tokens: number
  cost: number
  usage_source?: string
}

async function call(path: string, body: object) {
  const { turnpike } = started
  const reply = await turnpike.request(path, { body: { max_tokens: 200, ...body } })
  const text = await reply.text()
  const records = await recordsSince(turnpike, before)
  before += records.length
  expect(records).toHaveLength(1)
  const [record] = records
  if (!record) throw new Error('a call leaves a record')
  return { status: reply.status, headers: reply.headers, text, record }
}

/** What a stream's chunks say together. */
function together(text: string): { message: Message; finish: unknown; usage: Usage | undefined } {
  const message: Message = { content: '' }
  let finish: unknown
  let usage: Usage | undefined
  for (const event of eventsOf(text).json as unknown as (Reply & {
    choices: { delta: Message; finish_reason: unknown }[]
  })[]) {
    usage = event.usage ?? usage
    for (const { delta, finish_reason } of event.choices) {
      if (delta.content) message.content += delta.content
      if (delta.reasoning) message.reasoning = (message.reasoning ?? '') + delta.reasoning
      if (delta.reasoning_details)
        message.reasoning_details = [...(message.reasoning_details ?? []), ...delta.reasoning_details]
      if (delta.tool_calls) message.tool_calls = [...(message.tool_calls ?? []), ...delta.tool_calls]
      finish = finish_reason ?? finish
    }
  }
  return { message, finish, usage }
}

const nanosOf = (cost: number): bigint => BigInt(Math.round(cost * 1e9))
const extras = { usage: { include: true }, reasoning: { effort: 'low' } }

describe('the same answer costs the same over either wire', () => {
  for (const model of ANSWERS)
    test(model, async () => {
      for (const path of MOUNTS) {
        const byChat = await call(path, chat(`direct/${model}`, extras))
        const expected = JSON.parse(byChat.text) as Reply
        // What a provider has in its usage beside counts passes; Google has nothing there.
        const { num_sources_used: _sources, ...wantedUsage } = expected.usage
        const whole = await call(path, chat(`gemini/${model}`, extras))
        expect(whole.status).toBe(200)
        const said = JSON.parse(whole.text) as Reply
        const streamed = await call(path, chat(`gemini/${model}`, { stream: true, ...extras }))
        expect(streamed.text.endsWith('data: [DONE]\n\n')).toBe(true)
        const pieces = together(streamed.text)
        for (const { message, usage, record } of [
          { message: said.choices[0]?.message, usage: said.usage, record: whole.record },
          { message: pieces.message, usage: pieces.usage, record: streamed.record },
        ]) {
          const wanted = expected.choices[0]?.message
          expect(message?.content || null).toBe(wanted?.content || null)
          expect(message?.tool_calls?.map((made) => made.function)).toEqual(
            wanted?.tool_calls?.map((made) => made.function),
          )
          expect(usage).toEqual(wantedUsage)
          expect(nanosOf(usage?.cost ?? -1)).toBe(record.charge_nanos)
          expect(record).toMatchObject({ status: 'ok', source: 'reported', charge_nanos: byChat.record.charge_nanos })
          expect(record.counts).toBe(byChat.record.counts)
          expect(record.flags).toEqual(byChat.record.flags)
        }
        expect(said.choices[0]?.finish_reason).toBe(expected.choices[0]?.finish_reason)
        expect(pieces.finish).toBe(expected.choices[0]?.finish_reason)
      }
    })

  test('thoughts are told as reasoning, with their details', async () => {
    const { text, record } = await call(OPENROUTER, chat('gemini/reasoning-visible', extras))
    const message = (JSON.parse(text) as Reply).choices[0]?.message
    expect(message?.reasoning).toBeTruthy()
    expect(message?.reasoning_details).toEqual([
      { type: 'reasoning.text', text: message?.reasoning, format: 'google-gemini-v1', index: 0 },
    ])
    expect(record.reasoning_tokens).toBeGreaterThan(0n)
    const { message: pieces } = together(
      (await call(OPENROUTER, chat('gemini/reasoning-visible', { ...extras, stream: true }))).text,
    )
    expect(pieces.reasoning).toBe(message?.reasoning)
  })
})

test('the key goes in its header, the model in the path, and nothing of the client beside', async () => {
  const { upstream, turnpike } = started
  await call(OPENAI, chat('gemini/echo'))
  const sent = upstream.requests.at(-1)
  expect(sent?.path).toBe('/v1beta/models/echo:generateContent')
  expect(sent?.headers['x-goog-api-key']).toBe(GEMINI_KEY)
  expect(sent?.headers.authorization).toBeUndefined()
  expect(JSON.parse(sent?.body ?? '')).toEqual({
    contents: [{ role: 'user', parts: [{ text: 'What is the capital of France?' }] }],
    generationConfig: { maxOutputTokens: 200 },
  })
  await call(OPENAI, chat('drains/echo', { stream: true }))
  expect(upstream.requests.at(-1)?.path).toBe('/v1beta/models/echo:streamGenerateContent?alt=sse')
  expect(turnpike.url).toBeTruthy()
})

test("a call's signature comes back with the next turn, on the very call that it belongs to", async () => {
  const { upstream } = started
  for (const stream of [false, true]) {
    const tools = [
      {
        type: 'function',
        function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
      },
    ]
    const asked = chat('gemini/tool-call', { tools, stream })
    const { text } = await call(OPENROUTER, asked)
    const message = stream ? together(text).message : (JSON.parse(text) as Reply).choices[0]?.message
    const [made] = message?.tool_calls ?? []
    expect(made?.id).toMatch(/^call_[0-9a-f]{24}$/)
    const messages = [
      ...asked.messages,
      { role: 'assistant', ...message },
      { role: 'tool', tool_call_id: made?.id, content: '21 degrees' },
    ]
    const answered = await call(OPENROUTER, { ...asked, messages })
    expect(answered.status).toBe(200)
    const { contents } = JSON.parse(upstream.requests.at(-1)?.body ?? '{}') as { contents: { parts: object[] }[] }
    expect(contents[1]?.parts).toEqual([
      {
        functionCall: { name: 'get_weather', args: JSON.parse(made?.function.arguments ?? '') },
        thoughtSignature: expect.stringMatching(/^[A-Za-z0-9+/=]+$/),
      },
    ])
    expect(contents[2]?.parts).toEqual([
      { functionResponse: { name: 'get_weather', response: { output: '21 degrees' } } },
    ])
  }
})

test('the built-in simulator speaks this wire where the usage is to be read as that of Google', async () => {
  const turnpike = await startTurnpike({
    yaml: `
providers: { own: { type: simulator, preset: google } }
models: [{ id: acme/own, contextLength: 4000, endpoints: [{ provider: own, model: reasoning, prices: { input: "10", output: "20" } }] }]
`,
  })
  for (const stream of [false, true]) {
    const reply = await turnpike.request(OPENROUTER, { body: chat('acme/own', { stream, max_tokens: 200 }) })
    expect(reply.status).toBe(200)
    await reply.text()
    expect(turnpike.simulator.requests.at(-1)?.path).toContain('/v1/models/reasoning:')
  }
  const [whole, streamed] = await recordsSince(turnpike, 0)
  expect(whole).toMatchObject({ source: 'reported', charge_nanos: streamed?.charge_nanos, counts: streamed?.counts })
  expect(whole?.reasoning_tokens).toBeGreaterThan(0n)
  await turnpike.close()
})

describe('a failure before the first token is told as over the other wire, and costs nothing', () => {
  for (const model of FAILURES)
    test(model, async () => {
      for (const path of MOUNTS)
        for (const stream of [false, true]) {
          const expected = await call(path, chat(`direct/${model}`, { stream }))
          const { status, text, record, headers } = await call(path, chat(`gemini/${model}`, { stream }))
          expect(status).toBe(expected.status)
          const error = (JSON.parse(text) as Reply).error
          expect(error?.code).toBe((JSON.parse(expected.text) as Reply).error?.code)
          expect(headers.get('retry-after')).toBe(expected.headers.get('retry-after'))
          expect(text).not.toContain(GEMINI_KEY)
          expect(record).toMatchObject({ status: 'error', charge_nanos: 0n, cost_nanos: 0n })
        }
    })

  test('an event that is longer than any answer of words is a failure', async () => {
    const { status, record } = await call(OPENROUTER, chat('gemini/big-event', { stream: true }))
    expect(status).toBe(502)
    expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
  })

  test('a stream that is cut before its first event is a failed attempt', async () => {
    const { status, record } = await call(OPENROUTER, chat('gemini/cut-stream-0', { stream: true }))
    expect(status).toBe(502)
    expect(record).toMatchObject({ charge_nanos: 0n, cost_nanos: 0n })
  })
})

describe('a stream that breaks off ends in one error event, without [DONE], and is insured', () => {
  for (const model of BREAKS)
    test(model, async () => {
      for (const path of MOUNTS) {
        const { text, record } = await call(
          path,
          chat(`gemini/${model}`, { stream: true, stream_options: { include_usage: true } }),
        )
        const { data, json } = eventsOf(text)
        expect(data).not.toContain('[DONE]')
        expect(json.filter((event) => 'error' in event)).toEqual([json.at(-1)])
        expect(json.filter((event) => 'usage' in event)).toEqual([json.at(-1)])
        expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
        expect(record.cost_nanos).toBeGreaterThan(0n)
        expect(record.facts.finishReason).toBe('error')
      }
    })

  test('F3 of a stream that is cut, the counts that came last hold, unseen thoughts among them', async () => {
    started.upstream.script(
      'echo',
      [
        event({
          candidates: [{ content: { parts: [{ text: 'one' }] }, index: 0 }],
          usageMetadata: { promptTokenCount: 20, totalTokenCount: 20 },
        }),
        event({
          candidates: [{ content: { parts: [{ text: ' two' }] }, index: 0 }],
          usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 2, thoughtsTokenCount: 30, totalTokenCount: 52 },
        }),
        'close',
      ],
      { times: 1 },
    )
    const { record } = await call(OPENROUTER, chat('gemini/echo', { stream: true }))
    expect(record).toMatchObject({ source: 'reported', input_tokens: 20n, output_tokens: 32n, reasoning_tokens: 30n })
    expect(record.cost_nanos).toBe(20n * 10_000n + 2n * 20_000n + 30n * 30_000n)
  })

  test('F1 of a stream that is cut before it counted any output, the prompt is as reported, what was delivered is counted', async () => {
    started.upstream.script(
      'echo',
      [
        event({
          candidates: [{ content: { parts: [{ text: 'one two three' }] }, index: 0 }],
          usageMetadata: { promptTokenCount: 20, totalTokenCount: 20 },
        }),
        'close',
      ],
      { times: 1 },
    )
    const { record } = await call(OPENROUTER, chat('gemini/echo', { stream: true }))
    expect(record).toMatchObject({ source: 'estimated', input_tokens: 20n, output_tokens: 3n })
  })

  test('F3 of a stream that is cut while it thought unseen, the thoughts that were counted are charged', async () => {
    const counts = { promptTokenCount: 20, candidatesTokenCount: 1 }
    started.upstream.script(
      'echo',
      [
        event({ candidates: [{ content: { parts: [{ text: 'one' }] }, index: 0 }], usageMetadata: counts }),
        event({ candidates: [{ content: {}, index: 0 }], usageMetadata: { ...counts, thoughtsTokenCount: 40 } }),
        'close',
      ],
      { times: 1 },
    )
    const { record } = await call(OPENROUTER, chat('gemini/echo', { stream: true }))
    expect(record).toMatchObject({ source: 'reported', input_tokens: 20n, output_tokens: 41n, reasoning_tokens: 40n })
  })
})

test('F1 of an answer that is whole and whose output nobody counted, the prompt is as reported', async () => {
  const candidates = [{ content: { parts: [{ text: 'one two three' }] }, finishReason: 'STOP', index: 0 }]
  const reply = { candidates, usageMetadata: { promptTokenCount: 20, totalTokenCount: 20 } }
  const headers = { 'content-type': 'application/json' }
  for (const stream of [false, true]) {
    const step = stream ? event(reply) : { raw: JSON.stringify(reply) }
    started.upstream.script('echo', [step], { times: 1, ...(stream ? {} : { headers }) })
    const { record } = await call(OPENROUTER, chat('gemini/echo', { stream }))
    expect(record).toMatchObject({ status: 'ok', source: 'estimated', input_tokens: 20n, output_tokens: 3n })
  }
})

const event = (value: object): ScriptStep => ({ raw: `data: ${JSON.stringify(value)}\r\n\r\n` })

describe('an answer that is whole is charged, whatever its usage says, as over the other wire', () => {
  for (const model of LIARS)
    test(model, async () => {
      for (const path of MOUNTS)
        for (const stream of [false, true]) {
          const asked = { stream, usage: { include: true } }
          const expected = await call(path, chat(`direct/${model}`, asked))
          const { status, text, record } = await call(path, chat(`gemini/${model}`, asked))
          expect(status).toBe(200)
          expect(record).toMatchObject({ status: 'ok', source: expected.record.source })
          expect(record.flags).toEqual(expect.arrayContaining(expected.record.flags))
          // Thoughts that are more than the whole are beside it here, and so are charged.
          if (model !== 'inconsistent-usage') expect(record.charge_nanos).toBe(expected.record.charge_nanos)
          const usage = stream ? together(text).usage : (JSON.parse(text) as Reply).usage
          expect(usage?.usage_source).toBe(record.source === 'estimated' ? 'estimated' : undefined)
          expect(nanosOf(usage?.cost ?? -1)).toBe(record.charge_nanos)
          expect(Object.keys(usage ?? {}).join()).not.toContain('TokenCount')
        }
    })

  test('a stream that is cut after its finish reason is complete', async () => {
    const { text, record } = await call(OPENROUTER, chat('gemini/cut-before-usage', { stream: true }))
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(record).toMatchObject({ status: 'ok' })
    expect(record.charge_nanos).toBeGreaterThan(0n)
  })

  test('a prompt that is blocked is an answer without text, and pays its prompt', async () => {
    for (const stream of [false, true]) {
      const { status, text, record } = await call(OPENROUTER, chat('gemini/content-policy', { stream }))
      expect(status).toBe(200)
      expect(text).toContain('"finish_reason":"content_filter","native_finish_reason":"PROHIBITED_CONTENT"')
      expect(record).toMatchObject({ status: 'ok', source: 'reported', input_tokens: 14n, output_tokens: 0n })
      expect(record.charge_nanos).toBe(14n * 10_000n)
    }
  })

  test('several choices are several candidates', async () => {
    for (const stream of [false, true]) {
      const expected = await call(OPENROUTER, chat('direct/sentences', { n: 2, stream }))
      const { record, text } = await call(OPENROUTER, chat('gemini/sentences', { n: 2, stream }))
      expect(record.charge_nanos).toBe(expected.record.charge_nanos)
      expect(text).toContain('"index":1')
    }
  })
})

describe('a client that leaves', () => {
  const STEPS: ScriptStep[] = [{ text: ' one' }, { text: ' two' }, { text: ' three' }, 'gate']
  const END = event({
    candidates: [{ content: { parts: [] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 50, totalTokenCount: 70 },
  })

  async function leave(model: string) {
    const { turnpike, upstream } = started
    const script = upstream.script('gated', [...STEPS, END], { times: 1 })
    const { aborted } = upstream.stats()
    const controller = new AbortController()
    const reply = await turnpike.request(OPENAI, {
      body: chat(model, { stream: true, max_tokens: 100 }),
      signal: controller.signal,
    })
    const decoder = new TextDecoder()
    let seen = ''
    for await (const chunk of reply.body ?? []) {
      seen += decoder.decode(chunk as Uint8Array)
      if (seen.includes(' three')) break
    }
    controller.abort()
    return { script, aborted }
  }

  const recorded = async () => {
    await eventually(async () => ((await recordsOf(started.turnpike)).length > before ? true : undefined))
    const [record] = await recordsSince(started.turnpike, before)
    return record
  }

  test('F1 ends the call upstream, and what was delivered is charged', async () => {
    const { script, aborted } = await leave('gemini/gated')
    await eventually(() => (started.upstream.stats().aborted > aborted ? true : undefined))
    const record = await recorded()
    expect(record).toMatchObject({ status: 'cancelled', source: 'estimated', output_tokens: 3n })
    expect(record?.charge_nanos).toBeGreaterThan(0n)
    script.release()
  })

  test('where that saves nothing the answer is read to its end and charged as reported', async () => {
    const { script } = await leave('drains/gated')
    script.release()
    const record = await recorded()
    expect(record).toMatchObject({ status: 'cancelled', source: 'reported', input_tokens: 20n, output_tokens: 50n })
  })
})

test('the simulator refuses what Google refuses, in its form', async () => {
  const { upstream } = started
  const ask = (body: object | string, path = 'models/echo:generateContent') =>
    fetch(`http://127.0.0.1:${upstream.port}/v1beta/${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]
  for (const wrong of [
    '{',
    { contents: [] },
    { contents, messages: [] },
    { contents, generationConfig: { max_tokens: 1 } },
    { contents: [{ role: 'assistant', parts: [{ text: 'Hi' }] }] },
    { contents: [{ role: 'user', parts: [] }] },
    { contents: [{ role: 'user', parts: [{ text: 'Hi', inlineData: {} }] }] },
    { contents: [{ role: 'user', parts: [{ functionResponse: { response: {} } }] }] },
    { contents, generationConfig: { candidateCount: 0 } },
  ]) {
    const reply = await ask(wrong)
    expect(reply.status).toBe(400)
    expect(await reply.json()).toMatchObject({ error: { code: 400, status: 'INVALID_ARGUMENT' } })
  }
  expect(await (await ask({ contents }, 'models/simulator%2Fecho:generateContent')).json()).toMatchObject({
    candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
  })
  expect((await ask({ contents }, 'models/echo:countTokens')).status).toBe(404)
})

describe('what the wire has no place for', () => {
  test('is refused with its name where it changes the answer, and nothing is sent or charged', async () => {
    const sent = started.upstream.requests.length
    for (const path of MOUNTS) {
      const { status, text, record } = await call(path, chat('gemini/echo', { logit_bias: { 50256: -100 } }))
      expect(status).toBe(400)
      const { error } = JSON.parse(text) as { error: { message: string; param?: string } }
      expect(error.message).toMatch(/^logit_bias: /)
      if (path === OPENAI) expect(error.param).toBe('logit_bias')
      expect(record).toMatchObject({ status: 'error', charge_nanos: 0n, cost_nanos: 0n })
    }
    expect(started.upstream.requests).toHaveLength(sent)
  })

  test('goes to the next endpoint, whose wire has one', async () => {
    const { status, record } = await call(OPENAI, chat('mixed/fallback', { logit_bias: { 50256: -100 } }))
    expect(status).toBe(200)
    expect(record).toMatchObject({ status: 'ok', provider: 'direct' })
    // Nothing was sent to the first, so that it is no attempt.
    expect(record.facts.attempts).toHaveLength(1)
  })

  test('is named in a header where it only advises', async () => {
    const asked = { min_p: 0.1, store: true, 'x\u00e9\r\nevil': 1 }
    for (const stream of [false, true]) {
      const { status, headers } = await call(OPENAI, chat('gemini/echo', { ...asked, stream }))
      expect(status).toBe(200)
      expect(headers.get('x-turnpike-ignored')).toBe('min_p, store, x???evil')
    }
    const plain = await call(OPENAI, chat('gemini/echo'))
    expect(plain.headers.get('x-turnpike-ignored')).toBeNull()
    const other = await call(OPENAI, chat('mixed/fallback', { ...asked, logit_bias: { 1: 1 } }))
    expect(other.headers.get('x-turnpike-ignored')).toBeNull()
  })
})
