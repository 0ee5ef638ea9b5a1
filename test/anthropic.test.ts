/** Chat calls of both mounts to a provider that speaks Anthropic's wire: what is said, counted, charged and told. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Script, ScriptStep } from '../src/simulator/script.ts'
import { chat, eventsOf, eventually, MOUNTS, OPENAI, OPENROUTER, recordsOf, recordsSince } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const prices =
  'prices: { input: "1000", cache_read: "100", cache_write_5m: "1250", cache_write_1h: "2000", output: "2000" }'
const YAML = `
providers:
  claude: { type: simulator, preset: anthropic, name: Claude }
  plain: { type: simulator, name: Plain }
models:
${[
  ...['sentences', 'echo', 'tool-call', 'cache-hit', 'cache-write', 'reasoning', 'reasoning-visible', 'exact'],
  ...[
    'rate-limited',
    'overloaded',
    'unauthorized',
    'payment-required',
    'bad-request',
    'content-policy',
    'server-error',
  ],
  ...['cut-stream', 'cut-before-usage', 'error-in-stream', 'early-end', 'no-usage', 'usage-twice', 'odd-framing'],
  ...[
    'empty',
    'no-done',
    'finish-error',
    'html',
    'error-in-200',
    'bad-json',
    'usage-every-chunk',
    'script',
    'no-finish',
  ],
]
  .map(
    (name) =>
      `  - { id: a/${name}, contextLength: 100000, endpoints: [{ provider: claude, model: ${name}, ${prices} }] }`,
  )
  .join('\n')}
  - { id: a/plain, contextLength: 100000, endpoints: [{ provider: plain, model: sentences, ${prices} }] }
  - id: a/either
    contextLength: 100000
    endpoints:
      - { provider: claude, model: sentences, ${prices} }
      - { provider: plain, model: sentences, ${prices} }
limits: { retriesPerEndpoint: 0 }
`

let turnpike: Turnpike
let script: Script | undefined
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterEach(() => {
  script?.release()
  script?.stop()
})
afterAll(() => turnpike.close())

const LIMIT = { max_tokens: 200 }
const INCLUDE = { usage: { include: true } }
type Reply = Record<string, unknown> & {
  choices: { message: Record<string, unknown>; finish_reason: string; native_finish_reason: string }[]
  usage: Record<string, number>
}

const records = async () => (await recordsOf(turnpike)).length
const sum = (events: readonly Record<string, unknown>[], member: string): string =>
  events
    .flatMap(({ choices }) => choices as { delta: Record<string, unknown> }[])
    .map(({ delta }) => delta[member] ?? '')
    .join('')
const usageIn = (events: readonly Record<string, unknown>[]) =>
  events.map(({ usage }) => usage as Record<string, number> | undefined).findLast((usage) => usage !== undefined)

async function whole(path: string, model: string, extra: object = {}) {
  const reply = await turnpike.request(path, { body: chat(model, { ...LIMIT, ...INCLUDE, ...extra }) })
  return { reply, status: reply.status, body: (await reply.json()) as Reply }
}

async function stream(path: string, model: string, extra: object = {}) {
  const reply = await turnpike.request(path, { body: chat(model, { ...LIMIT, ...INCLUDE, stream: true, ...extra }) })
  const text = await reply.text()
  return { reply, text, ...(reply.status === 200 ? eventsOf(text) : { data: [], json: [] }) }
}

describe('what a reply says it cost is what the ledger holds', () => {
  test.each(MOUNTS)('%s, whole and streamed, and the same as by chat', async (path) => {
    const before = await records()
    const { reply, body } = await whole(path, 'a/sentences')
    const streamed = await stream(path, 'a/sentences')
    const plain = await whole(path, 'a/plain')
    const kept = await recordsSince(turnpike, before)
    expect(kept.map(({ charge_nanos }) => charge_nanos)).toEqual(Array(3).fill(kept[0]?.charge_nanos))
    for (const cost of [body.usage.cost, usageIn(streamed.json)?.cost, plain.body.usage.cost])
      expect(BigInt(Math.round((cost ?? 0) * 1e9))).toBe(kept[0]?.charge_nanos)
    expect(reply.headers.get('x-turnpike-cost')).toBe(String(body.usage.cost))
    expect(body.choices[0]?.message.content).toBe(plain.body.choices[0]?.message.content)
    expect(sum(streamed.json, 'content')).toBe(body.choices[0]?.message.content)
    expect(body.choices[0]).toMatchObject({ finish_reason: 'stop', native_finish_reason: 'end_turn' })
    expect(streamed.data.at(-1)).toBe('[DONE]')
    expect(kept[0]).toMatchObject({ status: 'ok', source: 'reported', provider: 'claude' })
    expect(kept[0]?.facts).toMatchObject({ nativeFinishReason: 'end_turn', serviceTier: 'standard' })
    expect(kept[0]?.facts.upstreamId).toMatch(/^msg_sim/)
    expect(body.id).toMatch(/^gen-/)
  })

  test.each([
    ['cache-hit', { cached_tokens: 10, cache_write_tokens: 0 }, 14n * 1_000_000n - 10n * 900_000n],
    ['cache-write', { cached_tokens: 0, cache_write_tokens: 10 }, 14n * 1_000_000n + 10n * 250_000n],
  ])('%s is counted once, at its own price', async (name, details, inputNanos) => {
    for (const send of [whole, stream]) {
      const before = await records()
      const answered = await send(OPENAI, `a/${name}`)
      const usage = 'body' in answered ? answered.body.usage : usageIn(answered.json)
      expect(usage).toMatchObject({ prompt_tokens: 14, prompt_tokens_details: details })
      const [record] = await recordsSince(turnpike, before)
      expect(record?.charge_nanos).toBe(inputNanos + (record?.output_tokens ?? 0n) * 2_000_000n)
    }
  })

  test('usage of the provider is kept in its own words and told in ours alone', async () => {
    const before = await records()
    const { body } = await whole(OPENAI, 'a/cache-hit')
    const streamed = await stream(OPENAI, 'a/cache-hit')
    for (const usage of [body.usage, usageIn(streamed.json)]) expect(usage).not.toHaveProperty('input_tokens')
    const kept = await recordsSince(turnpike, before)
    for (const { facts } of kept)
      expect(facts.rawUsage).toMatchObject({ input_tokens: 4, cache_read_input_tokens: 10, service_tier: 'standard' })
  })
})

test('a tool is called, its result goes back, and the model answers', async () => {
  const tools = [
    {
      type: 'function',
      function: { name: 'lookup', parameters: { type: 'object', properties: { q: { type: 'string' } } } },
    },
  ]
  const { body } = await whole(OPENROUTER, 'a/tool-call', { tools })
  const message: Record<string, unknown> = body.choices[0]?.message ?? {}
  expect(body.choices[0]?.finish_reason).toBe('tool_calls')
  const [call] = message.tool_calls as { id: string; function: { name: string; arguments: string } }[]
  expect(call?.function.name).toBe('lookup')
  const streamed = await stream(OPENROUTER, 'a/tool-call', { tools })
  const pieces = streamed.json.flatMap(({ choices }) =>
    (choices as { delta: { tool_calls?: { function: { arguments: string } }[] } }[]).flatMap(
      ({ delta }) => delta.tool_calls ?? [],
    ),
  )
  expect(pieces.map((piece) => piece.function.arguments).join('')).toBe(call?.function.arguments)
  const messages = [...chat('x').messages, message, { role: 'tool', tool_call_id: call?.id, content: 'found' }]
  const answered = await whole(OPENROUTER, 'a/tool-call', { tools, messages })
  expect(answered.body.choices[0]).toMatchObject({ finish_reason: 'stop', native_finish_reason: 'end_turn' })
})

test('what was thought comes with its signature, and goes back as it came', async () => {
  const { body } = await whole(OPENROUTER, 'a/reasoning-visible')
  const message = body.choices[0]?.message ?? {}
  const [detail] = message.reasoning_details as Record<string, string>[]
  expect(detail).toMatchObject({
    type: 'reasoning.text',
    text: message.reasoning,
    format: 'anthropic-claude-v1',
    index: 0,
  })
  const streamed = await stream(OPENROUTER, 'a/reasoning-visible')
  expect(sum(streamed.json, 'reasoning')).toBe(message.reasoning)
  const hidden = await whole(OPENROUTER, 'a/reasoning')
  expect(hidden.body.choices[0]?.message.reasoning_details).toMatchObject([{ type: 'reasoning.encrypted' }])
  await whole(OPENROUTER, 'a/echo', { messages: [...chat('x').messages, message, { role: 'user', content: 'And?' }] })
  const sent = JSON.parse(turnpike.simulator.requests.at(-1)?.body ?? '')
  expect(sent.messages[1].content[0]).toEqual({
    type: 'thinking',
    thinking: message.reasoning,
    signature: detail?.signature,
  })
})

test('a web search that a plugin asks for is made, cited and counted', async () => {
  for (const send of [whole, stream]) {
    const before = await records()
    const answered = await send(OPENROUTER, 'a/sentences', { plugins: [{ id: 'web', max_uses: 3 }] })
    const heard: unknown[] =
      'body' in answered
        ? answered.body.choices.map(({ message }) => message)
        : answered.json.flatMap(({ choices }) => (choices as { delta: unknown }[]).map(({ delta }) => delta))
    const [annotation] = heard.flatMap((part) => (part as { annotations?: object[] }).annotations ?? [])
    expect(annotation).toMatchObject({ type: 'url_citation', url_citation: { url: 'https://example.com/weather' } })
    const [record] = await recordsSince(turnpike, before)
    expect(JSON.parse(record?.counts ?? '')).toMatchObject({ web_search: '1' })
    const { tools } = JSON.parse(turnpike.simulator.requests.at(-1)?.body ?? '')
    expect(tools).toEqual([{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }])
  }
})

test('JSON that only a tool can promise is the answer, and no call of a tool', async () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  const response_format = { type: 'json_schema', json_schema: { name: 'answer', schema } }
  const { body } = await whole(OPENAI, 'a/sentences', { response_format })
  const { message = {}, finish_reason } = body.choices[0] ?? {}
  expect(finish_reason).toBe('stop')
  expect(message).not.toHaveProperty('tool_calls')
  expect(Object.keys(JSON.parse(String(message.content)))).toEqual(['city'])
  const streamed = await stream(OPENAI, 'a/sentences', { response_format })
  expect(sum(streamed.json, 'content')).toBe(message.content)
})

describe('what the wire has no word for', () => {
  test('is refused by its name where the answer would be another one, and costs nothing', async () => {
    for (const [path, member, value] of [
      [OPENAI, 'n', 2],
      [OPENROUTER, 'logprobs', true],
    ] as const) {
      const before = await records()
      const sent = turnpike.simulator.requests.length
      const { status, body } = await whole(path, 'a/sentences', { [member]: value })
      expect(status).toBe(400)
      expect((body.error as { message: string }).message).toContain(member)
      if (path === OPENAI) expect(body.error).toMatchObject({ code: 'invalid_request', param: member })
      expect(turnpike.simulator.requests.length).toBe(sent)
      expect((await recordsSince(turnpike, before))[0]).toMatchObject({ status: 'error', charge_nanos: 0n })
    }
  })

  test('goes to the next endpoint, whose wire has a word for it', async () => {
    const { status, body, reply } = await whole(OPENROUTER, 'a/either', { n: 2, seed: 1 })
    expect([status, body.provider, body.choices.length]).toEqual([200, 'Plain', 2])
    expect(reply.headers.get('x-turnpike-ignored')).toBeNull()
  })

  test('is named in a header where it only advises', async () => {
    const advice = { seed: 1, logit_bias: { 50256: -100 }, frequency_penalty: 0, store: false }
    expect((await whole(OPENAI, 'a/sentences', advice)).reply.headers.get('x-turnpike-ignored')).toBe(
      'seed, logit_bias',
    )
    expect((await stream(OPENAI, 'a/sentences', advice)).reply.headers.get('x-turnpike-ignored')).toBe(
      'seed, logit_bias',
    )
    expect((await whole(OPENAI, 'a/sentences')).reply.headers.get('x-turnpike-ignored')).toBeNull()
  })
})

describe('failures before the first token are errors with a status, and cost nothing', () => {
  test.each([
    ['rate-limited', 429],
    ['overloaded', 503],
    ['unauthorized', 502],
    ['payment-required', 502],
    ['bad-request', 400],
    ['content-policy', 403],
    ['server-error', 502],
    ['html', 502],
    ['error-in-200', 502],
    ['bad-json', 502],
  ])('%s is %d', async (name, status) => {
    for (const send of [whole, stream]) {
      const before = await records()
      const { reply } = await send(OPENAI, `a/${name}`)
      expect(reply.status).toBe(status)
      expect(reply.headers.get('retry-after')).toBe(name === 'rate-limited' ? '2' : null)
      expect((await recordsSince(turnpike, before))[0]).toMatchObject({ status: 'error', charge_nanos: 0n })
    }
  })
})

describe('streams that break off', () => {
  test.each(['cut-stream', 'early-end', 'error-in-stream'])(
    '%s ends in one error event and is insured',
    async (name) => {
      const before = await records()
      const { json, data } = await stream(OPENROUTER, `a/${name}`)
      expect(json.at(-1)).toMatchObject({ error: { code: 502 } })
      expect(data).not.toContain('[DONE]')
      const [record] = await recordsSince(turnpike, before)
      expect(record).toMatchObject({ status: 'error', source: 'estimated', input_tokens: 14n, charge_nanos: 0n })
      // What it cost is recorded: the input that was reported, and what was delivered of the output.
      expect(record?.cost_nanos).toBe(14_000_000n + (record?.output_tokens ?? 0n) * 2_000_000n)
      expect(record?.output_tokens).toBeGreaterThan(0n)
    },
  )

  test('after its reason to stop, an answer is complete, whatever is missing', async () => {
    for (const [name, source] of [
      ['cut-before-usage', 'estimated'],
      ['no-done', 'reported'],
      ['no-usage', 'estimated'],
      ['usage-twice', 'reported'],
      ['usage-every-chunk', 'reported'],
      ['odd-framing', 'reported'],
    ] as const) {
      const before = await records()
      const { data, json } = await stream(OPENAI, `a/${name}`)
      expect(data.at(-1)).toBe('[DONE]')
      const [record] = await recordsSince(turnpike, before)
      expect([name, record?.status, record?.source, record?.input_tokens]).toEqual([name, 'ok', source, 14n])
      expect(usageIn(json)).toMatchObject({ completion_tokens: Number(record?.output_tokens) })
    }
  })

  test('an answer of nothing is paid where it stopped, and insured where it gave no reason', async () => {
    const before = await records()
    await stream(OPENAI, 'a/empty')
    await whole(OPENAI, 'a/empty')
    await whole(OPENAI, 'a/finish-error')
    const kept = await recordsSince(turnpike, before)
    expect(kept.map(({ charge_nanos }) => charge_nanos)).toEqual([14_000_000n, 14_000_000n, 0n])
  })
})

const event = (value: Record<string, unknown>): ScriptStep => ({
  raw: `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`,
})
const START = event({ type: 'message_start', message: { id: 'msg_1', usage: { input_tokens: 21, output_tokens: 1 } } })
const text = (said: string) =>
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: said } })

test('F1 a client that leaves ends the call upstream, and pays the reported input and what was delivered', async () => {
  const before = await records()
  const { aborted } = turnpike.simulator.stats()
  script = turnpike.simulator.script('script', [START, text(' one'), text(' two'), 'gate'])
  const controller = new AbortController()
  const body = chat('a/script', { ...LIMIT, stream: true })
  const reply = await turnpike.request(OPENAI, { body, signal: controller.signal })
  let seen = ''
  for await (const chunk of reply.body ?? []) {
    seen += new TextDecoder().decode(chunk as Uint8Array)
    if (seen.includes(' two')) break
  }
  controller.abort()
  await eventually(() => (turnpike.simulator.stats().aborted > aborted ? true : undefined))
  await eventually(async () => ((await records()) > before ? true : undefined))
  const [record] = await recordsSince(turnpike, before)
  expect(record).toMatchObject({ status: 'cancelled', source: 'estimated', input_tokens: 21n, output_tokens: 2n })
  expect(record?.charge_nanos).toBe(25_000_000n)
})

test('what was thought is counted once where the stream is cut, though it is told twice', async () => {
  const opened = event({ type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } })
  const thinking = { type: 'thinking_delta', thinking: ' one two three' }
  const thought = event({ type: 'content_block_delta', index: 0, delta: thinking })
  const before = await records()
  script = turnpike.simulator.script('script', [START, opened, thought, 'close'])
  await stream(OPENROUTER, 'a/script')
  const [record] = await recordsSince(turnpike, before)
  expect(record).toMatchObject({ source: 'estimated', input_tokens: 21n, output_tokens: 3n })
})

test('a stream that fails before it says anything goes to the next endpoint', async () => {
  const overloaded = event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
  const OPENINGS = [START, event({ type: 'ping' }), overloaded]
  script = turnpike.simulator.script('sentences', OPENINGS, { times: 1 })
  const { json, data } = await stream(OPENROUTER, 'a/either')
  expect(json.every(({ provider }) => provider === 'Plain')).toBe(true)
  expect(data.at(-1)).toBe('[DONE]')
})
