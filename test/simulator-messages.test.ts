/** The simulator as Anthropic's own client sees it. */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countChat } from '../src/core/chat-tokens.ts'
import { systemClock } from '../src/lib/clock.ts'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'

const tokens = (text: string): number => text.split(/\b/).length

let simulator: Simulator
let client: Anthropic
beforeAll(async () => {
  simulator = await startSimulator({
    clock: systemClock,
    countTokens: tokens,
    countPrompt: (body) => countChat(tokens, body),
  })
  client = new Anthropic({ baseURL: simulator.url.replace(/\/v1$/, ''), apiKey: 'none', maxRetries: 0 })
})
afterAll(() => simulator.close())

const asked = (model: string, extra: object = {}) => ({
  model,
  max_tokens: 2000,
  messages: [{ role: 'user' as const, content: 'What is the capital of France?' }],
  ...extra,
})

test.each(['sentences', 'tool-call', 'reasoning-visible', 'reasoning', 'cache-write', 'odd-framing'])(
  '%s says the same whole and streamed, and counts it alike',
  async (model) => {
    const whole = await client.messages.create(asked(model))
    const streamed = await client.messages.stream(asked(model)).finalMessage()
    const { id: _id, ...said } = whole
    const plain = (content: readonly object[]) => JSON.stringify(content).replace(/(sim|toolu_)[0-9a-z]+/g, '$1')
    expect(plain(streamed.content)).toBe(plain(said.content))
    expect([streamed.stop_reason, streamed.model]).toEqual([whole.stop_reason, model])
    expect(streamed.usage).toMatchObject({
      input_tokens: whole.usage.input_tokens,
      cache_creation_input_tokens: whole.usage.cache_creation_input_tokens,
      output_tokens: whole.usage.output_tokens,
    })
    expect(whole.usage.output_tokens).toBeGreaterThan(0)
  },
)

test('a search is made where one is offered, and the answer cites it', async () => {
  const tools = [{ type: 'web_search_20250305' as const, name: 'web_search' as const }]
  const { content, usage } = await client.messages.create(asked('sentences', { tools }))
  expect(content.map(({ type }) => type)).toEqual(['server_tool_use', 'web_search_tool_result', 'text'])
  expect(usage.server_tool_use?.web_search_requests).toBe(1)
})

test('tokens are counted as a call would count them', async () => {
  const { max_tokens: _limit, ...counted } = asked('sentences', { system: 'Be brief.' })
  const { input_tokens } = await client.messages.countTokens(counted)
  const { usage } = await client.messages.create(asked('sentences', { system: 'Be brief.' }))
  expect(input_tokens).toBe(usage.input_tokens)
})

describe('refusals', () => {
  test.each([
    ['rate-limited', 429, 'rate_limit_error'],
    ['overloaded', 529, 'overloaded_error'],
    ['unauthorized', 401, 'authentication_error'],
    ['bad-request', 400, 'invalid_request_error'],
  ])('%s is %d in Anthropic’s words', async (model, status, type) => {
    const failed = client.messages.create(asked(model))
    await expect(failed).rejects.toMatchObject({ status, error: { type: 'error', error: { type } } })
  })

  test.each([
    ['an unknown member', { seed: 1 }, 'seed: Extra inputs are not permitted'],
    ['no output limit', { max_tokens: undefined }, 'max_tokens: Field required'],
    ['another role', { messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.role'],
    ['an empty text', { messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }, 'non-empty'],
    ['a budget without room', { thinking: { type: 'enabled', budget_tokens: 2000 } }, 'thinking.budget_tokens'],
    ['a choice of no tool', { tool_choice: { type: 'tool', name: 'a' } }, 'not found'],
  ])('%s is noticed', async (_what, extra, message) => {
    const body = JSON.stringify(asked('sentences', extra))
    const reply = await fetch(`${simulator.url}/messages`, { method: 'POST', body })
    expect(reply.status).toBe(400)
    expect(((await reply.json()) as { error: { message: string } }).error.message).toContain(message)
  })
})
