import { expect, test } from 'vitest'
import { CHUNK_SEPARATOR, choicesTexts, visibleBytes } from './choices-text.ts'

const batchOf = (...chunks: unknown[]): string =>
  chunks.map((chunk) => (typeof chunk === 'string' ? chunk : JSON.stringify(chunk)) + CHUNK_SEPARATOR).join('')
const textsOf = (...chunks: unknown[]): string[][] => [...choicesTexts(batchOf(...chunks))]

test('content, reasoning, refusal, calls and completion text are told apart, choice by choice', () => {
  const tool_calls = [{ index: 1, id: 'call_1', function: { name: 'f', arguments: '{"a":' } }]
  expect(textsOf([{ index: 0, delta: { role: 'assistant', content: 'Hi', refusal: 'no' } }])).toEqual([
    ['0 content', 'Hi'],
    ['0 refusal', 'no'],
  ])
  expect(textsOf([{ index: 2, delta: { tool_calls } }])).toEqual([
    ['2 call 1 name', 'f'],
    ['2 call 1 arguments', '{"a":'],
  ])
  expect(textsOf([{ index: 0, text: 'once' }])).toEqual([['0 text', 'once']])
  expect(textsOf([{ delta: { function_call: { name: 'g', arguments: '{}' } } }])).toEqual([
    ['0 call name', 'g'],
    ['0 call arguments', '{}'],
  ])
})

test('a reply that is not streamed is read like one chunk, text parts included', () => {
  const content = [{ type: 'text', text: 'a' }, { type: 'image' }, { type: 'text', text: 'b' }]
  expect(textsOf([{ index: 0, message: { content } }])).toEqual([['0 content', 'ab']])
})

test('reasoning sent under two names counts once', () => {
  expect(textsOf([{ index: 0, delta: { reasoning: 'hm', reasoning_content: 'hm' } }])).toEqual([['0 reasoning', 'hm']])
  expect(textsOf([{ index: 0, delta: { reasoning: 'hm' } }])).toEqual([['0 reasoning', 'hm']])
})

test('a malformed chunk is passed over, and those around it are not', () => {
  const good = [{ index: 0, delta: { content: 'x' } }]
  expect(textsOf('[{', good, 'null', '7', '[null,3]', [{ delta: 'x' }], [{ delta: { tool_calls: {} } }], good)).toEqual(
    [
      ['0 content', 'x'],
      ['0 content', 'x'],
    ],
  )
})

test('visible bytes leave out the JSON around the text', () => {
  const batch = batchOf(
    [{ index: 0, delta: { role: 'assistant', content: '' } }],
    [{ index: 0, delta: { content: 'a\\"b' } }],
  )
  expect(visibleBytes(batch, batch.length)).toBe(6)
  expect(visibleBytes(batchOf([{ index: 0, delta: {}, finish_reason: 'stop' }]), 60)).toBe(0)
  expect(visibleBytes('', 0)).toBe(0)
})

test('visible bytes of a long batch follow from its beginning', () => {
  const batch = batchOf(...Array.from({ length: 2000 }, () => [{ index: 0, delta: { content: 'word' } }]))
  expect(visibleBytes(batch, batch.length)).toBeGreaterThan(7800)
  expect(visibleBytes(batch, batch.length)).toBeLessThan(8200)
  const long = batchOf([{ index: 0, delta: { content: 'x'.repeat(100_000) } }])
  expect(visibleBytes(long, long.length)).toBeGreaterThan(95_000)
})
