import { expect, test } from 'vitest'
import { readMessages } from './read-messages.ts'

const read = (body: object) => {
  const text = JSON.stringify({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }], ...body })
  return { text, call: readMessages(Buffer.from(text), {}) }
}

test('web searches are quoted as often as their tool may be used', () => {
  const tool = { type: 'web_search_20250305', name: 'web_search' }
  expect(read({}).call.searches).toBe(0)
  expect(read({ tools: [tool] }).call.searches).toBe(10)
  expect(read({ tools: [{ ...tool, max_uses: 40 }] }).call.searches).toBe(40)
  expect(read({ tools: [{ ...tool, max_uses: 2 }] }).call.searches).toBe(10)
})

test('the region that is asked for is quoted', () => {
  expect(read({ inference_geo: 'us' }).call.inferenceGeo).toBe('us')
})

test('what goes to the provider as it came is quoted by its own length, with tools that chat has no word for', () => {
  const description = 'what chat does not carry '.repeat(400)
  const { text, call } = read({ tools: [{ type: 'tool_of_theirs_20260101', name: 'it', description }] })
  expect(call.bytes).toBeGreaterThanOrEqual(Buffer.byteLength(text))
})

test('a region that stands twice, or in another case, is refused: one of the two would be priced, the other run', () => {
  const text = '{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"Hi"}],"inference_geo":"global"'
  for (const more of ['"inference_geo":"us"', '"Inference_Geo":"us"'])
    expect(() => readMessages(Buffer.from(`${text},${more}}`), {})).toThrow(/[Ii]nference_[Gg]eo/)
})
