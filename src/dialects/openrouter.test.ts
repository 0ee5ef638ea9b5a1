import { describe, expect, test } from 'vitest'
import { errors, refuse } from '../contract/errors.ts'
import { newChunkState, type ReplyContext } from './dialect.ts'
import { openrouter } from './openrouter.ts'
import { settledCall } from './settled-fixture.ts'

const nano: ReplyContext = {
  id: 'gen-1790139785-0aB3dE6gH9jK2mN5pQ8s',
  requestId: 'e7d2ff652d84410f903aef33d7f6471e',
  created: 1790139785,
  model: 'openai/gpt-4.1-nano',
  provider: 'OpenAI',
  api: 'chat',
  promptTokens: 94,
  asked: false,
  includeUsage: false,
  usageChoices: 'repeat',
}
const nanoCall = settledCall({
  counts: { input: '63', output: '6' },
  rates: { input: '0.10', output: '0.40' },
  discountPercent: '1',
})
const details = (reasoning: number) =>
  `"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0,"audio_tokens":0,"video_tokens":0},"completion_tokens_details":{"reasoning_tokens":${reasoning},"image_tokens":0,"audio_tokens":0}`
const nanoUsage = `{"prompt_tokens":63,"completion_tokens":6,"total_tokens":69,"cost":0.000008613,"is_byok":false,${details(0)},"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.0000063,"upstream_inference_completions_cost":0.0000024}}`

