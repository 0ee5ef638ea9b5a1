/** Recorded replies of Gemini, whole and as streams cut into pieces anywhere: what is told, counted and charged. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { roundToNanos } from '../src/lib/money.ts'
import { ratio } from '../src/lib/ratio.ts'
import type { ScriptStep } from '../src/simulator/script.ts'
import type { Simulator } from '../src/simulator/simulator.ts'
import { chanceFrom, seedOfRun } from './chance.ts'
import { chat, eventsOf, OPENROUTER, recordsOf, recordsSince } from './gateway-kit.ts'
import { startUpstream } from './gemini-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const FOLDER = new URL('./fixtures/gemini/', import.meta.url)
const files = readdirSync(FOLDER).sort()
const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8')
const namesOf = (ending: string) =>
  files.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length))

type Expected = {
  readonly content: string | null
  readonly reasoning?: string
  readonly tools?: readonly { readonly name: string; readonly arguments: string }[]
  readonly signatures?: readonly string[]
  readonly images?: readonly string[]
  /** Address, and where in the text it is cited. */
  readonly citations?: readonly (readonly [string, number, number])[]
  readonly finish: string
  readonly native: string
  /** By meter. */
  readonly usage: Readonly<Record<string, number>>
  readonly costUsd: string
}

const LINES = {
  ...{ input: '0.3', input_audio: '1', cache_read: '0.03', cache_read_audio: '0.1' },
  ...{ output: '2.5', output_reasoning: '2.5', output_image: '30' },
}
const lines = Object.entries(LINES).map(([meter, price]) => `{ meter: ${meter}, price: "${price}", per: 1000000 }`)
const model = (id: string, provider: string, upstream: string) =>
  `  - { id: ${id}, contextLength: 20000, maxOutputTokens: 4000, endpoints: [{ provider: ${provider}, model: ${upstream}, rateCard: { lines: [${lines.join(', ')}, { meter: web_search, price: "35", per: 1000 }] } }] }`

let upstream: Simulator
let turnpike: Turnpike
beforeAll(async () => {
  upstream = await startUpstream()
  turnpike = await startTurnpike({
    yaml: `
providers:
  wire: { type: gemini, name: Google, baseUrl: "http://127.0.0.1:${upstream.port}" }
  openai: { baseUrl: "${upstream.url}" }
limits: { retriesPerEndpoint: 0 }
routing: { circuitFailures: 0 }
models:
${model('acme/replayed', 'wire', 'gemini-2.5-flash')}
${model('acme/by-chat', 'openai', 'by-chat')}
`,
  })
})
afterAll(async () => {
  await turnpike.close()
  await upstream.close()
})

const WHOLE = { 'content-type': 'application/json; charset=UTF-8', 'x-gemini-service-tier': 'standard' }
const STREAM = { 'content-type': 'text/event-stream' }

type Call = { readonly extra?: object; readonly model?: string }

async function replay(
  steps: readonly ScriptStep[],
  headers: Record<string, string>,
  status: number,
  options: Call = {},
) {
  const name = options.model ?? 'replayed'
  const script = upstream.script(name === 'replayed' ? 'gemini-2.5-flash' : name, steps, { times: 1, headers, status })
  const before = (await recordsOf(turnpike)).length
  const reply = await turnpike.request(OPENROUTER, {
    body: chat(`acme/${name}`, { max_tokens: 3_000, ...options.extra }),
  })
  const text = await reply.text()
  script.stop()
  const [record] = await recordsSince(turnpike, before)
  if (!record) throw new Error('a call leaves a record')
  return { status: reply.status, headers: reply.headers, text, record }
}

const asked = ({ citations, images }: Expected) => ({
  ...(citations ? { web_search_options: {} } : {}),
  ...(images ? { modalities: ['text', 'image'] } : {}),
})
const wholeOf = (name: string, expected: Expected) =>
  replay([{ raw: read(`${name}.json`) }], WHOLE, 200, { extra: asked(expected) })

/** In pieces of any length, in the middle of a character too. */
function streamOf(name: string, expected: Expected, seed: number) {
  const chance = chanceFrom(seed)
  const bytes = readFileSync(new URL(`${name}.chunks.txt`, FOLDER))
  const steps: ScriptStep[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + chance.below(chance.below(2) === 0 ? 8 : 400)
    steps.push({ raw: bytes.subarray(at, end) })
    at = end
  }
  return replay(steps, STREAM, 200, { extra: { stream: true, ...asked(expected) } })
}

type Message = {
  content: string | null
  reasoning?: string
  reasoning_details?: { type: string; data?: string; id?: string }[]
  tool_calls?: { id: string; function: object }[]
  images?: { image_url: { url: string } }[]
  annotations?: { url_citation: { url: string; start_index: number; end_index: number } }[]
}
type Told = { message: Message; finish: unknown; native: unknown; usage: { cost: number } | undefined }

function toldWhole(text: string): Told {
  const { choices, usage } = JSON.parse(text)
  const [{ message, finish_reason: finish, native_finish_reason: native }] = choices
  return { message, finish, native, usage }
}

