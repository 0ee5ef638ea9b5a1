import { describe, expect, test } from 'vitest'
import { errors, refuse } from '../contract/errors.ts'
import { newChunkState } from './dialect.ts'
import { openai } from './openai.ts'
import { grokCall, grokContext, settledCall } from './settled-fixture.ts'

const grokBody =
  '{"id":"chatcmpl-5f0c","object":"chat.completion","created":1763949830,"model":"grok-4-1-fast-non-reasoning-0815","service_tier":null,"system_fingerprint":"fp_80e0751284","choices":[{"index":0,"logprobs":null,"finish_reason":"stop","message":{"role":"assistant","content":"**Paris** is the capital of France.","refusal":null}}],"usage":{"prompt_tokens":175,"completion_tokens":80,"total_tokens":255,"prompt_tokens_details":{"text_tokens":175,"audio_tokens":0,"image_tokens":0,"cached_tokens":161},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0},"num_sources_used":0,"cost_in_usd_ticks":508500,"cost":0.000051}}'

const grokUsage =
  '"prompt_tokens":175,"completion_tokens":80,"total_tokens":255,"prompt_tokens_details":{"cached_tokens":161,"cache_write_tokens":0,"audio_tokens":0,"image_tokens":0,"text_tokens":175,"video_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"image_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}'
const grokMoney =
  '"cost":0.00005085,"cost_details":{"audio_cost":0,"cache_prompt_cost":0.00000805,"cache_write_cost":0,"generation_cost":0,"image_cost":0,"input_prompt_cost":0.0000028,"output_prompt_cost":0.00004,"tools_cost":0,"video_cost":0},"request_id":"e7d2ff652d84410f903aef33d7f6471e"'
const unasked = { ...grokContext, asked: false }

describe('a whole reply on /v1', () => {
  test('is the provider’s body with our id, usage and money, byte for byte', () => {
    expect(openai.reply(grokBody, grokContext, grokCall)).toBe(
      `{"id":"gen-1763949831-7hT2kQ9wXz4LmB6vN1cR","object":"chat.completion","created":1763949831,"model":"grok-4-1-fast-non-reasoning","service_tier":null,"system_fingerprint":"fp_80e0751284","choices":[{"index":0,"logprobs":null,"finish_reason":"stop","message":{"role":"assistant","content":"**Paris** is the capital of France.","refusal":null}}],"usage":{${grokUsage},"num_sources_used":0,"cost":0.00005085},${grokMoney}}`,
    )
  })

  test('has usage without any money unless it was asked for', () => {
    const reply = JSON.parse(openai.reply(grokBody, unasked, grokCall))
    expect(reply.usage).toMatchObject({ total_tokens: 255, num_sources_used: 0 })
    for (const name of ['cost', 'cost_details', 'is_byok', 'cost_in_usd_ticks', 'request_id']) {
      expect(reply).not.toHaveProperty(name)
      expect(reply.usage).not.toHaveProperty(name)
    }
  })

  test('never passes the money of the provider, wherever it stands', () => {
    const body =
      '{"cost":9,"is_byok":true,"cost_details":{"x":9},"cost_in_usd_ticks":9,"choices":[],"usage":{"cost":{"total_cost":9},"is_byok":true,"estimated_cost":9}}'
    expect(openai.reply(body, grokContext, grokCall)).not.toMatch(/9[,}]|is_byok|ticks/)
  })

  test('leaves usage and cost out where usage is unknown, and only then', () => {
    const unknown = openai.reply(grokBody, grokContext, { ...grokCall, usage: undefined, source: 'unknown' })
    expect(JSON.parse(unknown)).not.toHaveProperty('usage')
    expect(JSON.parse(unknown)).not.toHaveProperty('cost')
    const estimated = { ...grokCall, source: 'estimated' as const }
    expect(JSON.parse(openai.reply('{"choices":[]}', unasked, estimated)).usage).toMatchObject({
      total_tokens: 255,
      usage_source: 'estimated',
    })
  })

  test('leaves the cost out where nothing has a price', () => {
    const reply = JSON.parse(openai.reply(grokBody, grokContext, settledCall({ counts: { input: '3' }, rates: {} })))
    expect(reply.usage.prompt_tokens).toBe(3)
    expect(reply).not.toHaveProperty('cost')
    expect(reply.usage).not.toHaveProperty('cost')
  })

  test('that the provider cut off midway is delivered, with the error in its first choice', () => {
    const body =
      '{"choices":[{"index":0,"finish_reason":null,"message":{"content":"Fo"}},{"index":1,"finish_reason":"stop"}]}'
    const { choices } = JSON.parse(openai.reply(body, grokContext, grokCall, refuse('provider_error')))
    expect(choices).toEqual([
      {
        index: 0,
        finish_reason: 'error',
        message: { content: 'Fo' },
        error: { message: 'Provider returned error', type: 'api_error', param: null, code: 'provider_error' },
      },
      { index: 1, finish_reason: 'stop' },
    ])
  })

  test('keeps the prediction counts of the provider', () => {
    const body = '{"choices":[],"usage":{"completion_tokens_details":{"accepted_prediction_tokens":7}}}'
    const { usage } = JSON.parse(openai.reply(body, grokContext, grokCall))
    expect(usage.completion_tokens_details.accepted_prediction_tokens).toBe(7)
  })

  test('states object and created where the provider does not', () => {
    expect(JSON.parse(openai.reply('{"choices":[]}', grokContext, grokCall))).toMatchObject({
      object: 'chat.completion',
      created: 1763949831,
    })
    const text = { ...grokContext, api: 'completions' as const }
    expect(JSON.parse(openai.reply('{"choices":[]}', text, grokCall)).object).toBe('text_completion')
  })

  test.each(['<html>bad gateway</html>', '', '[]', '{"choices":[', '{"id":NaN}'])(
    'of %j is the provider’s failure',
    (body) => {
      expect(() => openai.reply(body, grokContext, grokCall)).toThrow(
        expect.objectContaining({ code: 'provider_error' }),
      )
    },
  )
})

