/** Providers that tell their usage in every chunk, or too early: the last one counts, as far as it can know the answer. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Script, ScriptStep } from '../src/simulator/script.ts'
import { chat, eventsOf, eventually, MOUNTS, OPENAI, OPENROUTER, recordsOf, recordsSince } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const prices = 'prices: { input: "1000", output: "2000" }'
const YAML = `
providers:
  vllm: { type: simulator, preset: vllm, onCancel: abort }
  plain: { type: simulator, onCancel: abort }
models:
  - { id: acme/steady, contextLength: 4000, endpoints: [{ provider: vllm, model: slow-5, ${prices} }] }
  - { id: acme/plain, contextLength: 4000, endpoints: [{ provider: plain, model: scripted, ${prices} }] }
limits: { retriesPerEndpoint: 0 }
`

let turnpike: Turnpike
let script: Script | undefined
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterEach(() => script?.stop())
afterAll(() => turnpike.close())

const event = (value: object): ScriptStep => ({
  raw: `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'm', ...value })}\n\n`,
})
const used = (prompt: number, completion: number) => ({
  usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
})
const says = (content: string, more: object = {}) =>
  event({ choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more })
const FINISH = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
const DONE: ScriptStep = { raw: 'data: [DONE]\n\n' }

async function play(steps: readonly ScriptStep[], path = OPENROUTER) {
  const before = (await recordsOf(turnpike)).length
  script = turnpike.simulator.script('scripted', steps, { times: 1 })
  const body = chat('acme/plain', { stream: true, max_tokens: 100, stream_options: { include_usage: true } })
  const text = await (await turnpike.request(path, { body })).text()
  const [record] = await recordsSince(turnpike, before)
  return { text, record }
}

test('a client that leaves a stream of vLLM pays what vLLM had counted until then, exactly', async () => {
  const before = (await recordsOf(turnpike)).length
  const controller = new AbortController()
  const body = chat('acme/steady', { stream: true, max_tokens: 100 })
  const reply = await turnpike.request(OPENAI, { body, signal: controller.signal })
  let seen = ''
  for await (const chunk of reply.body ?? []) {
    seen += Buffer.from(chunk).toString()
    if ((seen.match(/"content":"[^"]/g)?.length ?? 0) > 2) break
  }
  controller.abort()
  await eventually(async () => ((await recordsOf(turnpike)).length > before ? true : undefined))
  const [record] = await recordsSince(turnpike, before)
  expect(record).toMatchObject({ status: 'cancelled', source: 'reported' })
  expect(record?.output_tokens).toBeGreaterThan(2n)
  expect(record?.output_tokens).toBeLessThan(100n)
  expect(record?.charge_nanos).toBe(
    (record?.input_tokens ?? 0n) * 1_000_000n + (record?.output_tokens ?? 0n) * 2_000_000n,
  )
  const sent = JSON.parse(turnpike.simulator.requests.at(-1)?.body ?? '') as object
  expect(sent).toMatchObject({ stream_options: { include_usage: true, continuous_usage_stats: true } })
})

describe('of a stream that is complete the last usage counts', () => {
  const finals: readonly (readonly [string, readonly ScriptStep[]])[] = [
    ['told in the chunk that ends the choice', [event({ ...FINISH, ...used(20, 3) })]],
    ['told in a chunk of its own', [event({ ...FINISH, ...used(20, 2) }), event({ choices: [], ...used(20, 3) })]],
    ['told before one of zeros', [event({ ...FINISH, ...used(20, 3) }), event({ choices: [], ...used(0, 0) })]],
    ['told before one that is empty', [event({ ...FINISH, ...used(20, 3) }), event({ choices: [], usage: {} })]],
    ['told inside of an extension beside a null', [event({ ...FINISH, x_groq: used(20, 3), usage: null })]],
  ]
  test.each(finals)('%s', async (_, last) => {
    for (const path of MOUNTS) {
      const steps = [says('one', used(20, 0)), says(' two', used(20, 1)), says(' three', used(20, 2)), ...last, DONE]
      const { text, record } = await play(steps, path)
      expect(record).toMatchObject({ status: 'ok', source: 'reported', input_tokens: 20n, output_tokens: 3n })
      const told = eventsOf(text).json.filter(({ usage }) => usage !== undefined && usage !== null)
      expect(told).toHaveLength(1)
      expect(told[0]).toMatchObject(used(20, 3))
    }
  })
})

describe('of a stream that is cut', () => {
  test('the usage of the last words counts', async () => {
    const { record } = await play([says('one', used(20, 1)), says(' two', used(20, 7)), 'close'])
    expect(record).toMatchObject({ status: 'error', source: 'reported', input_tokens: 20n, output_tokens: 7n })
  })

  test('a usage that came before the last words holds for the prompt, and what was delivered is counted', async () => {
    const { record } = await play([says('one', used(20, 1)), says(' two'), says(' three'), 'close'])
    expect(record).toMatchObject({ status: 'error', source: 'estimated', input_tokens: 20n, output_tokens: 3n })
  })

  test('what it had counted by then is not made less by our count of what came after', async () => {
    const { record } = await play([says('one', used(20, 50)), says(' two'), 'close'])
    expect(record).toMatchObject({ source: 'estimated', input_tokens: 20n, output_tokens: 50n })
  })
})
