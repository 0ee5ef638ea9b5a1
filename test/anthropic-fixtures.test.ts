/**
 * Messages in the shapes that Anthropic documents, replayed byte for byte through the whole server: what is said, what is
 * counted and what it costs, whole, streamed, cut anywhere, and against the same tokens told in the words of chat.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ratio } from '../src/lib/ratio.ts'
import type { Script, ScriptStep } from '../src/simulator/script.ts'
import { chanceFrom, seedOfRun } from './chance.ts'
import { chat, eventsOf, type Kept, MOUNTS, OPENAI, OPENROUTER, recordsOf, recordsSince } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const lines = Object.entries({ input: 3, cache_read: 0.3, cache_write_5m: 3.75, cache_write_1h: 6, output: 15 })
  .map(([meter, price]) => `{ meter: ${meter}, price: "${price}", per: 1000000 }`)
  .concat('{ meter: web_search, price: "10", per: 1000 }')
const card = `rateCard: { lines: [${lines.join(', ')}] }`
const YAML = `
providers:
  claude: { type: simulator, preset: anthropic, name: Claude }
  plain: { type: simulator, preset: openai, name: Plain }
models:
  - { id: a/replay, contextLength: 200000, endpoints: [{ provider: claude, model: replay, ${card} }] }
  - { id: a/chat, contextLength: 200000, endpoints: [{ provider: plain, model: chat, ${card} }] }
limits: { retriesPerEndpoint: 0 }
`

type Expected = {
  readonly text: string
  readonly reasoning?: string
  readonly refusal?: string
  readonly finish: readonly [string, string]
  readonly tools?: readonly (readonly [string, object])[]
  readonly annotations?: readonly object[]
  readonly counts: Readonly<Record<string, number>>
  readonly costUsd: string
  /** The same tokens in the words of chat, where it has words for them. */
  readonly chat?: object
}

const folder = new URL('./fixtures/anthropic/', import.meta.url)
const bytesOf = (file: string) => readFileSync(new URL(file, folder))
const expectedOf = (name: string) => JSON.parse(bytesOf(`${name}.expected.json`).toString()) as Expected
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.expected.json'))
  .map((file) => file.slice(0, -'.expected.json'.length))

let turnpike: Turnpike
let script: Script | undefined
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterEach(() => script?.stop())
afterAll(() => turnpike.close())

type Delta = Record<string, unknown> & { tool_calls?: Call[]; annotations?: object[] }
type Call = { index: number; function: { name?: string; arguments: string } }
type Choice = { message: Delta; delta: Delta; finish_reason: string | null; native_finish_reason: string | null }

/** What a client puts together from the one form or the other. */
function heard(parts: readonly Delta[], choice: Choice | undefined) {
  const join = (member: string) => parts.map((part) => part[member] ?? '').join('')
  const calls = new Map<number, { name: string; text: string }>()
  for (const [at, call] of parts.flatMap(({ tool_calls = [] }) => [...tool_calls.entries()])) {
    const known = calls.get(call.index ?? at) ?? { name: '', text: '' }
    const name = known.name + (call.function.name ?? '')
    calls.set(call.index ?? at, { name, text: known.text + call.function.arguments })
  }
  return {
    text: join('content'),
    reasoning: join('reasoning'),
    refusal: join('refusal'),
    finish: [choice?.finish_reason, choice?.native_finish_reason],
    tools: [...calls.values()].map(({ name, text }) => [name, JSON.parse(text)]),
    annotations: parts.flatMap(({ annotations = [] }) => annotations),
  }
}

const wanted = ({ text, reasoning = '', refusal = '', finish, tools = [], annotations = [] }: Expected) => ({
  text,
  reasoning,
  refusal,
  finish: [...finish],
  tools,
  annotations,
})

const JSON_HEADERS = { 'content-type': 'application/json' }

async function replay(path: string, steps: readonly ScriptStep[], stream: boolean, model = 'replay') {
  const before = (await recordsOf(turnpike)).length
  script = turnpike.simulator.script(model, steps, stream ? {} : { headers: JSON_HEADERS })
  const body = chat(`a/${model}`, { max_tokens: 4000, stream, usage: { include: true } })
  const reply = await turnpike.request(path, { body })
  const text = await reply.text()
  script.stop()
  const [record, ...others] = await recordsSince(turnpike, before)
  expect(others).toEqual([])
  if (!record) throw new Error('a call leaves a record')
  return { status: reply.status, text, record }
}

const countsOf = ({ counts }: Kept): unknown =>
  Object.fromEntries(
    Object.entries(JSON.parse(counts) as Record<string, string>).map(([meter, n]) => [meter, Number(n)]),
  )