describe('a whole reply on /api/v1', () => {
  const upstream =
    '{"id":"chatcmpl-9","model":"gpt-4.1-nano-2025","object":"chat.completion","created":1790139785,"system_fingerprint":null,"service_tier":"default","choices":[{"index":0,"logprobs":null,"finish_reason":"stop","native_finish_reason":"completed","message":{"role":"assistant","content":"Four.","refusal":null,"reasoning":null}}],"usage":{"prompt_tokens":63,"completion_tokens":6,"total_tokens":69,"cost":7}}'

  test('is the provider’s body with our identity, the provider and money, byte for byte', () => {
    expect(openrouter.reply(upstream, nano, nanoCall)).toBe(
      `{"id":"gen-1790139785-0aB3dE6gH9jK2mN5pQ8s","model":"openai/gpt-4.1-nano","provider":"OpenAI","object":"chat.completion","created":1790139785,"system_fingerprint":null,"service_tier":"default","choices":[{"index":0,"logprobs":null,"finish_reason":"stop","native_finish_reason":"completed","message":{"role":"assistant","content":"Four.","refusal":null,"reasoning":null}}],"usage":${nanoUsage}}`,
    )
  })

  test('has every key its clients need, however little the provider sent', () => {
    const body =
      '{"provider":"theirs","choices":[{"finish_reason":"stop","message":{"content":"hi"}},{"message":{"content":"ho"}}]}'
    expect(JSON.parse(openrouter.reply(body, nano, nanoCall))).toEqual({
      id: nano.id,
      object: 'chat.completion',
      created: 1790139785,
      model: 'openai/gpt-4.1-nano',
      provider: 'OpenAI',
      system_fingerprint: null,
      service_tier: null,
      choices: [
        {
          index: 0,
          logprobs: null,
          finish_reason: 'stop',
          native_finish_reason: 'stop',
          message: { role: 'assistant', content: 'hi' },
        },
        {
          index: 1,
          logprobs: null,
          finish_reason: null,
          native_finish_reason: null,
          message: { role: 'assistant', content: 'ho' },
        },
      ],
      usage: JSON.parse(nanoUsage),
    })
  })

  test('has no null where null breaks a client', () => {
    const reply = JSON.parse(openrouter.reply(upstream, nano, nanoCall))
    const { cost_details, ...usage } = reply.usage
    expect(JSON.stringify([reply.id, reply.model, reply.provider, usage])).not.toContain('null')
    expect(cost_details.upstream_inference_prompt_cost).toBe(0.0000063)
    expect(cost_details.upstream_inference_completions_cost).toBe(0.0000024)
  })

  test('on the customer’s own credential states the fee as cost and what the provider takes beside it', () => {
    const call = settledCall({
      counts: { input: '194', output: '25' },
      rates: { input: '50000', output: '372000' },
      byokFeePercent: '5',
    })
    const reply = openrouter.reply('{"choices":[]}', nano, call)
    expect(reply).toContain(
      `"usage":{"prompt_tokens":194,"completion_tokens":25,"total_tokens":219,"cost":0.95,"is_byok":true,${details(0)},"cost_details":{"upstream_inference_cost":19,"upstream_inference_prompt_cost":9.7,"upstream_inference_completions_cost":9.3}}`,
    )
  })

  test('counts the calls of server tools in both places once a tool ran', () => {
    const call = settledCall({ counts: { input: '10', web_search: '2' }, rates: { input: '1', web_search: '0.01' } })
    const { usage } = JSON.parse(openrouter.reply('{"choices":[]}', nano, call))
    expect(usage.cost_details.server_tool_cost).toBe(0.02)
    expect(usage.server_tool_use_details).toMatchObject({ web_search_requests: 2 })
    expect(usage.server_tool_use).toEqual(usage.server_tool_use_details)
  })

  test('leaves usage out where it is unknown, cost where there is no price, and says what was estimated', () => {
    const unknown = openrouter.reply(upstream, nano, { ...nanoCall, source: 'unknown' })
    expect(JSON.parse(unknown)).not.toHaveProperty('usage')
    const unpriced = JSON.parse(openrouter.reply(upstream, nano, settledCall({ counts: { input: '3' }, rates: {} })))
    expect(unpriced.usage).not.toHaveProperty('cost')
    expect(unpriced.usage).not.toHaveProperty('cost_details')
    const estimated = JSON.parse(openrouter.reply(upstream, nano, { ...nanoCall, source: 'estimated' }))
    expect(estimated.usage.usage_source).toBe('estimated')
  })

  test('that the provider cut off midway is delivered, with the error in its first choice', () => {
    const body = '{"choices":[{"index":0,"finish_reason":null,"message":{"role":"assistant","content":"Fo"}}]}'
    const { choices } = JSON.parse(openrouter.reply(body, nano, nanoCall, refuse('provider_error')))
    expect(choices[0]).toMatchObject({
      finish_reason: 'error',
      native_finish_reason: null,
      error: { code: 502, message: 'Provider returned error', metadata: { error_type: 'provider_unavailable' } },
      message: { content: 'Fo' },
    })
  })

  test.each([
    ['"function_call"', 'tool_calls', 'function_call'],
    ['"MAX_TOKENS"', 'length', 'MAX_TOKENS'],
    ['"SAFETY"', 'content_filter', 'SAFETY'],
    ['"error"', 'error', 'error'],
    ['"eos"', 'stop', 'eos'],
    ['"constructor"', 'stop', 'constructor'],
    ['""', null, null],
    ['null', null, null],
  ])('puts the finish reason %s as %s beside the provider’s own', (stated, reason, native) => {
    const { choices } = JSON.parse(
      openrouter.reply(`{"choices":[{"index":0,"finish_reason":${stated}}]}`, nano, nanoCall),
    )
    expect(choices[0]).toMatchObject({ finish_reason: reason, native_finish_reason: native })
  })

  test('of legacy completions has text and no message', () => {
    const reply = JSON.parse(
      openrouter.reply('{"choices":[{"text":"hi","finish_reason":"stop"}]}', { ...nano, api: 'completions' }, nanoCall),
    )
    expect(reply.object).toBe('text_completion')
    expect(reply.choices[0]).toEqual({
      text: 'hi',
      finish_reason: 'stop',
      native_finish_reason: 'stop',
      index: 0,
      logprobs: null,
    })
  })
})

