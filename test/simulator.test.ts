/** The simulator over real connections, read by `fetch` and by OpenAI's own client. */
import { connect } from 'node:net'
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countChat } from '../src/core/chat-tokens.ts'
import { type Clock, systemClock } from '../src/lib/clock.ts'
import { behaviours } from '../src/simulator/behaviours.ts'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'

type Usage = OpenAI.CompletionUsage
type Chunk = Omit<OpenAI.ChatCompletionChunk, 'usage'> & { usage?: Usage | null; error?: object }

const tokens = (text: string): number => encode(text, { disallowedSpecial: new Set() }).length
const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }]

/** Timers of a clock that stands still until the test moves it. */
const timers = new Set<{ ms: number; run: () => void }>()
const clock: Clock = {
  ...systemClock,
  now: () => Date.UTC(2026, 0, 1),
  after(ms, run) {
    const timer = { ms, run }
    timers.add(timer)
    return { cancel: () => timers.delete(timer) }
  },
}
const tick = () => {
  for (const timer of [...timers]) if (timers.delete(timer)) timer.run()
}

let simulator: Simulator
let openai: OpenAI
beforeAll(async () => {
  simulator = await startSimulator({
    clock,
    countTokens: async (text) => tokens(text),
    countPrompt: (body) => countChat(tokens, body),
    models: ['gpt-4o'],
  })
  openai = new OpenAI({ baseURL: simulator.url, apiKey: 'none', maxRetries: 0 })
})
afterAll(() => simulator.close())

const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 5 })

const post = (model: string, extra: object = {}, signal?: AbortSignal): Promise<Response> =>
  fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, ...extra }),
    ...(signal && { signal }),
  })
const STREAM = { stream: true, stream_options: { include_usage: true } }

const whole = async (model: string, extra: object = {}) =>
  (await (await post(model, extra)).json()) as OpenAI.ChatCompletion & { usage?: Usage }

/** What a stream sent before it ended or broke. */
async function stream(model: string, extra: object = {}) {
  const reply = await post(model, { ...STREAM, ...extra })
  let text = ''
  let broken = false
  try {
    for await (const part of (reply.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) text += part
  } catch {
    broken = true
  }
  const data = [...text.matchAll(/^data: ?(.*?)\r?$/gm)].map(([, line = '']) => line)
  const chunks = data.filter((line) => line !== '[DONE]').map((line) => JSON.parse(line) as Chunk)
  const said = chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? '').join('')
  const finish = chunks.flatMap((chunk) => chunk.choices?.[0]?.finish_reason ?? [])
  const usages = chunks.flatMap((chunk) => chunk.usage ?? [])
  return { chunks, said, finish, usages, usage: usages.at(-1), done: data.at(-1) === '[DONE]', broken, text }
}

