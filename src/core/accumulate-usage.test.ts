import { describe, expect, test } from 'vitest'
import { createUsageAccumulator } from './accumulate-usage.ts'
import type { UsageReading } from './usage-shapes.ts'

describe('the last usage of a stream is the usage', () => {
  test('a chunk with usage replaces what came before, nothing is added up', () => {
    const first = { usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 } }
    const last = { choices: [], usage: { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 } }
    expect(accumulated('vllm', [first, { choices: [{}], usage: null }, last])).toEqual(last.usage)
  })

  test.each<[UsageReading, unknown, object]>([
    ['groq', { x_groq: { usage: { prompt_tokens: 1 } } }, { prompt_tokens: 1 }],
    ['moonshot', { choices: [{ index: 0, usage: { prompt_tokens: 1 } }] }, { prompt_tokens: 1 }],
    ['ollama', { done: true, eval_count: 4 }, { done: true, eval_count: 4 }],
    ['bedrock', { metadata: { usage: { inputTokens: 2 } } }, { inputTokens: 2 }],
    [
      'openai-responses',
      { type: 'response.incomplete', response: { usage: { input_tokens: 3 } } },
      { input_tokens: 3 },
    ],
    ['cohere', { delta: { usage: { billed_units: { input_tokens: 1 } } } }, { billed_units: { input_tokens: 1 } }],
    ['openai-chat', { prompt_tokens: 8 }, { prompt_tokens: 8 }],
  ])('%s: usage is found in %j', (reading, event, expected) => {
    expect(accumulated(reading, [event])).toEqual(expected)
  })

  test('events without usage change nothing', () => {
    const accumulator = createUsageAccumulator('openai-chat')
    for (const event of [undefined, null, 'x', [], {}, { choices: [], usage: null }, { done: false }])
      accumulator.add(event)
    expect(accumulator.raw()).toBeUndefined()
    expect(accumulator.outputReported()).toBe(false)
  })
})

describe('cumulative fields are merged, the last that says something wins', () => {
  const start = {
    type: 'message_start',
    message: { usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 2, service_tier: 'standard' } },
  }

  test('a cut before the first delta leaves the input exact and the output unreported', () => {
    const accumulator = createUsageAccumulator('anthropic')
    accumulator.add(start)
    expect(accumulator.raw()).toMatchObject({ input_tokens: 10, cache_read_input_tokens: 4 })
    expect(accumulator.outputReported()).toBe(false)
  })

  test('the placeholder of the opening event is void once a delta came', () => {
    expect(accumulated('anthropic', [start, { type: 'message_delta', usage: { output_tokens: null } }])).toEqual({
      input_tokens: 10,
      cache_read_input_tokens: 4,
      service_tier: 'standard',
      output_tokens: null,
    })
  })

  test('a delta may restate the input, and null says nothing', () => {
    const delta = {
      input_tokens: 90,
      cache_read_input_tokens: null,
      output_tokens: 5,
      server_tool_use: { web_search_requests: 1 },
    }
    expect(accumulated('anthropic', [start, { type: 'message_delta', usage: delta }])).toEqual({
      input_tokens: 90,
      cache_read_input_tokens: 4,
      output_tokens: 5,
      service_tier: 'standard',
      server_tool_use: { web_search_requests: 1 },
    })
  })

  test('Gemini: a field that a later chunk leaves out keeps its value', () => {
    const chunks = [
      { usageMetadata: { promptTokenCount: 7, cachedContentTokenCount: 3, candidatesTokenCount: 1 } },
      { usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 12 } },
    ]
    expect(accumulated('gemini', chunks)).toEqual({
      promptTokenCount: 7,
      cachedContentTokenCount: 3,
      candidatesTokenCount: 12,
    })
  })

  test('the counts that Amazon puts beside a vendor event are kept', () => {
    const metrics = { inputTokenCount: 5, outputTokenCount: 6 }
    expect(accumulated('anthropic', [{ type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics }])).toEqual({
      'amazon-bedrock-invocationMetrics': metrics,
    })
  })
})

test('the answers of one realtime connection are added up', () => {
  const done = (tokens: number) => ({
    type: 'response.done',
    response: { usage: { input_tokens: tokens, input_token_details: { audio_tokens: tokens } } },
  })
  expect(accumulated('openai-modality', [done(3), done(4)])).toEqual({
    input_tokens: 7,
    input_token_details: { audio_tokens: 7 },
  })
})

test('an upstream cannot fill the memory with members, nor reach a prototype', () => {
  const accumulator = createUsageAccumulator('gemini')
  for (let i = 0; i < 500; i++) accumulator.add({ usageMetadata: { [`x${i}`]: 1 } })
  accumulator.add(JSON.parse('{"usageMetadata": {"__proto__": {"polluted": 1}}}'))
  expect(Object.keys(accumulator.raw() as object).length).toBeLessThanOrEqual(100)
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

function accumulated(reading: UsageReading, events: readonly unknown[]): unknown {
  const accumulator = createUsageAccumulator(reading)
  for (const event of events) accumulator.add(event)
  return accumulator.raw()
}