const nanosOf = (usd: string): bigint => (ratio(usd).n * 1_000_000_000n) / ratio(usd).d

describe.each(names)('%s', (name) => {
  const expected = expectedOf(name)

  test.each(MOUNTS)('whole, on %s', async (path) => {
    const { text, record } = await replay(path, [{ raw: bytesOf(`${name}.json`) }], false)
    const body = JSON.parse(text) as { choices: Choice[]; usage: { cost: number } }
    const [choice] = body.choices
    expect(heard(choice ? [choice.message] : [], choice)).toEqual(wanted(expected))
    expect(countsOf(record)).toEqual(expected.counts)
    expect(record).toMatchObject({ status: 'ok', source: 'reported', charge_nanos: nanosOf(expected.costUsd) })
    expect(body.usage.cost).toBe(Number(expected.costUsd))
  })

  test.each(MOUNTS)('streamed, in pieces of any size, on %s', async (path) => {
    const bytes = bytesOf(`${name}.chunks.txt`)
    for (const size of [7, 1 << 20]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => ({
        raw: bytes.subarray(at * size, (at + 1) * size),
      }))
      const { text, record } = await replay(path, pieces, true)
      const { json, data } = eventsOf(text)
      expect(data.at(-1)).toBe('[DONE]')
      const choices = json.flatMap((event) => event.choices as Choice[])
      const parts = choices.filter((_, at) => json[at]?.usage === undefined).map(({ delta }) => delta)
      expect(
        heard(
          parts,
          choices.findLast(({ finish_reason }) => finish_reason !== null),
        ),
      ).toMatchObject(path === OPENROUTER ? wanted(expected) : { ...wanted(expected) })
      expect(countsOf(record)).toEqual(expected.counts)
      expect(record).toMatchObject({ status: 'ok', source: 'reported', charge_nanos: nanosOf(expected.costUsd) })
      expect(json.at(-1)?.usage).toMatchObject({ cost: Number(expected.costUsd) })
    }
  })

  if (expected.chat)
    test('costs what the same tokens cost by chat', async () => {
      const message = { role: 'assistant', content: expected.text }
      const completion = { id: 'x', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] }
      const raw = JSON.stringify({ ...completion, usage: expected.chat })
      const { record } = await replay(OPENAI, [{ raw }], false, 'chat')
      expect(record.charge_nanos).toBe(nanosOf(expected.costUsd))
    })

  test('cut anywhere it is settled once, as far as it came', async () => {
    const seed = seedOfRun()
    const chance = chanceFrom(seed)
    const bytes = bytesOf(`${name}.chunks.txt`)
    for (let round = 0; round < 6; round++) {
      const at = 1 + chance.below(bytes.length - 1)
      const about = `FC_SEED=${seed}, cut at byte ${at}`
      const { status, text, record } = await replay(OPENROUTER, [{ raw: bytes.subarray(0, at) }, 'close'], true)
      const sent = bytes.subarray(0, at).toString()
      const { json, data } = status === 200 ? eventsOf(text) : { json: [], data: [] }
      const isFinished = /"stop_reason":"[^\n]*\n\n/.test(sent)
      expect(data.at(-1) === '[DONE]', about).toBe(isFinished)
      const said = json.flatMap((event) => (event.choices as Choice[]).map(({ delta }) => delta.content ?? '')).join('')
      expect(expected.text.startsWith(said), about).toBe(true)
      if (isFinished) expect(record.charge_nanos, about).toBe(nanosOf(expected.costUsd))
      else {
        expect(record, about).toMatchObject({ status: 'error', charge_nanos: 0n })
        expect(record.cost_nanos ?? 0n, about).toBeLessThanOrEqual(nanosOf(expected.costUsd))
      }
    }
  })
})

test('an error is one, whole or in mid-stream, and nobody pays for it', async () => {
  const whole = await replay(OPENAI, [{ raw: bytesOf('error.json') }], false)
  expect(whole).toMatchObject({ status: 503, record: { status: 'error', charge_nanos: 0n } })
  expect(JSON.parse(whole.text).error).toMatchObject({ code: 'provider_overloaded' })
  const streamed = await replay(OPENAI, [{ raw: bytesOf('error.chunks.txt') }], true)
  const { json } = eventsOf(streamed.text)
  expect(json.at(-1)).toMatchObject({ error: { code: 'provider_error' }, choices: [{ finish_reason: 'error' }] })
  expect(streamed.record).toMatchObject({ status: 'error', source: 'estimated', input_tokens: 25n, charge_nanos: 0n })
})
