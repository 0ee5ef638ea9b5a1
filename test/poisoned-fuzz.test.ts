/** Streams of any events in any order, cut anywhere: one record, never above the quote, the books in order. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ScriptStep } from '../src/simulator/script.ts'
import { chat, eventsOf, expectSettled, OPENAI, OPENROUTER, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const YAML = `
providers:
  any: { type: simulator, name: Any }
limits: { retriesPerEndpoint: 0 }
models:
  - id: acme/any
    contextLength: 4000
    endpoints: [{ provider: any, model: any, prices: { input: "10", cache_read: "1", output: "20" } }]
`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

const seed = process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }

const count = fc.oneof(fc.nat(2_000), fc.constantFrom(-5, 1e15, 0, '12', 'x', null, true, 1.5, {}))
const usage = fc.record(
  {
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: fc.record({ cached_tokens: count }, { requiredKeys: [] }),
    completion_tokens_details: fc.record({ reasoning_tokens: count }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
)
const finish = fc.constantFrom('stop', 'length', 'tool_calls', 'error', 'content_filter', 'strange', '')
const event = (value: object) =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'm', ...value })}\n\n`
const piece = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .string({ maxLength: 40 })
      .map((content) => event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
  },
  {
    weight: 2,
    arbitrary: finish.map((reason) => event({ choices: [{ index: 0, delta: {}, finish_reason: reason }] })),
  },
  { weight: 2, arbitrary: usage.map((told) => event({ choices: [], usage: told })) },
  {
    weight: 1,
    arbitrary: usage.map((told) =>
      event({ choices: [{ index: 0, delta: { content: 'a' }, finish_reason: null }], usage: told }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'data: [DONE]\n\n',
      ': comment\n\n',
      'data: {"error":{"message":"no","code":503}}\n\n',
      'data: not json\n\n',
      'data: []\n\n',
      'data: {}\n\n',
      'data: {"choices":null,"usage":null}\n\n',
      'data: {"choices":[null,1,"x"]}\n\n',
      'event: ping\ndata: {"choices":[]}\n\n',
      '\n\n\n',
      'data: {"choi',
    ),
  },
)

const poison = fc.record({
  pieces: fc.array(piece, { maxLength: 12 }),
  /** Where the text is cut into writes, and where it ends. */
  cuts: fc.array(fc.nat(600), { maxLength: 4 }),
  length: fc.oneof({ weight: 3, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, fc.nat(800)),
  closes: fc.boolean(),
  path: fc.constantFrom(OPENAI, OPENROUTER),
})

function stepsOf({
  pieces,
  cuts,
  length,
  closes,
}: {
  pieces: string[]
  cuts: number[]
  length: number
  closes: boolean
}): ScriptStep[] {
  const bytes = Buffer.from(pieces.join('')).subarray(0, length)
  const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
  const writes = places.slice(1).map((end, index): ScriptStep => ({ raw: bytes.subarray(places[index], end) }))
  return [...writes, ...(closes ? (['close'] as const) : [])]
}

test('whatever a provider streams, one call is one record, within its quote, and ends one way', async () => {
  await fc.assert(
    fc.asyncProperty(poison, async (poisoned) => {
      const before = (await recordsOf(turnpike)).length
      turnpike.simulator.script('any', stepsOf(poisoned), { times: 1 })
      const reply = await turnpike.request(poisoned.path, {
        body: chat('acme/any', { stream: true, max_tokens: 2_000, stream_options: { include_usage: true } }),
      })
      const text = await reply.text()
      const records = (await expectSettled(turnpike)).slice(before)
      expect(records).toHaveLength(1)
      const [record] = records
      // The window's 4,000 tokens and the limit's 2,000, at their prices; an honest-looking count may pass them, flagged.
      if (!record?.flags.includes('over_quote'))
        expect(record?.charge_nanos).toBeLessThanOrEqual(4_000n * 10_000n + 2_000n * 20_000n)
      expect([200, 502, 503]).toContain(reply.status)
      if (reply.status !== 200) {
        expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
        return
      }
      const { data, json } = eventsOf(text)
      const failed = json.filter((each) => 'error' in each)
      expect(data.at(-1) === '[DONE]').toBe(failed.length === 0)
      if (failed.length > 0) expect(failed).toEqual([json.at(-1)])
      expect(json.filter((each) => 'usage' in each)).toEqual([json.at(-1)])
      expect(record?.status).toBe(failed.length > 0 ? 'error' : 'ok')
      if (failed.length > 0) expect(record?.charge_nanos).toBe(0n)
    }),
    { numRuns: 100, ...seed },
  )
})