function toldInPieces(text: string): Told {
  const message: Record<string, unknown> = {}
  let [finish, native, usage]: unknown[] = []
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  for (const event of eventsOf(text).json) {
    usage = event.usage ?? usage
    for (const choice of event.choices as {
      delta: Record<string, unknown>
      finish_reason: unknown
      native_finish_reason: unknown
    }[]) {
      for (const [key, value] of Object.entries(choice.delta)) {
        const before = message[key]
        message[key] = Array.isArray(value)
          ? [...((before as unknown[]) ?? []), ...value]
          : key === 'role'
            ? value
            : `${before ?? ''}${value}`
      }
      finish = choice.finish_reason ?? finish
      native = choice.native_finish_reason ?? native
    }
  }
  return { message: message as unknown as Message, finish, native, usage: usage as Told['usage'] }
}

type Record_ = Awaited<ReturnType<typeof replay>>['record']

function expectTold({ message, finish, native, usage }: Told, record: Record_, expected: Expected): void {
  expect(message.content || null).toBe(expected.content || null)
  expect(message.reasoning).toBe(expected.reasoning)
  expect(message.tool_calls?.map((call) => call.function)).toEqual(expected.tools)
  expect(new Set(message.tool_calls?.map(({ id }) => id)).size).toBe(expected.tools?.length ?? 0)
  expect(message.images?.map(({ image_url }) => image_url.url)).toEqual(expected.images)
  expect(
    message.annotations?.map(({ url_citation: { url, start_index, end_index } }) => [url, start_index, end_index]),
  ).toEqual(expected.citations)
  const signed = message.reasoning_details?.filter(({ type, id }) => type === 'reasoning.encrypted' && id !== undefined)
  if (expected.signatures) {
    expect(signed?.map(({ data }) => data)).toEqual(expected.signatures)
    expect(signed?.[0]?.id).toBe(message.tool_calls?.[0]?.id)
  }
  expect({ finish, native }).toEqual({ finish: expected.finish, native: expected.native })
  const counts = Object.fromEntries(Object.entries(expected.usage).map(([meter, count]) => [meter, String(count)]))
  expect(JSON.parse(record.counts)).toEqual(counts)
  expect(record).toMatchObject({ status: 'ok', source: 'reported', flags: [] })
  expect(record.facts.finishReason).toBe(expected.finish)
  expect(record.charge_nanos).toBe(nanosOf(expected.costUsd))
  expect(String(usage?.cost)).toBe(String(Number(expected.costUsd)))
}

const nanosOf = (usd: string): bigint => roundToNanos(ratio(usd))

const seed = seedOfRun()

describe('a recorded reply', () => {
  for (const name of namesOf('.expected.json')) {
    const expected = JSON.parse(read(`${name}.expected.json`)) as Expected
    if (files.includes(`${name}.json`))
      test(`${name}, whole`, async () => {
        const { text, record } = await wholeOf(name, expected)
        expectTold(toldWhole(text), record, expected)
        expect(record.facts).toMatchObject({ upstreamId: 'dGhpcy1pcy1hbi1pZA', serviceTier: 'default' })
      })

    test(`${name}, streamed in pieces (FC_SEED=${seed})`, async () => {
      for (let round = 0; round < 4; round++) {
        const { text, record } = await streamOf(name, expected, seed + round)
        expectTold(toldInPieces(text), record, expected)
      }
    })

    // Searches are told on no chat wire by OpenAI's words, nor is cached sound.
    if (!expected.usage.web_search && !expected.usage.cache_read_audio)
      test(`${name} costs what the same tokens cost by chat`, async () => {
        const { record } = await replay([{ raw: JSON.stringify(byChat(expected)) }], WHOLE, 200, { model: 'by-chat' })
        expect(JSON.parse(record.counts)).toEqual(
          Object.fromEntries(Object.entries(expected.usage).map(([meter, count]) => [meter, String(count)])),
        )
        expect(record.charge_nanos).toBe(nanosOf(expected.costUsd))
      })
  }
})

/** The same counts in OpenAI's words. */
function byChat({ usage: counts, content }: Expected) {
  const of = (...meters: string[]) => meters.reduce((sum, meter) => sum + (counts[meter] ?? 0), 0)
  const prompt = of('input', 'input_audio', 'cache_read')
  const completion = of('output', 'output_reasoning', 'output_image')
  return {
    id: 'x',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: {
        cached_tokens: of('cache_read'),
        audio_tokens: of('input_audio'),
      },
      completion_tokens_details: { reasoning_tokens: of('output_reasoning'), image_tokens: of('output_image') },
    },
  }
}