describe('an ordinary model', () => {
  test('says the same whole and streamed, and counts what it said', async () => {
    const json = await whole('gpt-4o')
    const streamed = await stream('openai/gpt-4o')
    const content = json.choices[0]?.message.content ?? ''
    expect(content).not.toBe('')
    expect(streamed.said).toBe(content)
    expect(streamed.usage).toEqual(json.usage)
    expect(json.usage?.prompt_tokens).toBe(14)
    expect(json.usage?.completion_tokens).toBe(tokens(content))
    expect(json).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-4o',
      service_tier: 'default',
      created: 1767225600,
    })
  })

  test('streams about a token an event, with usage null until a last chunk without choices', async () => {
    const { chunks, done, usage, said } = await stream('gpt-4o')
    expect(chunks.length).toBe(tokens(said) + 3)
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage })
    expect(done).toBe(true)
  })

  test('never mentions usage in a stream that did not ask', async () => {
    const { text, done } = await stream('gpt-4o', { stream_options: undefined })
    expect(text).not.toContain('usage')
    expect(done).toBe(true)
  })

  test.each(['max_tokens', 'max_completion_tokens'])('stops at %s exactly', async (name) => {
    for (const limit of [1, 2, 5]) {
      const { choices, usage } = await whole('gpt-4o', { [name]: limit })
      expect([choices[0]?.finish_reason, usage?.completion_tokens]).toEqual(['length', limit])
    }
    expect((await whole('gpt-4o', { [name]: 4000 })).choices[0]?.finish_reason).toBe('stop')
  })

  test('never passes the limit, whatever script it repeats', async () => {
    const content = '😀😀 Добрый день 你好世界 ﷽ aaaaaaaaaaaaaaaaaaaaaaaaaa  \n\n <|endoftext|> zalgo̷̢'
    for (const limit of [1, 3, 7, 12]) {
      const { usage } = await whole('echo', { messages: [{ role: 'user', content }], max_tokens: limit })
      expect(usage?.completion_tokens).toBeLessThanOrEqual(limit)
    }
    expect((await whole('echo', { messages: [{ role: 'user', content }] })).choices[0]?.message.content).toBe(content)
  })

  test('gives n answers that differ, and counts them all', async () => {
    const { choices, usage } = await whole('gpt-4o', { n: 3 })
    const said = choices.map(({ message }) => message.content ?? '')
    expect(new Set(said).size).toBe(3)
    expect(usage?.completion_tokens).toBe(said.reduce((sum, text) => sum + tokens(text), 0))
    const { chunks } = await stream('gpt-4o', { n: 3 })
    const first = chunks.slice(0, 6).map((chunk) => chunk.choices[0]?.index)
    expect(first).toEqual([0, 1, 2, 0, 1, 2])
  })

  test('ends before a stop sequence', async () => {
    const content = 'one two three two'
    const { choices } = await whole('echo', { messages: [{ role: 'user', content }], stop: ['three', 'two'] })
    expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'one ' } })
  })

  test('answers JSON where JSON is asked for', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' }, size: { type: 'integer' } } }
    const format = { type: 'json_schema', json_schema: { name: 'c', schema } }
    const text = (await whole('gpt-4o', { response_format: format })).choices[0]?.message.content ?? ''
    expect(JSON.parse(text)).toEqual({ city: expect.any(String), size: expect.any(Number) })
    expect(JSON.parse((await stream('gpt-4o', { response_format: { type: 'json_object' } })).said)).toBeTypeOf('object')
  })

  test('serves the tier that was asked for', async () => {
    expect((await whole('gpt-4o', { service_tier: 'flex' })).service_tier).toBe('flex')
    expect((await whole('gpt-4o', { service_tier: 'auto' })).service_tier).toBe('default')
  })
})

describe('the official client', () => {
  test('reads an answer and a stream', async () => {
    const json = await openai.chat.completions.create({ model: 'gpt-4o', messages })
    const chunks = await openai.chat.completions.create({
      model: 'gpt-4o',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    let said = ''
    let usage: Usage | null | undefined
    for await (const chunk of chunks) {
      said += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage
    }
    expect(said).toBe(json.choices[0]?.message.content)
    expect(usage).toEqual(json.usage)
  })

  test('assembles a streamed tool call, and gets text once the tool has answered', async () => {
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'look', parameters: { type: 'object', properties: { at: { type: 'string' } } } },
      },
    ]
    const final = await openai.chat.completions
      .stream({ model: 'simulator/tool-call', messages, tools })
      .finalChatCompletion()
    const message = final.choices[0]?.message
    const call = message?.tool_calls?.[0]
    expect(final.choices[0]?.finish_reason).toBe('tool_calls')
    expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toEqual({ at: expect.any(String) })
    const forced = await openai.chat.completions.create({ model: 'gpt-4o', messages, tools, tool_choice: 'required' })
    expect(forced.choices[0]?.message.tool_calls).toHaveLength(1)
    expect(forced.choices[0]?.message.content).toBeNull()
    const result = { role: 'tool' as const, tool_call_id: call?.id ?? '', content: 'seen' }
    const after = await openai.chat.completions.create({
      model: 'simulator/tool-call',
      messages: [...messages, { role: 'assistant', content: null, tool_calls: message?.tool_calls ?? [] }, result],
      tools,
    })
    expect(after.choices[0]?.finish_reason).toBe('stop')
  })

  test('sees errors as what they are', async () => {
    const status = (model: string) =>
      openai.chat.completions.create({ model, messages }).then(
        () => 200,
        (error: InstanceType<typeof OpenAI.APIError>) => error.status,
      )
    const models = [
      'rate-limited',
      'server-error',
      'overloaded',
      'unauthorized',
      'payment-required',
      'bad-request',
      'content-policy',
    ]
    expect(await Promise.all(models.map(status))).toEqual([429, 500, 503, 401, 402, 400, 403])
  })

  test('lists the models, the simulator’s own among them', async () => {
    const ids = (await openai.models.list()).data.map(({ id }) => id)
    expect(ids).toEqual(['gpt-4o', ...Object.keys(behaviours).map((name) => `simulator/${name}`)])
  })
})

