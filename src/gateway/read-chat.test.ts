import { expect, test } from 'vitest'
import { readChat } from './read-chat.ts'

const read = (body: object) =>
  readChat(Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...body })), {})

test('a web search is quoted, in whichever way it is asked for, and as often as it may be made', () => {
  expect(read({}).searches).toBe(0)
  expect(read({ web_search_options: {} }).searches).toBe(10)
  expect(read({ web_search_options: { max_uses: 40 } }).searches).toBe(40)
  expect(read({ plugins: [{ id: 'web' }] }).searches).toBe(10)
  expect(read({ plugins: [{ id: 'file-parser' }] }).searches).toBe(0)
  expect(read({ tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 40 }] }).searches).toBe(40)
  expect(read({ tools: [{ type: 'openrouter:web_search' }] }).searches).toBe(10)
  expect(read({ tools: [{ type: 'function', function: { name: 'web_search' } }] }).searches).toBe(0)
})

test('a cache mark anywhere in the body is quoted as a write, one of an hour as such', () => {
  expect(read({})).toMatchObject({ usesCaching: false, oneHourWrites: false })
  const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } }
  for (const body of [mark, { tools: [{ type: 'function', function: { name: 'a' }, ...mark }] }])
    expect(read(body)).toMatchObject({ usesCaching: true, oneHourWrites: true })
})

test('a document that is an address is quoted as a file', () => {
  const part = { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } }
  expect(read({ messages: [{ role: 'user', content: [part] }] }).files).toBe(1)
})

test('where a call is to be computed is quoted, since a region may cost more', () => {
  expect(read({}).inferenceGeo).toBeUndefined()
  expect(read({ inference_geo: 'us' }).inferenceGeo).toBe('us')
})
