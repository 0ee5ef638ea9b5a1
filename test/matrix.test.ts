/**
 * Every wire upstream, through every API on both mounts, streamed and not, in every way an answer can be billed or broken
 * off: the kind really happened, the parts sum to the total, nothing is negative, reply, ledger and generation tell one
 * cost, and the same tokens cost the same by every road.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsOf, eventually, expectSettled, type Kept, recordsOf } from './gateway-kit.ts'
import { APIS, type Api, bodyOf, MOUNTS, type Mount, PATHS, PIXEL, SIGNS, type Told, toldBy } from './matrix-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const UPSTREAMS = { openai: 'openai', anthropic: 'anthropic', gemini: 'google' } as const
type Upstream = keyof typeof UPSTREAMS
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
/** The same in nano-dollars a token, which are whole numbers: what a call must come to, reckoned apart from the gateway. */
const NANOS = { input: 3_000n, read: 300n, write: 3_750n, hour: 6_000n, output: 15_000n }
const models = (Object.keys(UPSTREAMS) as Upstream[]).flatMap((upstream) =>
  [...new Set([...Object.values(KINDS), 'slow-20'])].map(
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

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

type Road = { readonly mount: Mount; readonly api: Api; readonly stream: boolean }
const ROADS: readonly Road[] = MOUNTS.flatMap((mount) =>
  APIS.flatMap((api) => [false, true].map((stream) => ({ mount, api, stream }))),
)

async function call(upstream: Upstream, kind: Kind, { mount, api, stream }: Road) {
  const before = (await recordsOf(turnpike)).length
  const asked = { model: `${upstream}/${KINDS[kind]}`, stream, [kind]: true }
  const reply = await turnpike.request(`${mount}${PATHS[api]}`, { body: bodyOf(api, asked) })
  const text = await reply.text()
  const bodies = stream ? eventsOf(text).json : [JSON.parse(text) as Record<string, unknown>]
  const told = bodies.flatMap((body) => toldBy(api, mount, body) ?? []).at(-1)
  const records = await recordsOf(turnpike)
  expect(records.length, text.slice(0, 300)).toBe(before + 1)
  const sent = turnpike.simulator.requests.at(-1)?.body ?? ''
  const id = reply.headers.get('x-generation-id') ?? ''
  return { status: reply.status, text, sent, id, told, record: records.at(-1) as Kept }
}

/** What was billed, by kind of token; none of them is in two. */
function tokensOf(record: Kept) {
  const counts = JSON.parse(record.counts) as Record<string, string>
  const hour = BigInt(counts.cache_write_1h ?? 0)
  return {
    input: record.input_tokens - record.cached_tokens - record.cache_write_tokens,
    read: record.cached_tokens,
    write: record.cache_write_tokens - hour,
    hour,
    output: record.output_tokens,
  }
}

/** Each count of the record is a part of its whole, and the charge is the price of the tokens. */
function expectSound(record: Kept): void {
  const counts = Object.values(JSON.parse(record.counts) as Record<string, string>).map(BigInt)
  expect(counts.every((count) => count >= 0n)).toBe(true)
  expect(counts.reduce((sum, count) => sum + count, 0n)).toBe(record.input_tokens + record.output_tokens)
  expect(record.reasoning_tokens).toBeLessThanOrEqual(record.output_tokens)
  const tokens = tokensOf(record)
  expect(Object.values(tokens).every((count) => count >= 0n)).toBe(true)
  if (record.status === 'error') return
  const price = Object.entries(tokens).reduce(
    (sum, [kind, count]) => sum + count * NANOS[kind as keyof typeof NANOS],
    0n,
  )
  expect(record.charge_nanos).toBe(price)
}

/** Reply, ledger and generation say the same, to the last digit. */
async function expectOneCost(told: Told | undefined, record: Kept, id: string): Promise<void> {
  expect(told, 'the reply tells its usage').toBeDefined()
  const { input = -1, output = -1, cost = -1, parts = [] } = told ?? {}
  expect([input, output]).toEqual([Number(record.input_tokens), Number(record.output_tokens)])
  expect(cost).toBe(Number(record.charge_exact))
  expect(BigInt(Math.round(cost * 1e9))).toBe(record.charge_nanos)
  expect(parts.every((part) => part >= 0)).toBe(true)
  expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(cost, 12)
  const reply = await turnpike.request(`/api/v1/generation?id=${id}`)
  const { data } = (await reply.json()) as { data: Record<string, unknown> }
  expect(data).toMatchObject({
    id,
    total_cost: cost,
    usage: cost,
    native_tokens_prompt: input,
    native_tokens_completion: output,
    native_tokens_cached: Number(record.cached_tokens),
    native_tokens_reasoning: Number(record.reasoning_tokens),
  })
}

/** Google tells no writes to its cache, and OpenAI's wire not for how long they are. */
function expectHappened(
  upstream: Upstream,
  kind: Kind,
  api: Api,
  { record, text, sent }: Awaited<ReturnType<typeof call>>,
) {
  const { read, write, hour } = tokensOf(record)
  const writes = upstream !== 'gemini'
  const tellsHours = upstream === 'anthropic'
  if (kind === 'cached read') expect(read).toBeGreaterThan(0n)
  else expect(read).toBe(0n)
  expect(hour > 0n).toBe(kind === 'cache write of an hour' && tellsHours)
  expect(write > 0n).toBe(writes && (kind === 'cache write' || (kind === 'cache write of an hour' && !tellsHours)))
  expect(record.reasoning_tokens > 0n).toBe(kind === 'reasoning')
  // Google's signature of a call is kept in an item of thought.
  if (kind !== 'tools') expect(SIGNS[api].thought.test(text)).toBe(kind === 'reasoning')
  expect(SIGNS[api].called.test(text)).toBe(kind === 'tools')
  if (kind === 'tools') expect(text.replaceAll('\\', '')).toContain('Oslo')
  expect(sent.includes(PIXEL)).toBe(kind === 'image')
}

/** By kind, what was billed by each upstream. */
const billedBy = new Map<Kind, Set<string>>()

for (const upstream of Object.keys(UPSTREAMS) as Upstream[])
  describe(`upstream of ${upstream}'s wire`, () => {
    for (const kind of Object.keys(KINDS) as Kind[])
      test(`${kind}: the same by every API on both mounts, whole and streamed`, async () => {
        const billed = new Set<string>()
        for (const road of ROADS) {
          const answer = await call(upstream, kind, road)
          const { status, record, told, id } = answer
          expectSound(record)
          if (kind === 'cut by upstream') {
            expect(status).toBe(road.stream ? 200 : 502)
            expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
            continue
          }
          expect(record).toMatchObject({ status: 'ok', source: 'reported' })
          expectHappened(upstream, kind, road.api, answer)
          await expectOneCost(told, record, id)
          const tokens = Object.values(tokensOf(record)).join('/')
          billed.add(`${tokens} (${record.reasoning_tokens}) = ${record.charge_exact}`)
        }
        if (kind !== 'cut by upstream') expect([...billed]).toHaveLength(1)
        billedBy.set(kind, new Set([...(billedBy.get(kind) ?? []), ...billed]))
        await expectSettled(turnpike)
      })

    test('cut by the client: of a stream what was delivered is charged once, by every API', async () => {
      for (const { mount, api } of ROADS.filter(({ stream }) => stream)) {
        const before = (await recordsOf(turnpike)).length
        const leaving = new AbortController()
        const body = bodyOf(api, { model: `${upstream}/slow-20`, stream: true })
        const reply = await turnpike.request(`${mount}${PATHS[api]}`, { body, signal: leaving.signal })
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

    test('cut by the client: what does not stream runs to its end and is charged in full, by every API', async () => {
      const charges = new Set<string>()
      for (const { mount, api } of ROADS.filter(({ stream }) => !stream)) {
        const before = (await recordsOf(turnpike)).length
        const leaving = new AbortController()
        const script = turnpike.simulator.script('sentences', ['gate', 'answer'], { times: 1 })
        const body = bodyOf(api, { model: `${upstream}/sentences`, stream: false })
        const reply = turnpike.request(`${mount}${PATHS[api]}`, { body, signal: leaving.signal })
        const left = expect(reply).rejects.toThrow()
        await script.waiting(1)
        leaving.abort()
        await left
        script.release()
        const record = await eventually(async () => (await recordsOf(turnpike))[before])
        expect(record).toMatchObject({ status: 'ok', source: 'reported' })
        expectSound(record)
        charges.add(`${record.output_tokens} = ${record.charge_exact}`)
      }
      expect([...charges]).toHaveLength(1)
      await expectSettled(turnpike)
    })
  })

test('the same request is as many tokens at every upstream, at the same cost', () => {
  for (const kind of ['plain', 'cached read', 'reasoning'] as const)
    expect([...(billedBy.get(kind) ?? [])], kind).toHaveLength(1)
})
