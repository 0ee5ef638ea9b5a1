/**
 * What no path of model calls can make sense of: an error in the dialect of the path, with the field at fault where there
 * is one, and neither a charge nor, where it can be known here, a record or a call upstream.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectErrorOf } from './error-shapes.ts'
import { DEMO_NANOS, expectSettled } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const YAML = `
limits: { bodyBytes: 200000 }
models:
  - { id: acme/chat, endpoints: [{ provider: simulator, model: sentences, prices: { input: "1", output: "1" } }] }
`
let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

const messages = [{ role: 'user', content: 'a' }]
const CHAT = { model: 'acme/chat', messages }
const MESSAGE = { model: 'acme/chat', messages, max_tokens: 9 }
const RESPONSE = { model: 'acme/chat', input: 'a' }
const PROMPT = { model: 'acme/chat', prompt: 'a' }
const EMBEDDER = 'openai/text-embedding-3-small'
const VECTOR = { model: EMBEDDER, input: 'a' }
const SPEECH = { model: 'openai/gpt-4o-mini-tts', input: 'Hi', voice: 'alloy' }
const GOOD: Readonly<Record<string, object>> = {
  'chat/completions': CHAT,
  messages: MESSAGE,
  'messages/count_tokens': MESSAGE,
  responses: RESPONSE,
  completions: PROMPT,
  embeddings: VECTOR,
  'audio/speech': SPEECH,
  'audio/transcriptions': { model: 'openai/whisper-1', input_audio: { data: 'UklGRg==', format: 'wav' } },
}
const big = 'x'.repeat(250_000)

type Sent = { readonly body: unknown; readonly headers?: Record<string, string> }

async function refused(
  path: string,
  { body, headers = {} }: Sent,
  statuses: readonly number[],
  word = '',
): Promise<void> {
  for (const mount of ['/v1', '/api/v1']) {
    const url = `${mount}/${path}`
    const reply = await turnpike.request(url, { body, headers })
    const text = await reply.text()
    expect(statuses, `${url} ${reply.status} ${text.slice(0, 300)}`).toContain(reply.status)
    expectErrorOf(url, { status: reply.status, body: JSON.parse(text) })
    expect(text).toContain(word)
    if (path !== 'messages/count_tokens') expect(reply.headers.get('x-turnpike-cost')).toBe('0')
  }
}

describe.each(Object.entries(GOOD))('/%s', (path, good) => {
  test.each<[string, Sent, readonly number[]]>([
    ['nothing', { body: '' }, [400]],
    ['no JSON', { body: '{"model":' }, [400]],
    ['a list', { body: '[]' }, [400]],
    ['a bare word', { body: 'null' }, [400]],
    ['a form', { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, [415]],
    ['no model', { body: { ...good, model: undefined } }, [400]],
    ['a model that is a number', { body: { ...good, model: 7 } }, [400]],
    ['a model that is not there', { body: { ...good, model: 'acme/none' } }, [400, 404]],
    ['a model named twice', { body: JSON.stringify(good).replace('{', '{"model":"acme/chat",') }, [400]],
    ['a body above the limit', { body: { ...good, padding: big } }, [413]],
    [
      'half a form',
      { body: '--b\r\nContent', headers: { 'content-type': 'multipart/form-data; boundary=b' } },
      [400, 415],
    ],
  ])('with %s', (_name, sent, statuses) => refused(path, sent, statuses))
})

describe('a field at fault is named', () => {
  test.each<[string, object, string]>([
    ['chat/completions', { ...CHAT, messages: [] }, 'messages'],
    ['chat/completions', { ...CHAT, messages: 'a' }, 'messages'],
    ['chat/completions', { ...CHAT, max_tokens: -1 }, 'max_tokens'],
    ['chat/completions', { ...CHAT, n: 1_000 }, 'n'],
    ['chat/completions', { ...CHAT, model: EMBEDDER }, '/embeddings'],
    ['messages', { ...MESSAGE, max_tokens: 0 }, 'max_tokens'],
    [
      'messages',
      { ...MESSAGE, messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64' } }] }] },
      'source',
    ],
    ['messages', { ...MESSAGE, messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] }, 'tool_use_id'],
    ['messages', { ...MESSAGE, tool_choice: { type: 'any' }, tools: 'all' }, 'tools'],
    ['messages', { ...MESSAGE, model: EMBEDDER }, '/embeddings'],
    ['responses', { ...RESPONSE, input: [{ type: 'message', role: 'narrator', content: 'a' }] }, 'input.0.role'],
    ['responses', { ...RESPONSE, input: [{ type: 'function_call_output', output: 'a' }] }, 'call_id'],
    ['responses', { ...RESPONSE, background: true }, 'background'],
    ['responses', { ...RESPONSE, tools: [{ type: 'code_interpreter' }] }, 'tools.0'],
    ['responses', { ...RESPONSE, max_output_tokens: 0 }, 'max_completion_tokens'],
    ['completions', { ...PROMPT, best_of: 500 }, 'best_of'],
    ['completions', { ...PROMPT, model: EMBEDDER }, '/embeddings'],
    ['embeddings', { ...VECTOR, input: [] }, 'input'],
    ['embeddings', { ...VECTOR, stream: true }, 'stream'],
    ['embeddings', { ...VECTOR, model: 'openai/gpt-4o-mini-tts' }, '/audio/speech'],
    ['audio/speech', { ...SPEECH, voice: 'nobody' }, 'voice'],
    ['audio/speech', { ...SPEECH, voice: undefined }, 'voice'],
    ['audio/speech', { ...SPEECH, response_format: 'midi' }, 'response_format'],
    ['audio/speech', { ...SPEECH, model: 'openai/whisper-1' }, '/audio/transcriptions'],
    ['audio/transcriptions', { model: 'openai/whisper-1', input_audio: { data: '!', format: 'wav' } }, 'input_audio'],
    [
      'audio/transcriptions',
      { model: 'openai/gpt-4o-mini-tts', input_audio: { data: 'UklGRg==', format: 'wav' } },
      '/audio/speech',
    ],
  ])('/%s with %j', (path, body, word) => refused(path, { body }, [400], word))
})

describe('a wrong form of a recording', () => {
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  const part = (head: string, value: string) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`
  const model = part('name="model"', 'whisper-1')
  const file = part('name="file"; filename="a.wav"', 'RIFF')
  test.each<[string, string, number]>([
    ['without a file', `${model}--b--\r\n`, 400],
    ['without a model', `${file}--b--\r\n`, 400],
    ['with two files', `${model}${file}${file}--b--\r\n`, 400],
    ['that is cut', `${model}${file.slice(0, 30)}`, 400],
    ['whose file is too large', `${model}${part('name="file"; filename="a.wav"', big)}--b--\r\n`, 413],
  ])('%s', (_name, body, status) => refused('audio/transcriptions', { body, headers }, [status]))
})

test('nothing was charged, and nothing went up or is on record but what a provider alone can know: its voices and formats', async () => {
  const records = await expectSettled(turnpike, DEMO_NANOS)
  expect(records.map(({ charge_nanos }) => charge_nanos)).toEqual(records.map(() => 0n))
  const refusals = records.map(({ facts }) => facts.attempts.map(({ kind, status }) => `${kind} ${status}`))
  expect(refusals).toEqual(Array.from({ length: 6 }, () => ['refused 400']))
  expect(new Set(turnpike.simulator.requests.map(({ path }) => path))).toEqual(new Set(['/v1/audio/speech']))
  expect(turnpike.simulator.requests).toHaveLength(6)
})
