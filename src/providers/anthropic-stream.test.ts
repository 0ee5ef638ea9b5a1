import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seedOfRun } from '../../test/chance.ts'
import { completionOf } from './anthropic-reply.ts'
import { readAnthropicStream } from './anthropic-stream.ts'
import type { UpstreamFailure } from './provider.ts'

type Fields = Record<string, unknown>
type Choice = { delta: Fields; finish_reason: string | null; native_finish_reason?: string }
type Said = { chunks: Fields[]; begun: Fields[]; ends: (UpstreamFailure | undefined)[] }

const PLAIN = { answerTool: undefined, hidesReasoning: false, native: false }

function read(events: readonly unknown[], as: Parameters<typeof readAnthropicStream>[0] = PLAIN): Said {
  const said: Said = { chunks: [], begun: [], ends: [] }
  const take = readAnthropicStream(as, 200, {
    begin: (first) => said.begun.push(first),
    chunk: (data) => said.chunks.push(JSON.parse(data) as Fields),
    end: (failure) => said.ends.push(failure),
  })
  for (const event of events) take(typeof event === 'string' ? { data: event } : { data: JSON.stringify(event) })
  return said
}

const deltasOf = ({ chunks }: Said): Fields[] =>
  chunks.flatMap((chunk) => (chunk.choices as Choice[]).map(({ delta }) => delta))
const finishOf = ({ chunks }: Said) =>
  chunks.flatMap((chunk) => (chunk.choices as Choice[]).filter(({ finish_reason }) => finish_reason !== null))

const START = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude', usage: { input_tokens: 5, output_tokens: 1 } },
}
const open = (index: number, content_block: Fields) => ({ type: 'content_block_start', index, content_block })
const delta = (index: number, given: Fields) => ({ type: 'content_block_delta', index, delta: given })
const close = (index: number) => ({ type: 'content_block_stop', index })
const stop = (stop_reason: string, usage: Fields = { output_tokens: 9 }) => ({
  type: 'message_delta',
  delta: { stop_reason },
  usage,
})
const STOP = { type: 'message_stop' }