describe('a stream on /api/v1', () => {
  const oss: ReplyContext = {
    ...nano,
    id: 'gen-1773000000-aZ1bY2cX3dW4eV5fU6gT',
    created: 1773000000,
    model: 'openai/gpt-oss-20b',
    provider: 'DeepInfra',
  }
  const head =
    '{"id":"gen-1773000000-aZ1bY2cX3dW4eV5fU6gT","object":"chat.completion.chunk","created":1773000000,"model":"openai/gpt-oss-20b","provider":"DeepInfra",'
  const ossCall = settledCall({
    counts: { input: '94', output: '11', output_reasoning: '4' },
    rates: { input: '0.07', output: '0.15' },
    discountPercent: '1',
  })
  const upstream = [
    '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}],"usage":null,"system_fingerprint":null}',
    '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]}',
    '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":94,"estimated_cost":0.1}}',
  ]

  test('passes its chunks, holds usage back and ends with the finish choice again, byte for byte', () => {
    const state = newChunkState()
    expect(upstream.map((data) => openrouter.chunk(data, oss, state))).toEqual([
      `${head}"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null,"native_finish_reason":null}]}`,
      `${head}"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop","native_finish_reason":"stop"}]}`,
      undefined,
    ])
    expect(openrouter.usageEvent(oss, state, ossCall)).toBe(
      `${head}"service_tier":null,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop","native_finish_reason":"stop"}],"usage":{"prompt_tokens":94,"completion_tokens":15,"total_tokens":109,"cost":0.0000087417,"is_byok":false,${details(4)},"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.00000658,"upstream_inference_completions_cost":0.00000225}}}`,
    )
  })

  test('has what clients read in every chunk, and the fingerprint where there is one', () => {
    const chunk =
      openrouter.chunk('{"choices":[{"delta":null}],"system_fingerprint":"fp_1"}', oss, newChunkState()) ?? ''
    expect(JSON.parse(chunk)).toEqual({
      id: oss.id,
      object: 'chat.completion.chunk',
      created: 1773000000,
      model: oss.model,
      provider: 'DeepInfra',
      system_fingerprint: 'fp_1',
      choices: [{ index: 0, delta: {}, finish_reason: null, native_finish_reason: null }],
    })
    expect(JSON.parse(openrouter.chunk('{"x":1}', oss, newChunkState()) ?? '').choices).toEqual([])
  })

  test('has a choice with a delta in its usage event, even where nothing finished; none by header', () => {
    const event = (usageChoices: 'empty' | 'repeat') =>
      openrouter.usageEvent({ ...oss, usageChoices }, newChunkState(), ossCall) ?? ''
    expect(JSON.parse(event('repeat')).choices[0]).toEqual({
      index: 0,
      delta: { role: 'assistant', content: '' },
      finish_reason: null,
      native_finish_reason: null,
    })
    expect(JSON.parse(event('empty')).choices).toEqual([])
  })

  test('names our provider once, in whichever chunks the upstream names one', () => {
    const state = newChunkState()
    for (const data of ['{"choices":[]}', '{"provider":"theirs","choices":[]}', '{"choices":[],"provider":null}']) {
      expect(openrouter.chunk(data, oss, state)?.match(/"provider":"DeepInfra"/g)).toHaveLength(1)
    }
  })

  test('tells the tier that the provider told', () => {
    const state = newChunkState()
    openrouter.chunk('{"choices":[],"service_tier":"flex"}', oss, state)
    expect(JSON.parse(openrouter.usageEvent(oss, state, ossCall) ?? '').service_tier).toBe('flex')
  })

  test('that fails after its first token carries error and usage in one event, byte for byte', () => {
    const cut = settledCall({
      counts: { input: '63', output: '3' },
      rates: { input: '0.10', output: '0.40' },
      insured: true,
    })
    const context = { ...nano, id: 'gen-1790139790-Kp3sD8fG1hJ6kL0zX5cV', created: 1790139790 }
    expect(openrouter.errorEvent(refuse('provider_error'), context, newChunkState(), cut)).toBe(
      `{"id":"gen-1790139790-Kp3sD8fG1hJ6kL0zX5cV","object":"chat.completion.chunk","created":1790139790,"model":"openai/gpt-4.1-nano","provider":"OpenAI","error":{"code":502,"message":"Provider returned error","metadata":{"error_type":"provider_unavailable"}},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error","native_finish_reason":null}],"usage":{"prompt_tokens":63,"completion_tokens":3,"total_tokens":66,"cost":0,"is_byok":false,${details(0)},"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.0000063,"upstream_inference_completions_cost":0.0000012}}}`,
    )
  })

  test('of data that is not JSON is the provider’s failure', () => {
    expect(() => openrouter.chunk('{"choices":[', oss, newChunkState())).toThrow(
      expect.objectContaining({ code: 'provider_error' }),
    )
  })
})