describe('models named for what they count', () => {
  test('reasoning is counted inside the completion, within the limit, and streamed only where it is visible', async () => {
    const { usage, choices } = await whole('reasoning')
    const reasoning = usage?.completion_tokens_details?.reasoning_tokens ?? 0
    expect(reasoning).toBeGreaterThan(0)
    expect(usage?.completion_tokens).toBe(reasoning + tokens(choices[0]?.message.content ?? ''))
    const short = await whole('reasoning', { max_tokens: 4 })
    expect(short.usage).toMatchObject({ completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 4 } })
    expect(short.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '' } })
    expect((await stream('reasoning')).text).not.toContain('reasoning_content')
    expect((await stream('reasoning-visible')).text).toContain('reasoning_content')
  })

  test('exact tells the counts of one real call', async () => {
    expect(await whole('exact')).toMatchObject({
      model: 'grok-4-1-fast-non-reasoning',
      service_tier: null,
      system_fingerprint: 'fp_80e0751284',
      usage: {
        prompt_tokens: 175,
        completion_tokens: 80,
        total_tokens: 255,
        prompt_tokens_details: { cached_tokens: 161, text_tokens: 175 },
        num_sources_used: 0,
      },
    })
    expect((await stream('exact')).usage?.prompt_tokens_details?.cached_tokens).toBe(161)
  })

  test.each(
    Object.keys(behaviours).filter(
      (name) => /(?<!before|no)-usage$/.test(name) || name.startsWith('cache-') || name === 'audio',
    ),
  )('%s tells the same usage whole and streamed', async (name) => {
    expect((await stream(name)).usage).toEqual((await whole(name)).usage)
  })

  test('no-usage tells none, usage-twice the right one last, usage-every-chunk growing counts', async () => {
    expect(await whole('no-usage')).not.toHaveProperty('usage')
    expect((await stream('no-usage')).text).not.toContain('"usage"')
    const right = await whole('usage-twice')
    expect(right.usage?.completion_tokens).toBe(tokens(right.choices[0]?.message.content ?? ''))
    const twice = await stream('usage-twice')
    expect(twice.usages).toHaveLength(2)
    expect(twice.usage).toEqual(right.usage)
    const counts = (await stream('usage-every-chunk')).usages.map((usage) => usage.completion_tokens)
    expect(counts.length).toBeGreaterThan(5)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  })
})

describe('models named for how they fail', () => {
  test.each([
    ['cut-stream-2', { broken: true, finish: [], done: false }],
    ['cut-before-usage', { broken: true, finish: ['stop'], done: false, usages: [] }],
    ['early-end-2', { broken: false, finish: [], done: false }],
    ['error-in-stream', { broken: false, finish: [], done: false }],
    ['no-done', { broken: false, finish: ['stop'], done: false }],
    ['no-finish', { broken: false, finish: [], done: true }],
    ['finish-error', { broken: false, finish: ['error'], done: true }],
    ['empty', { said: '', finish: ['stop'], done: true }],
    ['empty-no-finish', { said: '', finish: [], done: true }],
    ['odd-framing', { broken: false, finish: ['stop'], done: true }],
  ])('%s', async (model, expected) => {
    expect(await stream(model)).toMatchObject(expected)
  })

  test('an answer breaks after as many chunks as its name says', async () => {
    for (const count of [0, 1, 4]) {
      if (count > 0) expect((await stream(`cut-stream-${count}`)).chunks.length).toBe(count)
      const { chunks } = await stream(`error-in-stream-${count}`)
      expect(chunks.length).toBe(count + 1)
      expect(chunks.at(-1)).toHaveProperty('error.message')
    }
    expect((await stream('cut-stream-100000')).broken).toBe(true)
    await expect(post('cut-stream-0', STREAM)).rejects.toThrow()
  })

  test('a cut body says that it is longer than what arrives', async () => {
    for (const model of ['cut-stream', 'cut-before-usage']) {
      await expect(post(model).then((reply) => reply.text())).rejects.toThrow()
    }
    await expect(whole('early-end')).rejects.toThrow(SyntaxError)
  })

  test('200 is no promise', async () => {
    expect((await post('html')).headers.get('content-type')).toBe('text/html')
    expect(await (await post('error-in-200', STREAM)).json()).toHaveProperty('error.code', 'model_unavailable')
    await expect(whole('bad-json')).rejects.toThrow(SyntaxError)
  })

  test('refusals carry their hints', async () => {
    expect((await post('rate-limited-7')).headers.get('retry-after')).toBe('7')
    expect((await post('rate-limited-bare')).headers.has('retry-after')).toBe(false)
    const redirect = await post('redirect')
    expect([redirect.status, redirect.headers.get('location')]).toEqual([307, '/v1/redirected'])
    const unknown = await fetch(`${simulator.url}/redirected`)
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: { code: 'unknown_url' } }])
    expect((await post('gpt-4o', { n: 0 })).status).toBe(400)
  })

  test('huge-output passes every limit', async () => {
    const { usage, done } = await stream('huge-output-3000', { max_tokens: 5 })
    expect([usage?.completion_tokens, done]).toEqual([3000, true])
  })

  test('big-event is one event of that size', async () => {
    const { chunks } = await stream('big-event-1500000')
    expect(Math.max(...chunks.map((chunk) => chunk.choices[0]?.delta.content?.length ?? 0))).toBe(1_500_000)
  })
})