describe('a recorded error', () => {
  const cases = [
    ['quota', 429, 429, /Rate limit/],
    ['quota-list', 429, 429, /Rate limit/],
    ['bad-key', 400, 502, /Provider returned error/],
    ['place', 400, 502, /Provider returned error/],
    ['too-long', 400, 400, /exceeds the maximum number of tokens/],
    ['overloaded', 503, 503, /unavailable/],
  ] as const
  test('each is tried', () => {
    expect(new Set(namesOf('.error.json'))).toEqual(new Set(cases.map(([name]) => name)))
  })
  for (const [name, upstreamStatus, status, message] of cases)
    test(name, async () => {
      for (const stream of [false, true])
        for (const sent of [upstreamStatus, 200]) {
          const reply = await replay([{ raw: read(`${name}.error.json`) }], WHOLE, sent, { extra: { stream } })
          expect(reply.status).toBe(status)
          expect(JSON.parse(reply.text).error.message).toMatch(message)
          if (status === 429) expect(reply.headers.get('retry-after-ms')).toBe('34075')
          expect(reply.record).toMatchObject({ status: 'error', charge_nanos: 0n, cost_nanos: 0n })
        }
    })

  test('midway', async () => {
    const steps: ScriptStep[] = [{ raw: read('midway.error-chunks.txt') }]
    const { text, record } = await replay(steps, STREAM, 200, { extra: { stream: true } })
    expect(eventsOf(text).json.at(-1)).toMatchObject({ error: { code: 502 }, usage: { cost: 0, completion_tokens: 2 } })
    expect(text).not.toContain('[DONE]')
    expect(record).toMatchObject({ status: 'error', source: 'reported', charge_nanos: 0n, output_tokens: 2n })
  })
})

test('a stream that was sent as a list, without events, is a stream all the same', async () => {
  const expected = JSON.parse(read('tools.expected.json')) as Expected
  const list = read('tools.chunks.txt')
    .trim()
    .split(/\r\n\r\n/)
    .map((event) => event.replace('data: ', ''))
  const { text, record } = await replay([{ raw: `[${list.join(',\n')}]` }], WHOLE, 200, { extra: { stream: true } })
  expectTold(toldInPieces(text), record, expected)
})

test('the tier that was served is the one that is told and kept', async () => {
  const body = JSON.parse(read('plain.json'))
  for (const [headers, told, tier] of [
    [{ 'x-gemini-service-tier': 'priority' }, {}, 'priority'],
    [{}, { serviceTier: 'SERVICE_TIER_FLEX' }, 'flex'],
    [{}, { trafficType: 'ON_DEMAND_PRIORITY' }, 'priority'],
    [{}, { trafficType: 'ON_DEMAND' }, 'default'],
    [{}, {}, null],
  ] as const) {
    const raw = JSON.stringify({ ...body, usageMetadata: { ...body.usageMetadata, ...told } })
    const { text, record } = await replay([{ raw }], { 'content-type': 'application/json', ...headers }, 200)
    expect(JSON.parse(text).service_tier).toBe(tier)
    expect(record.facts.serviceTier).toBe(tier)
  }
})

test('a reply cut at any byte is told as a failure, and never as an answer', async () => {
  const expected = JSON.parse(read('plain.expected.json')) as Expected
  const bytes = readFileSync(new URL('plain.chunks.txt', FOLDER))
  const chance = chanceFrom(seed)
  const finish = bytes.indexOf('"finishReason"')
  for (let round = 0; round < 12; round++) {
    const steps: ScriptStep[] = [{ raw: bytes.subarray(0, chance.below(finish)) }, 'close']
    const { status, text, record } = await replay(steps, STREAM, 200, { extra: { stream: true } })
    expect(text).not.toContain('[DONE]')
    expect(text).toContain('"error"')
    expect([200, 502]).toContain(status)
    expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
  }
  expect(expected.finish).toBe('stop')
})

describe('what nobody would send', () => {
  const junk = [
    ...['null', '[]', '{}', '7', '"x"', '{"candidates":null}', '{"candidates":{}}', '{"candidates":[7,null]}', ''],
    '{"candidates":[{"content":7,"finishReason":9,"index":-1}]}',
    '{"candidates":[{"content":{"parts":[null,7,{"text":7},{"functionCall":{}},{"functionCall":7},{"inlineData":7}]}}]}',
    '{"candidates":[{"content":{"parts":{"text":"x"}},"groundingMetadata":{"groundingChunks":7,"groundingSupports":[{"groundingChunkIndices":["x",9,-1]}]},"finishReason":"STOP"}]}',
    '{"candidates":[{"index":1e9,"logprobsResult":{"chosenCandidates":[{}]},"finishReason":"NEW_WORD"}],"usageMetadata":[]}',
    '{"promptFeedback":{"blockReason":7}}',
    '{"error":7}',
    '{"error":{"code":"x","details":[7,{"retryDelay":"forever"}]}}',
    '{"__proto__":{"x":1},"candidates":[{"content":{"parts":[{"functionCall":{"name":"__proto__","args":{"__proto__":1}}}]},"finishReason":"STOP"}]}',
    '{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":-1,"candidatesTokenCount":1e400,"totalTokenCount":"x"}}',
  ]
  for (const raw of junk)
    test(raw.slice(0, 100) || '(nothing)', async () => {
      for (const stream of [false, true])
        for (const body of stream ? [raw, `data: ${raw}\n\n`] : [raw]) {
          const headers = body === raw ? WHOLE : STREAM
          const { status, record } = await replay([{ raw: body }], headers, 200, { extra: { stream } })
          expect([200, 502]).toContain(status)
          expect(record.charge_nanos).toBeGreaterThanOrEqual(0n)
        }
    })
})
