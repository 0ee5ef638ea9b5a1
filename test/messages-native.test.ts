/** Where client and provider both speak Anthropic's wire, requests and replies go through as they are, metered all the same. */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventsOf, expectSettled, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const YAML = `providers:
  vendor: { type: simulator, preset: anthropic }
  other: { type: simulator }
models:
  - { id: acme/claude, endpoints: [{ provider: vendor, model: sentences, prices: { input: "3", output: "15" } }] }
  - { id: acme/thinking, endpoints: [{ provider: vendor, model: reasoning-visible, prices: { input: "3", output: "15" } }] }
  - { id: acme/cached, endpoints: [{ provider: vendor, model: cache-write, prices: { input: "3", cache_write: "3.75", cache_read: "0.3", output: "15" } }] }
  - { id: acme/cut, endpoints: [{ provider: vendor, model: cut-stream, prices: { input: "3", output: "15" } }] }
  - { id: acme/other, endpoints: [{ provider: other, model: sentences, prices: { input: "3", output: "15" } }] }
  - id: acme/either
    endpoints:
      - { provider: vendor, model: server-error, prices: { input: "3", output: "15" } }
      - { provider: other, model: sentences, prices: { input: "3", output: "15" } }`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }]
const ask = (model: string, extra: object = {}) => ({ model, max_tokens: 200, messages, ...extra })
const client = () => new Anthropic({ baseURL: turnpike.url, apiKey: turnpike.key, maxRetries: 0 })
const lastRecord = async () => (await recordsOf(turnpike)).at(-1)
const post = (body: object) => turnpike.request('/v1/messages', { body })

test('the request goes up as it came, but for the name of the model', async () => {
  const body = `{"max_tokens":50, "messages":[{"role":"user","content":"a","x_new":12345678901234567890}],"model":"acme/claude","context_management":{"edits":[]},"usage":{"include":true}}`
  const reply = await turnpike.request('/v1/messages', { body })
  expect(reply.status).toBe(200)
  expect(turnpike.simulator.requests.at(-1)?.body).toBe(
    `{"max_tokens":50, "messages":[{"role":"user","content":"a","x_new":12345678901234567890}],"model":"sentences","context_management":{"edits":[]}}`,
  )
})

test('the same message costs the same whole, streamed and by chat, and the reply says so', async () => {
  const whole = await client().messages.create(ask('acme/claude'))
  const streamed = await client().messages.stream(ask('acme/claude')).finalMessage()
  await turnpike.request('/v1/chat/completions', { body: { model: 'acme/claude', max_tokens: 200, messages } })
  const [chat, stream, first] = (await expectSettled(turnpike)).toReversed()
  expect(streamed.content).toEqual(whole.content)
  expect(whole.id).toMatch(/^gen-/)
  expect(whole.model).toBe('acme/claude')
  expect((whole.usage as unknown as { cost: number }).cost).toBe(Number(first?.charge_exact))
  expect([stream?.charge_nanos, chat?.charge_nanos]).toEqual([first?.charge_nanos, first?.charge_nanos])
})

test('a stream begins with the counts of the provider and ends with them and the cost', async () => {
  const { json } = eventsOf(await (await post({ ...ask('acme/cached'), stream: true })).text())
  const [start] = json as { type: string; message: { id: string; usage: { cache_creation_input_tokens: number } } }[]
  expect(start?.message.id).toMatch(/^gen-/)
  expect(start?.message.usage.cache_creation_input_tokens).toBeGreaterThan(0)
  expect(json.map(({ type }) => type).filter((type) => type === 'message_delta' || type === 'message_stop')).toEqual([
    'message_delta',
    'message_stop',
  ])
  const last = json.at(-2) as { usage: Record<string, unknown>; delta: { stop_reason: string } }
  expect(last.delta.stop_reason).toBe('end_turn')
  expect(last.usage.cost).toBe(Number((await lastRecord())?.charge_exact))
  expect(last.usage.cache_creation_input_tokens).toBe(start?.message.usage.cache_creation_input_tokens)
})

test('thoughts keep their signatures, and go back with the conversation', async () => {
  const first = await client().messages.create(ask('acme/thinking'))
  const [thought] = first.content
  expect(thought).toMatchObject({ type: 'thinking', signature: expect.stringMatching(/./) })
  const next = ask('acme/claude', {
    messages: [...messages, { role: 'assistant', content: first.content }, { role: 'user', content: 'And Spain?' }],
  })
  await client().messages.create(next)
  expect(turnpike.simulator.requests.at(-1)?.body).toContain(JSON.stringify(thought))
})

test('blocks and tools of the vendor go to its own models, and are refused by name elsewhere', async () => {
  const blocks = { role: 'assistant', content: [{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }] }
  const bash = { tools: [{ type: 'bash_20250124', name: 'bash' }] }
  const refused = await post({ ...ask('acme/other'), messages: [...messages, blocks] })
  expect(refused.status).toBe(400)
  expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining('messages.1.content.0') } })
  expect(await (await post({ ...ask('acme/other'), ...bash })).json()).toMatchObject({
    error: { message: expect.stringContaining('tools.0') },
  })
  await post({ ...ask('acme/claude'), ...bash })
  expect(turnpike.simulator.requests.at(-1)?.body).toContain('bash_20250124')
})

test('where the vendor fails, another provider answers in its place', async () => {
  const reply = await client().messages.create(ask('acme/either'))
  expect(reply.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(/\w/) })
  expect((await lastRecord())?.provider).toBe('other')
})

test('a stream that is cut ends in an error event, and what it delivered is on record', async () => {
  const { json } = eventsOf(await (await post({ ...ask('acme/cut'), stream: true })).text())
  expect(json.at(-1)).toMatchObject({ type: 'error' })
  expect(await lastRecord()).toMatchObject({ status: 'error', source: 'estimated' })
  await expectSettled(turnpike)
})