describe('time and clients that leave', () => {
  test('slow models wait by the clock that was handed in', async () => {
    const slow = stream('slow-250')
    const first = whole('slow-first-token-5000')
    await eventually(() => [...timers].map(({ ms }) => ms).toSorted((a, b) => a - b)).toEqual([250, 5000])
    let open = true
    const finished = Promise.all([slow, first]).finally(() => {
      open = false
    })
    while (open) {
      tick()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await finished)[0].done).toBe(true)
  })

  test.each([
    ['hang', {}],
    ['hang', STREAM],
    ['stall', STREAM],
    ['stall', {}],
    ['endless', STREAM],
    ['endless', {}],
    ['slow', STREAM],
  ])('a client that leaves %s %o is counted, and nothing goes on for it', async (model, extra) => {
    const before = simulator.stats()
    const leaver = new AbortController()
    const reading = post(model, extra, leaver.signal).then((reply) => reply.text())
    reading.catch(() => {})
    await eventually(() => simulator.stats().requests).toBe(before.requests + 1)
    leaver.abort()
    await expect(reading).rejects.toThrow()
    await eventually(() => simulator.stats().aborted).toBe(before.aborted + 1)
    await eventually(() => simulator.stats().active).toBe(0)
    expect(timers.size).toBe(0)
  })

  test('an endless answer holds up nobody else', async () => {
    const leaver = new AbortController()
    await post('endless', STREAM, leaver.signal)
    for (let i = 0; i < 50; i++) expect((await post('gpt-4o')).status).toBe(200)
    leaver.abort()
    await eventually(() => simulator.stats().active).toBe(0)
  })

  test('a client that leaves in the middle of its request is counted as gone', async () => {
    const before = simulator.stats()
    const client = connect(simulator.port, '127.0.0.1')
    client.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"model":')
    await eventually(() => simulator.stats().requests).toBe(before.requests + 1)
    client.destroy()
    await eventually(() => simulator.stats().aborted).toBe(before.aborted + 1)
    expect((await post('gpt-4o')).status).toBe(200)
  })

  test('cuts on purpose are not taken for clients that left', async () => {
    const before = simulator.stats()
    await stream('cut-stream')
    await eventually(() => simulator.stats().cut).toBe(before.cut + 1)
    expect(simulator.stats().aborted).toBe(before.aborted)
  })

  test('close ends what is under way', async () => {
    const other = await startSimulator({ clock, countTokens: tokens, countPrompt: () => 1 })
    const hanging = fetch(`${other.url}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'hang', messages }),
    })
    hanging.catch(() => {})
    await eventually(() => other.stats().active).toBe(1)
    await other.close()
    await expect(hanging).rejects.toThrow()
  })

  test('a counter that fails is a 500, and the next call is served', async () => {
    let broken = true
    const fail = () => (broken ? Promise.reject(new Error('no counter')) : 1)
    const other = await startSimulator({ clock, countTokens: tokens, countPrompt: fail })
    const call = () =>
      fetch(`${other.url}/chat/completions`, { method: 'POST', body: JSON.stringify({ model: 'm', messages }) })
    expect((await call()).status).toBe(500)
    broken = false
    expect((await call()).status).toBe(200)
    await other.close()
  })
})

test('the log shows what arrived', async () => {
  await post('gpt-4o', { user: 'ada' })
  const last = simulator.requests.at(-1)
  expect(last).toMatchObject({
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
  })
  expect(JSON.parse(last?.body ?? '')).toEqual({ model: 'gpt-4o', messages, user: 'ada' })
})
