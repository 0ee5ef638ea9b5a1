import { expect, test } from 'vitest'
import { readChatRequest } from './chat-request.ts'

const messages = [{ role: 'user', content: 'hi' }]
const read = (extra: object) => readChatRequest(JSON.stringify({ model: 'm', messages, ...extra }))
const tool = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } }

test.each([
  ['model', { model: '' }],
  ['messages', { messages: [] }],
  ['messages', { messages: ['hi'] }],
  ['max_tokens', { max_tokens: 0 }],
  ['max_completion_tokens', { max_completion_tokens: 1.5 }],
  ['max_tokens', { max_tokens: '5' }],
  ['n', { n: 1000 }],
  ['stream_options', { stream_options: { include_usage: true } }],
  ['tool_choice', { tool_choice: 'required' }],
  ['tool_choice', { tools: [tool], tool_choice: { type: 'function', function: { name: 'other' } } }],
])('a wrong %s is refused by name', (param, extra) => {
  expect(read(extra)).toMatchObject({ refused: { param } })
})

test('what is no JSON object is refused', () => {
  for (const text of ['', '{', '[]', 'null', '{"model":NaN}']) expect(readChatRequest(text)).toHaveProperty('refused')
})

test('the smaller of two output limits counts, and null is no limit', () => {
  expect(read({ max_tokens: 9, max_completion_tokens: 5 })).toMatchObject({ limit: 5 })
  expect(read({ max_tokens: null })).toMatchObject({ limit: undefined })
})

test('the seed follows model and messages alone, whatever stands before the name', () => {
  const seedOf = (extra: object) => (read(extra) as { seed: number }).seed
  expect(seedOf({ model: 'simulator/m', stream: true, temperature: 2, max_tokens: 5 })).toBe(seedOf({}))
  expect(seedOf({ model: 'other' })).not.toBe(seedOf({}))
  expect(seedOf({ messages: [...messages, ...messages] })).not.toBe(seedOf({}))
})

test('a forced tool is the one that was named, or the first', () => {
  const second = { type: 'function', function: { name: 'second' } }
  const tools = [tool, second]
  expect(read({ tools, tool_choice: 'required' })).toMatchObject({ forcedTool: { name: 'look' } })
  expect(read({ tools, tool_choice: second })).toMatchObject({ forcedTool: { name: 'second' } })
  expect(read({ tools, tool_choice: 'auto' })).toMatchObject({ forcedTool: undefined })
})

test('the last message is read from text and from parts', () => {
  const content = [
    { type: 'text', text: 'a' },
    { type: 'image_url', image_url: {} },
    { type: 'text', text: 'b' },
  ]
  expect(read({ messages: [{ role: 'user', content }] })).toMatchObject({ lastMessage: { role: 'user', text: 'a\nb' } })
})