describe('a stream', () => {
  test('begins with the first thing said, so that one which fails before it can go elsewhere', () => {
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    const failed = read([START, { type: 'ping' }, overloaded])
    expect(failed.begun).toEqual([])
    expect(failed.ends).toMatchObject([{ kind: 'status', status: 529, code: 'overloaded_error' }])
    expect(read([START, open(0, { type: 'text', text: '' })]).begun).toEqual([{ id: 'msg_1' }])
  })

  test('tells the input first and marks it as such, and all of it at the end', () => {
    const { chunks } = read([START, stop('end_turn', { input_tokens: 7, output_tokens: 9 }), STOP])
    const usages = chunks.filter(({ usage }) => usage !== undefined)
    expect(usages).toMatchObject([
      { choices: [], message: {}, usage: { input_tokens: 5, output_tokens: 1 } },
      { choices: [], usage: { input_tokens: 7, output_tokens: 9 } },
    ])
    expect(usages[1]).not.toHaveProperty('message')
  })

  test('keeps the provider’s counts as they were written', () => {
    const lines: string[] = []
    const out = { begin() {}, end() {}, chunk: (data: string) => lines.push(data) }
    const usage = '{ "output_tokens": 1e400, "input_tokens": 12345678901234567890 }'
    readAnthropicStream(PLAIN, 200, out)({ data: `{"type":"message_delta","usage":${usage}}` })
    expect(lines.join()).toContain(usage)
  })

  test('gives a call without arguments an object to parse', () => {
    const said = read([
      START,
      open(0, { type: 'tool_use', id: 't', name: 'now', input: {} }),
      close(0),
      stop('tool_use'),
      STOP,
    ])
    const pieces = deltasOf(said).flatMap(
      ({ tool_calls }) => (tool_calls ?? []) as { index: number; function: Fields }[],
    )
    expect(pieces.map((piece) => [piece.index, piece.function.arguments])).toEqual([
      [0, ''],
      [0, '{}'],
    ])
    expect(finishOf(said)).toMatchObject([{ finish_reason: 'tool_calls', native_finish_reason: 'tool_use' }])
  })

  test('gives the input of the answer’s tool as the answer', () => {
    const said = read(
      [
        START,
        open(0, { type: 'tool_use', id: 't', name: 'answer', input: {} }),
        delta(0, { type: 'input_json_delta', partial_json: '{"a":' }),
        delta(0, { type: 'input_json_delta', partial_json: '1}' }),
        close(0),
        stop('tool_use'),
        STOP,
      ],
      { ...PLAIN, answerTool: 'answer' },
    )
    expect(
      deltasOf(said)
        .map(({ content }) => content ?? '')
        .join(''),
    ).toBe('{"a":1}')
    expect(finishOf(said)).toMatchObject([{ finish_reason: 'stop' }])
  })

  test('keeps thoughts to itself where the client does not want them', () => {
    const thoughts = [
      open(0, { type: 'thinking', thinking: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'Hm' }),
      delta(0, { type: 'signature_delta', signature: 's' }),
      open(1, { type: 'redacted_thinking', data: 'x' }),
    ]
    expect(deltasOf(read([START, ...thoughts]))).toHaveLength(4)
    expect(deltasOf(read([START, ...thoughts], { ...PLAIN, hidesReasoning: true, native: false }))).toHaveLength(1)
  })

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['something_new', 'stop'],
  ])('stops for %s: %s', (native, reason) => {
    expect(finishOf(read([START, stop(native), STOP]))).toMatchObject([
      { finish_reason: reason, native_finish_reason: native },
    ])
  })

  test('is complete by its last event alone', () => {
    expect(read([START, stop('end_turn')]).ends).toEqual([])
    expect(read([START, stop('end_turn'), STOP]).ends).toEqual([undefined])
  })

  test('follows blocks in any order, twice opened, never opened or unknown', () => {
    const said = read([
      delta(7, { type: 'text_delta', text: 'a' }),
      open(1, { type: 'text', text: 'b' }),
      open(1, { type: 'text', text: 'c' }),
      delta(3, { type: 'input_json_delta', partial_json: '{' }),
      open(2, { type: 'holograph', data: [1] }),
      delta(2, { type: 'holograph_delta' }),
      { type: 'thread_created' },
      close(9),
      START,
      START,
      stop('end_turn'),
      STOP,
    ])
    expect(
      deltasOf(said)
        .map(({ content }) => content ?? '')
        .join(''),
    ).toBe('abc')
    expect(said.ends).toEqual([undefined])
  })

  test.each(['{', '[]', 'null', '"x"', ''])('%j in place of an event ends it', (data) => {
    expect(read([START, data]).ends).toMatchObject([{ kind: 'invalid' }])
  })
})

const TYPES = ['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta']
const DELTAS = ['text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta', 'citations_delta']
const BLOCKS = ['text', 'thinking', 'redacted_thinking', 'tool_use', 'server_tool_use', 'web_search_tool_result']
const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.integer({ min: -2, max: 3 }), fc.constant(1e300))
const given = fc.record(
  {
    type: fc.oneof(fc.constantFrom(...DELTAS, ...BLOCKS), odd),
    ...Object.fromEntries(
      [
        'text',
        'thinking',
        'signature',
        'partial_json',
        'citation',
        'citations',
        'input',
        'id',
        'name',
        'data',
        'stop_reason',
      ].map((name) => [name, fc.oneof(fc.string(), odd)]),
    ),
  },
  { requiredKeys: ['type'] },
)
const hostile = fc.record(
  {
    type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...TYPES) }, { weight: 1, arbitrary: odd }),
    index: odd,
    message: odd,
    content_block: fc.oneof(given, odd),
    delta: fc.oneof(given, odd),
    usage: odd,
  },
  { requiredKeys: ['type'] },
)

test('no events, whatever they say, break the reader, and all that comes of them are chunks', () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 30 }), (events) => {
      for (const { choices } of read(events).chunks) expect(Array.isArray(choices)).toBe(true)
    }),
    { seed: seedOfRun(), numRuns: 300 },
  )
})

test('no reply, whatever it says, breaks the reader: it is a completion with a choice, or none', () => {
  const reply = fc.record(
    {
      content: fc.oneof(fc.array(fc.oneof(given, odd)), odd),
      stop_reason: odd,
      usage: odd,
      id: odd,
      stop_details: odd,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(reply, odd), (value) => {
      const completion = completionOf(JSON.stringify(value), { answerTool: 'a', hidesReasoning: false, native: false })
      if (completion) expect(JSON.parse(completion.body).choices).toHaveLength(1)
    }),
    { seed: seedOfRun(), numRuns: 300 },
  )
})
