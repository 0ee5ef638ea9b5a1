/** One conversation with pictures, documents and tools, as each API writes it and as each wire gets it: nothing is lost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectSettled } from './gateway-kit.ts'
import { PIXEL } from './matrix-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const PRESETS = { openai: 'openai', anthropic: 'anthropic', gemini: 'google' } as const
type Wire = keyof typeof PRESETS
const YAML = `providers:
${Object.entries(PRESETS)
  .map(([wire, preset]) => `  p-${wire}: { type: simulator, preset: ${preset} }`)
  .join('\n')}
models:
${Object.keys(PRESETS)
  .map(
    (wire) =>
      `  - { id: a/${wire}, endpoints: [{ provider: p-${wire}, model: sentences, prices: { input: "1", output: "1" } }] }`,
  )
  .join('\n')}`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

const PDF = 'JVBERi0xLjQK'
const LINK = 'https://pictures.example/oslo.png'
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

const data = (type: string, bytes: string) => `data:${type};base64,${bytes}`
const source = (media_type: string, bytes: string) => ({ type: 'base64', media_type, data: bytes })

/** The same conversation in the words of each API. */
const ASKED = {
  'chat/completions': {
    max_tokens: 50,
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: data('image/png', PIXEL) } },
          { type: 'image_url', image_url: { url: LINK } },
          { type: 'file', file: { filename: 'a.pdf', file_data: data('application/pdf', PDF) } },
        ],
      },
      {
        role: 'assistant',
        content: 'I look.',
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'Rain' }] },
      { role: 'user', content: 'And now?' },
    ],
    tools: [{ type: 'function', function: { name: 'weather', description: 'w', parameters: SCHEMA } }],
    tool_choice: 'required',
  },
  messages: {
    max_tokens: 50,
    system: 'Be brief.',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image', source: source('image/png', PIXEL) },
          { type: 'image', source: { type: 'url', url: LINK } },
          { type: 'document', title: 'a.pdf', source: source('application/pdf', PDF) },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Oslo' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'Rain' }] },
          { type: 'text', text: 'And now?' },
        ],
      },
    ],
    tools: [{ name: 'weather', description: 'w', input_schema: SCHEMA }],
    tool_choice: { type: 'any' },
  },
  responses: {
    max_output_tokens: 50,
    instructions: 'Be brief.',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'What is this?' },
          { type: 'input_image', image_url: data('image/png', PIXEL) },
          { type: 'input_image', image_url: LINK },
          { type: 'input_file', filename: 'a.pdf', file_data: data('application/pdf', PDF) },
        ],
      },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I look.' }] },
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'Rain' },
      { role: 'user', content: 'And now?' },
    ],
    tools: [{ type: 'function', name: 'weather', description: 'w', parameters: SCHEMA }],
    tool_choice: 'required',
  },
} as const
type Path = keyof typeof ASKED

async function sentFor(path: Path, wire: Wire): Promise<Record<string, unknown>> {
  const reply = await turnpike.request(`/v1/${path}`, { body: { model: `a/${wire}`, ...ASKED[path] } })
  expect(reply.status, await reply.text()).toBe(200)
  expect(reply.headers.get('x-turnpike-ignored')).toBeNull()
  return JSON.parse(turnpike.simulator.requests.at(-1)?.body ?? '{}')
}

/** What is not the same by every API: texts of one part may be bare, and members come in another order. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [only] = value
    return value.length === 1 && only.type === 'text' && Object.keys(only).length === 2 ? only.text : value.map(plain)
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, plain(held)]))
}

/** What each wire is to get. Where both sides speak one wire that is the request itself. */
const { max_tokens: limit, ...chat } = ASKED['chat/completions']
const EXPECTED: Readonly<Record<Wire, object>> = {
  openai: { ...chat, model: 'sentences' },
  anthropic: { ...ASKED.messages, model: 'sentences' },
  gemini: {
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    contents: [
      {
        role: 'user',
        parts: [
          { text: 'What is this?' },
          { inlineData: { mimeType: 'image/png', data: PIXEL } },
          { fileData: { mimeType: 'image/png', fileUri: LINK } },
          { inlineData: { mimeType: 'application/pdf', data: PDF } },
        ],
      },
      { role: 'model', parts: [{ text: 'I look.' }, { functionCall: { name: 'weather', args: { city: 'Oslo' } } }] },
      {
        role: 'user',
        parts: [{ functionResponse: { name: 'weather', response: { output: 'Rain' } } }, { text: 'And now?' }],
      },
    ],
    tools: [{ functionDeclarations: [{ name: 'weather', description: 'w', parametersJsonSchema: SCHEMA }] }],
    toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    generationConfig: { maxOutputTokens: limit },
  },
}

describe.each(Object.keys(PRESETS) as Wire[])('to %s', (wire) => {
  test.each(Object.keys(ASKED) as Path[])('from %s', async (path) => {
    const { max_completion_tokens, ...sent } = await sentFor(path, wire)
    const { max_tokens = max_completion_tokens, ...rest } = sent
    if (wire === 'openai') expect(max_tokens).toBe(limit)
    expect(plain(wire === 'openai' ? rest : sent)).toEqual(plain(EXPECTED[wire]))
  })

  test('a picture that a tool gave, and that it failed', async () => {
    const result = {
      type: 'tool_result',
      tool_use_id: 'call_1',
      is_error: true,
      content: [
        { type: 'text', text: 'No rain' },
        { type: 'image', source: source('image/png', PIXEL) },
      ],
    }
    const [asked, answered] = ASKED.messages.messages
    const messages = [asked, answered, { role: 'user', content: [result] }]
    const reply = await turnpike.request('/v1/messages', {
      body: { ...ASKED.messages, tool_choice: undefined, model: `a/${wire}`, messages },
    })
    expect(reply.status).toBe(200)
    const sent = turnpike.simulator.requests.at(-1)?.body ?? ''
    expect(sent).toContain('No rain')
    expect(sent.split(PIXEL)).toHaveLength(3)
    expect(reply.headers.get('x-turnpike-ignored')).toBe(wire === 'openai' ? 'is_error' : null)
    if (wire === 'anthropic') expect(sent).toContain('"is_error":true')
    else expect(sent).not.toContain('is_error')
    if (wire === 'gemini') expect(sent).toContain('"response":{"error":"No rain"}')
  })
})

test('the books of all these calls are in order', () => expectSettled(turnpike))
