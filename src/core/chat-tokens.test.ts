import { expect, test } from 'vitest'
import { chatOverhead, chatText, countChat } from './chat-tokens.ts'
import { utf8Length } from './token-bound.ts'

/** One token a word, so that expected counts can be seen. */
const words = (text: string): number => text.split(/[ :]+/).filter((word) => word !== '').length

const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather.',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', description: 'A city.' },
        unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
      },
    },
  },
}

test('a message costs 3, its role and its content, and the reply costs 3', () => {
  expect(countChat(words, { messages: [{ role: 'user', content: 'one two' }] })).toBe(3 + 1 + 2 + 3)
})

test('a name costs itself and one more', () => {
  expect(countChat(words, { messages: [{ role: 'user', name: 'ada', content: 'one' }] })).toBe(3 + 1 + 1 + 1 + 1 + 3)
})

test('text parts count as one text and other parts not at all', () => {
  const content = [
    { type: 'text', text: 'one ' },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    { type: 'text', text: 'two' },
  ]
  expect(countChat(words, { messages: [{ role: 'user', content }] })).toBe(3 + 1 + 2 + 3)
  expect(chatText([{ role: 'system', content: 'zero ' }, { content }])).toBe('zero one two')
})

test("an assistant's earlier calls count with name and arguments", () => {
  const calls = [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{} x' } }]
  const messages = [{ role: 'assistant', content: null, tool_calls: calls }]
  expect(countChat(words, { messages })).toBe(3 + 1 + 1 + 2 + 3)
})

test('tools follow the published figures', () => {
  const overhead = 7 + 3 + 2 * 3 + (-3 + 2 * 3) + 12
  expect(chatOverhead([], [weather])).toBe(3 + overhead)
  // weather:Tells the weather | city:string:A city | unit:string: | celsius | fahrenheit
  expect(countChat(words, { messages: [], tools: [weather] })).toBe(3 + overhead + 4 + 4 + 2 + 1 + 1)
})

test('a function without properties has no property overhead, and no tools cost nothing', () => {
  const tools = [{ type: 'function', function: { name: 'now', description: '' } }]
  expect(countChat(words, { messages: [], tools })).toBe(3 + 7 + 12 + 1)
  expect(countChat(words, { messages: [], tools: [] })).toBe(3)
})

test('malformed requests count what is readable and never throw', () => {
  const odd = { toString: 'not a function' }
  const tools = [
    7,
    null,
    { function: 'x' },
    { function: { name: odd, parameters: { properties: { a: null, b: { enum: [odd, null] } } } } },
  ]
  const messages = [null, 'text', { role: 7, content: { text: 'x' } }, { content: [null, { text: 7 }] }]
  expect(countChat(utf8Length, { messages, tools })).toBeGreaterThan(0)
  expect(countChat(utf8Length, {})).toBe(3)
  expect(chatText('not a list')).toBe('')
})
