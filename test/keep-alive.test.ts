/** A long wait for the first token: OpenRouter's mount says that it is still there, the other one stays silent. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chat, eventsOf, expectSettled, OPENAI, OPENROUTER } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const YAML = `
providers:
  sleeper: { type: simulator, name: Sleeper }
limits: { retriesPerEndpoint: 0 }
models:
  - id: acme/late
    endpoints: [{ provider: sleeper, model: slow-first-token-5700, prices: { input: "1", output: "2" } }]
  - id: acme/late-failure
    endpoints: [{ provider: sleeper, model: late-failure, prices: { input: "1", output: "2" } }]
`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

test('comments keep a silent stream alive on /api/v1 alone, and after one an error is told in the stream', async () => {
  turnpike.simulator.script('late-failure', [{ waitMs: 5700 }, { raw: '{"error":{"message":"down"}}' }], {
    status: 500,
    headers: { 'content-type': 'application/json' },
  })
  const bodyOf = async (path: string, model: string) => {
    const reply = await turnpike.request(path, { body: chat(model, { stream: true, max_tokens: 50 }) })
    return { status: reply.status, text: await reply.text() }
  }
  const [silent, kept, failed] = await Promise.all([
    bodyOf(OPENAI, 'acme/late'),
    bodyOf(OPENROUTER, 'acme/late'),
    bodyOf(OPENROUTER, 'acme/late-failure'),
  ])
  expect(eventsOf(silent.text).comments).toEqual([])
  expect(kept.text.startsWith(': OPENROUTER PROCESSING\n\ndata: {')).toBe(true)
  expect(kept.text.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(failed.status).toBe(200)
  const { data, json } = eventsOf(failed.text)
  expect(data).toHaveLength(1)
  expect(json[0]).toMatchObject({
    id: expect.stringMatching(/^gen-/),
    model: 'acme/late-failure',
    provider: 'Sleeper',
    error: { code: 502, metadata: { error_type: 'provider_unavailable' } },
    choices: [{ finish_reason: 'error' }],
  })
  expect((json[0]?.created as number) > 1_000_000_000).toBe(true)
  const records = await expectSettled(turnpike)
  expect(records.map(({ status }) => status).sort()).toEqual(['error', 'ok', 'ok'])
})