describe('a stream on /v1', () => {
  const first =
    '{"id":"chatcmpl-5f0c","object":"chat.completion.chunk","created":1763949830,"model":"grok","system_fingerprint":null,"choices":[{"index":0,"delta":{"role":"assistant","content":"Pa"},"finish_reason":null}],"usage":null,"request_id":"theirs"}'
  const last =
    '{"id":"chatcmpl-5f0c","choices":[{"index":0,"delta":{},"finish_reason":"function_call"}],"usage":{"prompt_tokens":175}}'

  test('has no usage key in its chunks, null or not, and no request id', () => {
    const state = newChunkState()
    expect(openai.chunk(first, grokContext, state)).toBe(
      '{"id":"gen-1763949831-7hT2kQ9wXz4LmB6vN1cR","object":"chat.completion.chunk","created":1763949831,"model":"grok-4-1-fast-non-reasoning","system_fingerprint":null,"choices":[{"index":0,"delta":{"role":"assistant","content":"Pa"},"finish_reason":null}]}',
    )
    expect(JSON.parse(openai.chunk(last, grokContext, state) ?? '')).toEqual({
      id: grokContext.id,
      object: 'chat.completion.chunk',
      created: 1763949831,
      model: grokContext.model,
      choices: [{ index: 0, delta: {}, finish_reason: 'function_call' }],
    })
  })

  test('remembers which choices finished, and why', () => {
    const state = newChunkState()
    openai.chunk(first, grokContext, state)
    expect(state.finishedChoices.size).toBe(0)
    openai.chunk(last, grokContext, state)
    openai.chunk('{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}', grokContext, state)
    expect([...state.finishedChoices]).toEqual([0, 1])
    expect(state.finish).toEqual({ index: 1, stated: 'length', reason: 'length', native: 'length' })
  })

  test('keeps the usage-only chunk of the provider back, in either form', () => {
    const state = newChunkState()
    openai.chunk(last, grokContext, state)
    expect(openai.chunk('{"id":"x","choices":[ ],"usage":{"prompt_tokens":1}}', grokContext, state)).toBeUndefined()
    expect(openai.chunk('{"id":"x","usage":{"prompt_tokens":1}}', grokContext, state)).toBeUndefined()
    expect(openai.chunk(last, grokContext, state)).toBeUndefined()
    expect(openai.chunk('{"choices":[],"prompt_filter_results":[]}', grokContext, state)).toContain(
      'prompt_filter_results',
    )
  })

  test('ends with the usage event, byte for byte', () => {
    expect(openai.usageEvent(grokContext, newChunkState(), grokCall)).toBe(
      `{"id":"gen-1763949831-7hT2kQ9wXz4LmB6vN1cR","object":"chat.completion.chunk","created":1763949831,"model":"grok-4-1-fast-non-reasoning","choices":[],"usage":{${grokUsage},"cost":0.00005085},${grokMoney}}`,
    )
  })

  test('sends the usage event if either option is set, and its money if usage.include is', () => {
    const state = newChunkState()
    const event = (asked: boolean, includeUsage: boolean) =>
      openai.usageEvent({ ...grokContext, asked, includeUsage }, state, grokCall)
    expect(event(false, false)).toBeUndefined()
    expect(event(false, true)).toContain('"usage"')
    expect(event(false, true)).not.toMatch(/cost|request_id/)
    expect(event(true, false)).toContain('"cost":0.00005085')
  })

  test('repeats the finish choice in the usage event if the header says so', () => {
    const state = newChunkState()
    openai.chunk(last, grokContext, state)
    const event = openai.usageEvent({ ...grokContext, usageChoices: 'repeat' }, state, grokCall) ?? ''
    expect(JSON.parse(event).choices).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: 'function_call' },
    ])
  })

  test('carries the other members of the provider’s usage to the usage event', () => {
    const state = newChunkState()
    openai.chunk(
      '{"choices":[],"usage":{"prompt_tokens":1,"num_sources_used":12345678901234567890,"cost":3}}',
      grokContext,
      state,
    )
    expect(openai.usageEvent(unasked, state, grokCall)).toContain(',"num_sources_used":12345678901234567890}')
  })

  test('that fails after its first token says so in one last event, with usage if that was due', () => {
    const state = newChunkState()
    const quiet = { ...unasked, includeUsage: false }
    expect(openai.errorEvent(refuse('provider_error'), quiet, state, grokCall)).toBe(
      '{"id":"gen-1763949831-7hT2kQ9wXz4LmB6vN1cR","object":"chat.completion.chunk","created":1763949831,"model":"grok-4-1-fast-non-reasoning","choices":[{"index":0,"delta":{},"finish_reason":"error"}],"error":{"message":"Provider returned error","type":"api_error","param":null,"code":"provider_error"}}',
    )
    expect(JSON.parse(openai.errorEvent(refuse('provider_error'), grokContext, state, grokCall))).toMatchObject({
      usage: { total_tokens: 255, cost: 0.00005085 },
      cost: 0.00005085,
      request_id: grokContext.requestId,
    })
    expect(openai.errorEvent(refuse('provider_error'), grokContext, state, undefined)).not.toContain('usage')
  })
})

describe('an error on /v1', () => {
  const ids = { requestId: 'e7d2ff652d84410f903aef33d7f6471e' }

  test('about a model that does not exist, byte for byte', () => {
    const refused = refuse('model_not_found', undefined, {
      param: 'model',
      reason: { kind: 'unknown_model', model: 'gpt-99' },
    })
    expect(openai.error(refused, ids)).toEqual({
      status: 404,
      headers: { 'content-type': 'application/json' },
      body: '{"error":{"message":"The model `gpt-99` does not exist","type":"invalid_request_error","param":"model","code":"model_not_found"},"request_id":"e7d2ff652d84410f903aef33d7f6471e"}',
    })
  })

  test('has a message, a type, a param and a code that is text, whatever the code', () => {
    for (const code of Object.keys(errors) as (keyof typeof errors)[]) {
      const { status, body } = openai.error(refuse(code), ids)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(JSON.parse(body)).toEqual({
        error: { message: expect.stringMatching(/./), type: expect.stringMatching(/./), param: null, code },
        request_id: ids.requestId,
      })
    }
  })
})