describe('an error on /api/v1', () => {
  const ids = { requestId: 'e7d2ff652d84410f903aef33d7f6471e' }

  test('about a model that does not exist, byte for byte', () => {
    const refused = refuse('model_not_found', undefined, {
      param: 'model',
      reason: { kind: 'unknown_model', model: 'acme/fake-1.0' },
    })
    const { status, body } = openrouter.error(refused, ids)
    expect(status).toBe(400)
    expect(body).toBe(
      '{"error":{"code":400,"message":"acme/fake-1.0 is not a valid model ID","metadata":{"error_type":"invalid_request"}}}',
    )
  })

  test('has the status as an integer code and an error type, whatever the code', () => {
    for (const code of Object.keys(errors) as (keyof typeof errors)[]) {
      const { status, body } = openrouter.error(refuse(code), ids)
      expect(JSON.parse(body)).toEqual({
        error: {
          code: status,
          message: expect.stringMatching(/./),
          metadata: { error_type: expect.stringMatching(/^[a-z_]+$/) },
        },
      })
    }
  })

  test.each([
    ['invalid_api_key', 401, 'Missing Authentication header'],
    ['not_found', 404, 'Resource not found'],
    ['generation_not_found', 404, 'Resource not found'],
    ['request_timeout', 408, 'Operation timed out. Please try again later.'],
    ['payload_too_large', 413, 'Request payload too large'],
    ['rate_limit_exceeded', 429, 'Rate limit exceeded'],
    ['internal_error', 500, 'Internal Server Error'],
    ['provider_error', 502, 'Provider returned error'],
    ['service_unavailable', 503, 'Service temporarily unavailable'],
    ['provider_timeout', 524, 'Request timed out. Please try again later.'],
  ] as const)('%s without a sentence of its own is %i "%s"', (code, status, message) => {
    const reply = openrouter.error(refuse(code), ids)
    expect(reply.status).toBe(status)
    expect(JSON.parse(reply.body).error).toMatchObject({ code: status, message })
  })

  test('passes the provider’s words with a 4xx and never with a 5xx', () => {
    const extras = {
      providerName: 'OpenAI',
      providerCode: 'bad',
      raw: '{"secret":1}',
      previousErrors: [{ code: 429, message: 'Rate limit exceeded' }],
    }
    const metadata = (refused: ReturnType<typeof refuse>) =>
      JSON.parse(openrouter.error(refused, ids).body).error.metadata
    expect(metadata(refuse('invalid_request', 'too hot', extras))).toEqual({
      error_type: 'invalid_request',
      provider_name: 'OpenAI',
      provider_code: 'bad',
      raw: '{"secret":1}',
      previous_errors: [{ code: 429, message: 'Rate limit exceeded' }],
    })
    expect(metadata(refuse('provider_error', undefined, extras))).not.toHaveProperty('raw')
  })
})
