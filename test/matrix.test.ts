/**
 * Every wire upstream, through every API, streamed and not, in every way an answer can be billed or broken off: the parts
 * sum to the total, nothing is negative, the reply tells what the ledger holds, and no road is dearer than another.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsOf, eventually, expectSettled, type Kept, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const UPSTREAMS = { openai: 'openai', anthropic: 'anthropic', gemini: 'google' } as const
type Upstream = keyof typeof UPSTREAMS
const APIS = ['chat', 'messages', 'responses'] as const
type Api = (typeof APIS)[number]
const KINDS = {
  plain: 'sentences',
  'cached read': 'cache-hit',
  'cache write': 'cache-write',
  'cache write of an hour': 'cache-write-hour',
  reasoning: 'reasoning-visible',
  image: 'sentences',
  tools: 'tool-call',
  'cut by upstream': 'cut-stream',
} as const
type Kind = keyof typeof KINDS

const PRICES =
  '{ input: "3", cache_read: "0.3", cache_write: "3.75", cache_write_1h: "6", input_image: "3", output: "15", output_reasoning: "15" }'
const models = (Object.keys(UPSTREAMS) as Upstream[]).flatMap((upstream) =>
  [...new Set([...Object.values(KINDS), 'slow'])].map(
    (behaviour) =>
      `  - { id: ${upstream}/${behaviour}, endpoints: [{ provider: p-${upstream}, model: ${behaviour}, prices: ${PRICES} }] }`,
  ),
)
const YAML = `providers:
${Object.entries(UPSTREAMS)
  .map(([upstream, preset]) => `  p-${upstream}: { type: simulator, preset: ${preset} }`)
  .join('\n')}
models:
${models.join('\n')}`

const QUESTION = 'What is the capital of France, and how many people live there?'
/** One pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const SCHEMA = { type: 'object', properties: { city: { type: 'string', enum: ['Oslo'] } }, required: ['city'] }

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

const PATHS = { chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses' } as const

/** The same request in the words of each API. */
function bodyOf(api: Api, model: string, kind: Kind, stream: boolean): object {
  const image = kind === 'image'
  const tools = kind === 'tools'
  const shared = { model, stream, usage: { include: true } }
  if (api === 'chat') {
    const url = { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }
    const content = image ? [{ type: 'text', text: QUESTION }, url] : QUESTION
    const call = { type: 'function', function: { name: 'weather', parameters: SCHEMA } }
    return { ...shared, max_tokens: 300, messages: [{ role: 'user', content }], ...(tools ? { tools: [call] } : {}) }
  }
  if (api === 'messages') {
    const source = { type: 'base64', media_type: 'image/png', data: PIXEL }
    const content = image
      ? [
          { type: 'text', text: QUESTION },
          { type: 'image', source },
        ]
      : QUESTION
    const call = { name: 'weather', input_schema: SCHEMA }
    return { ...shared, max_tokens: 300, messages: [{ role: 'user', content }], ...(tools ? { tools: [call] } : {}) }
  }
  const part = { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}` }
  const input = image ? [{ role: 'user', content: [{ type: 'input_text', text: QUESTION }, part] }] : QUESTION
  const call = { type: 'function', name: 'weather', parameters: SCHEMA }
  return { ...shared, max_output_tokens: 300, input, ...(tools ? { tools: [call] } : {}) }
}

type Told = {
  readonly usage?: Record<string, unknown>
  readonly cost?: number
  readonly details?: Record<string, number>
}

/** What a reply says that it used and cost, wherever its API puts that. */
function toldBy(api: Api, body: Record<string, unknown>): Told {
  const holder = (api === 'responses' && 'response' in body ? body.response : body) as Record<string, unknown>
  const usage = holder.usage as Record<string, unknown> | undefined
  const details = api === 'messages' ? undefined : (holder.cost_details as Record<string, number> | undefined)
  const cost = (api === 'messages' ? usage?.cost : holder.cost) as number | undefined
  return { ...(usage ? { usage } : {}), ...(cost === undefined ? {} : { cost }), ...(details ? { details } : {}) }
}

async function call(upstream: Upstream, api: Api, kind: Kind, stream: boolean) {
  const before = (await recordsOf(turnpike)).length
  const model = `${upstream}/${KINDS[kind]}`
  const reply = await turnpike.request(PATHS[api], { body: bodyOf(api, model, kind, stream) })
  const text = await reply.text()
  const bodies = stream ? eventsOf(text).json : [JSON.parse(text) as Record<string, unknown>]
  const told = bodies.findLast((body) => toldBy(api, body).usage !== undefined)
  const records = await recordsOf(turnpike)
  expect(records.length, text.slice(0, 300)).toBe(before + 1)
  return { status: reply.status, record: records.at(-1) as Kept, told: told ? toldBy(api, told) : {} }
}

const nanosOf = (cost: number): bigint => BigInt(Math.round(cost * 1e12)) / 1000n

/** Each count of the record is a part of its whole, and its lines sum to its charge. */
function expectSound(record: Kept): void {
  const counts = Object.values(JSON.parse(record.counts) as Record<string, string>).map(Number)
  expect(counts.every((count) => count >= 0)).toBe(true)
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(Number(record.input_tokens + record.output_tokens))
  expect(record.cached_tokens + record.cache_write_tokens).toBeLessThanOrEqual(record.input_tokens)
  expect(record.reasoning_tokens).toBeLessThanOrEqual(record.output_tokens)
  expect(record.charge_nanos).not.toBeNull()
  expect(record.charge_nanos ?? -1n).toBeGreaterThanOrEqual(0n)
}

function expectTold({ usage, cost, details }: Told, record: Kept): void {
  expect(usage, 'the reply tells its usage').toBeDefined()
  const input = Number(usage?.prompt_tokens ?? usage?.input_tokens)
  const cached = 'cache_read_input_tokens' in (usage ?? {})
  const wholeInput = cached
    ? input + Number(usage?.cache_read_input_tokens) + Number(usage?.cache_creation_input_tokens)
    : input
  expect(wholeInput).toBe(Number(record.input_tokens))
  expect(Number(usage?.completion_tokens ?? usage?.output_tokens)).toBe(Number(record.output_tokens))
  expect(cost).toBe(Number(record.charge_exact))
  expect(nanosOf(cost ?? -1) - (record.charge_nanos ?? 0n)).toBeLessThanOrEqual(1n)
  if (details) {
    expect(Object.values(details).every((part) => part >= 0)).toBe(true)
    expect(Object.values(details).reduce((sum, part) => sum + part, 0)).toBeCloseTo(cost ?? -1, 12)
  }
}

for (const upstream of Object.keys(UPSTREAMS) as Upstream[])
  describe(`upstream of ${upstream}'s wire`, () => {
    for (const kind of Object.keys(KINDS) as Kind[])
      test(`${kind}: the same by every API, whole and streamed`, async () => {
        const roads = APIS.flatMap((api) => [false, true].map((stream) => ({ api, stream })))
        const billed = new Set<string>()
        for (const { api, stream } of roads) {
          const { status, record, told } = await call(upstream, api, kind, stream)
          expectSound(record)
          if (kind === 'cut by upstream') {
            expect(status).toBe(stream ? 200 : 502)
            expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
            continue
          }
          expect(record).toMatchObject({ status: 'ok', source: 'reported' })
          expectTold(told, record)
          // The prompt is worded in other JSON by each API, which is all that may differ: tools are written in it.
          const { output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens } = record
          const parts = [record.input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens]
          billed.add(`${parts.join('/')} = ${record.charge_exact}`)
        }
        if (kind !== 'cut by upstream') expect([...billed]).toHaveLength(1)
        if (kind === 'cached read') expect([...billed][0]).not.toMatch(/^\d+\/0\//)
        await expectSettled(turnpike)
      })

    test('cut by the client: what was delivered is charged once, by every API', async () => {
      for (const api of APIS) {
        const before = (await recordsOf(turnpike)).length
        const leaving = new AbortController()
        const body = bodyOf(api, `${upstream}/slow`, 'plain', true)
        const reply = await turnpike.request(PATHS[api], { body, signal: leaving.signal })
        const reader = (reply.body as ReadableStream<Uint8Array>).getReader()
        let text = ''
        while (!/"(content|text|delta)":\s*"[^"]/.test(text)) {
          const { value, done } = await reader.read()
          if (done) break
          text += Buffer.from(value).toString()
        }
        leaving.abort()
        const record = await eventually(async () => (await recordsOf(turnpike))[before])
        expect(record).toMatchObject({ status: 'cancelled' })
        expectSound(record)
        expect(record.charge_nanos ?? 0n).toBeGreaterThan(0n)
      }
      await expectSettled(turnpike)
    })
  })
