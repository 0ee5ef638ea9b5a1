import { describe, expect, test } from 'vitest'
import { geminiRequest } from './gemini-request.ts'
import { UpstreamFailure } from './provider.ts'

const SECOND = 'gemini-2.5-flash'
const THIRD = 'gemini-3.1-pro-preview'
const USER = { role: 'user', content: 'Hello' }
const CONTENTS = [{ role: 'user', parts: [{ text: 'Hello' }] }]

const converted = (chat: object, model = SECOND) => geminiRequest({ messages: [USER], ...chat }, model, undefined)
const bodyOf = (chat: object, model?: string) => converted(chat, model).body
const settings = (chat: object, model?: string) => bodyOf(chat, model).generationConfig
const contentsOf = (messages: object[], model?: string) => bodyOf({ messages }, model).contents as object[]

function refusalOf(chat: object): string | undefined {
  try {
    converted(chat)
    return undefined
  } catch (error) {
    if (error instanceof UpstreamFailure && error.kind === 'unsupported') return error.param
    throw error
  }
}

describe('messages', () => {
  test('a plain question is one turn, and nothing is made up beside it', () => {
    expect(converted({})).toEqual({ body: { contents: CONTENTS }, ignored: [], searches: false, images: false })
  })

  test('instructions stand apart, whoever gives them, and neighbours of a role are one turn', () => {
    const messages = [
      { role: 'system', content: 'Be kind.' },
      { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
      USER,
      { role: 'user', content: [{ type: 'text', text: 'Are you there?' }] },
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: '' },
    ]
    expect(bodyOf({ messages })).toEqual({
      systemInstruction: { parts: [{ text: 'Be kind.' }, { text: 'Be brief.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Hello' }, { text: 'Are you there?' }] },
        { role: 'model', parts: [{ text: 'Yes.' }] },
      ],
    })
  })

  test('an instruction alone is a turn of the user, without which Google answers nothing', () => {
    expect(bodyOf({ messages: [{ role: 'system', content: 'Say something.' }] })).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Say something.' }] }],
    })
  })

  test('media goes as bytes or by its address, with its type where the name tells it', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image_url', image_url: 'https://example.com/cat.JPG?size=1' },
      { type: 'image_url', image_url: { url: 'https://example.com/cat' } },
      { type: 'video_url', video_url: { url: 'gs://bucket/film.mp4' } },
      { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
      { type: 'file', file: { filename: 'notes.txt', file_data: 'DDDD' } },
      { type: 'image_url', image_url: { url: 'data:text/plain,a%20b' } },
    ]
    expect(contentsOf([{ role: 'user', content }])).toEqual([
      {
        role: 'user',
        parts: [
          { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
          { fileData: { mimeType: 'image/jpeg', fileUri: 'https://example.com/cat.JPG?size=1' } },
          { fileData: { fileUri: 'https://example.com/cat' } },
          { fileData: { mimeType: 'video/mp4', fileUri: 'gs://bucket/film.mp4' } },
          { inlineData: { mimeType: 'audio/mp3', data: 'BBBB' } },
          { inlineData: { mimeType: 'application/pdf', data: 'CCCC' } },
          { inlineData: { mimeType: 'text/plain', data: 'DDDD' } },
          { inlineData: { mimeType: 'text/plain', data: 'YSBi' } },
        ],
      },
    ])
  })

  test('a large image is taken as it is', () => {
    const data = 'A'.repeat(4_000_000)
    const content = [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }]
    expect(contentsOf([{ role: 'user', content }])).toEqual([
      { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data } }] },
    ])
  })
})

describe('calls of tools', () => {
  const call = (id: string, name: string, text = '{}') => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  })
  const result = (id: string, content: unknown) => ({ role: 'tool', tool_call_id: id, content })

  test('results go back by the name of the call, in the order of the calls', () => {
    const messages = [
      USER,
      {
        role: 'assistant',
        content: null,
        tool_calls: [call('a', 'get_time'), call('b', 'get_rain'), call('c', 'get_rain')],
      },
      result('c', 'third'),
      result('a', 'first'),
      result('b', [{ type: 'text', text: 'second' }]),
      { role: 'user', content: 'And now?' },
    ]
    expect(contentsOf(messages).slice(1)).toEqual([
      {
        role: 'model',
        parts: ['get_time', 'get_rain', 'get_rain'].map((name) => ({ functionCall: { name, args: {} } })),
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'get_time', response: { output: 'first' } } },
          { functionResponse: { name: 'get_rain', response: { output: 'second' } } },
          { functionResponse: { name: 'get_rain', response: { output: 'third' } } },
          { text: 'And now?' },
        ],
      },
    ])
  })

  test('arguments keep numbers that no double holds', () => {
    const text = '{"id":12345678901234567890,"share":0.1,"large":1e400,"small":7}'
    const messages = [USER, { role: 'assistant', tool_calls: [call('a', 'find', text)] }]
    expect(JSON.stringify(contentsOf(messages))).toContain(`"args":${text}`)
  })

  test('a signature returns to its call, and of other vendors none goes up', () => {
    const reasoning_details = [
      { type: 'reasoning.text', text: 'Hm.', format: 'google-gemini-v1' },
      { type: 'reasoning.encrypted', id: 'b', data: 'SIGNED', format: 'google-gemini-v1' },
      { type: 'reasoning.encrypted', id: 'a', data: 'FOREIGN', format: 'anthropic-claude-v1' },
      { type: 'reasoning.encrypted', data: 'LOOSE', format: 'google-gemini-v1' },
    ]
    const tool_calls = [call('a', 'f'), call('b', 'g')]
    expect(contentsOf([USER, { role: 'assistant', content: 'Well.', tool_calls, reasoning_details }])).toMatchObject([
      {},
      {
        parts: [
          { text: 'Well.', thoughtSignature: 'LOOSE' },
          { functionCall: { name: 'f' } },
          { functionCall: { name: 'g' }, thoughtSignature: 'SIGNED' },
        ],
      },
    ])
    expect(JSON.stringify(contentsOf([USER, { role: 'assistant', tool_calls, reasoning_details }]))).not.toContain(
      'FOREIGN',
    )
  })

  test('a signature in the extra content of a call is one too', () => {
    const signed = { ...call('a', 'f'), extra_content: { google: { thought_signature: 'SIGNED' } } }
    expect(contentsOf([USER, { role: 'assistant', tool_calls: [signed] }])).toMatchObject([
      {},
      { parts: [{ thoughtSignature: 'SIGNED' }] },
    ])
  })

  test('models that insist on signatures and ids get both, and a call of another model says that it has none', () => {
    const messages = [
      USER,
      { role: 'assistant', tool_calls: [call('a', 'f'), call('b', 'f')] },
      result('a', 'x'),
      result('b', 'y'),
    ]
    expect(contentsOf(messages, THIRD).slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'a', name: 'f', args: {} }, thoughtSignature: 'skip_thought_signature_validator' },
          { functionCall: { id: 'b', name: 'f', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'f', response: { output: 'x' } } },
          { functionResponse: { id: 'b', name: 'f', response: { output: 'y' } } },
        ],
      },
    ])
  })

  test('an image that a tool brought stands in its result, or behind it', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
    const messages = [
      USER,
      { role: 'assistant', tool_calls: [call('a', 'f')] },
      result('a', [{ type: 'text', text: 'See' }, image]),
    ]
    const inline = { inlineData: { mimeType: 'image/png', data: 'AAAA' } }
    const response = { name: 'f', response: { output: 'See' } }
    expect(contentsOf(messages).at(2)).toEqual({ role: 'user', parts: [{ functionResponse: response }, inline] })
    expect(contentsOf(messages, THIRD).at(2)).toEqual({
      role: 'user',
      parts: [{ functionResponse: { id: 'a', ...response, parts: [inline] } }],
    })
  })

  test('functions are declared with the schemas that they came with', () => {
    const parameters = {
      type: 'object',
      properties: { place: { anyOf: [{ $ref: '#/$defs/city' }, { type: 'null' }] } },
      $defs: { city: { type: 'string', pattern: '^[A-Z]' } },
      additionalProperties: false,
    }
    const tools = [
      { type: 'function', function: { name: 'f', description: 'Does.', parameters } },
      { type: 'function', function: { name: 'g', parameters: { type: 'object', properties: {} } } },
    ]
    expect(bodyOf({ tools }).tools).toEqual([
      { functionDeclarations: [{ name: 'f', description: 'Does.', parametersJsonSchema: parameters }, { name: 'g' }] },
    ])
  })

  test('the choice among them', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }]
    const allowed = {
      type: 'allowed_tools',
      allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
    }
    const mode = (tool_choice: unknown) => bodyOf({ tools, tool_choice }).toolConfig
    expect(mode('auto')).toBeUndefined()
    expect(mode('none')).toEqual({ functionCallingConfig: { mode: 'NONE' } })
    expect(mode('required')).toEqual({ functionCallingConfig: { mode: 'ANY' } })
    expect(mode({ type: 'function', function: { name: 'f' } })).toEqual({
      functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] },
    })
    expect(mode(allowed)).toEqual({ functionCallingConfig: { mode: 'VALIDATED', allowedFunctionNames: ['f'] } })
  })

  test('searching is a tool of its own', () => {
    const { body, searches, ignored } = converted({ web_search_options: { search_context_size: 'low' } })
    expect(body.tools).toEqual([{ googleSearch: {} }])
    expect({ searches, ignored }).toEqual({ searches: true, ignored: ['web_search_options.search_context_size'] })
    const limited = { web_search_options: { allowed_domains: ['a.example'] } }
    expect(() => converted(limited)).toThrow(/web_search_options.allowed_domains/)
  })
})

describe('settings', () => {
  test('each has its own word', () => {
    const chat = {
      temperature: 0,
      top_p: 0.5,
      top_k: 7,
      seed: 3,
      presence_penalty: 1,
      frequency_penalty: -1,
      n: 2,
      stop: 'x',
    }
    expect(settings({ ...chat, logprobs: true, top_logprobs: 4 })).toEqual({
      temperature: 0,
      topP: 0.5,
      topK: 7,
      seed: 3,
      presencePenalty: 1,
      frequencyPenalty: -1,
      candidateCount: 2,
      stopSequences: ['x'],
      responseLogprobs: true,
      logprobs: 4,
    })
    expect(settings({ n: 1, stop: null, temperature: null, logprobs: false })).toBeUndefined()
  })

  test('of several output limits the smallest holds, ours among them', () => {
    expect(settings({ max_tokens: 9, max_completion_tokens: 7 })).toEqual({ maxOutputTokens: 7 })
    expect(geminiRequest({ messages: [USER] }, SECOND, 5).body.generationConfig).toEqual({ maxOutputTokens: 5 })
  })

  const thinking = (chat: object, model?: string) =>
    (settings(chat, model) as { thinkingConfig?: object })?.thinkingConfig
  test('thinking is bounded by tokens or by level, as the generation has it', () => {
    expect(thinking({})).toBeUndefined()
    expect(thinking({ reasoning_effort: 'low' })).toEqual({ thinkingBudget: 1024, includeThoughts: true })
    expect(thinking({ reasoning: { effort: 'high', exclude: true } }, THIRD)).toEqual({
      thinkingLevel: 'high',
      includeThoughts: false,
    })
    expect(thinking({ reasoning: { effort: 'minimal' } }, THIRD)).toEqual({
      thinkingLevel: 'low',
      includeThoughts: true,
    })
    expect(thinking({ reasoning: { effort: 'minimal' } }, 'gemini-3-flash')).toMatchObject({ thinkingLevel: 'minimal' })
    expect(thinking({ reasoning: { max_tokens: 500 } }, THIRD)).toEqual({ thinkingBudget: 500, includeThoughts: true })
    expect(thinking({ reasoning: { enabled: true } })).toEqual({ includeThoughts: true })
  })

  test('thinking that cannot be turned off is asked to be least, and the client is told', () => {
    expect(thinking({ reasoning_effort: 'none' })).toEqual({ thinkingBudget: 0, includeThoughts: false })
    const { body, ignored } = converted({ reasoning: { enabled: false } }, 'gemini-3-flash')
    expect(body.generationConfig).toEqual({ thinkingConfig: { thinkingLevel: 'minimal', includeThoughts: false } })
    expect(ignored).toEqual(['reasoning.effort'])
  })

  test('the form of the answer', () => {
    const schema = { type: 'object', properties: { a: { type: 'integer' } } }
    expect(settings({ response_format: { type: 'json_object' } })).toEqual({ responseMimeType: 'application/json' })
    expect(
      settings({ response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } } }),
    ).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    })
    expect(settings({ response_format: { type: 'text' } })).toBeUndefined()
  })

  test('images are asked for, and may be large', () => {
    const { body, images } = converted({ modalities: ['image', 'text'], image_config: { aspect_ratio: '16:9' } })
    expect(body.generationConfig).toEqual({
      responseModalities: ['IMAGE', 'TEXT'],
      imageConfig: { aspectRatio: '16:9' },
    })
    expect(images).toBe(true)
  })

  test('a tier of service is asked for where Google has it', () => {
    for (const tier of ['flex', 'priority']) expect(bodyOf({ service_tier: tier }).serviceTier).toBe(tier)
    for (const tier of ['auto', 'default', null]) expect(bodyOf({ service_tier: tier })).toEqual({ contents: CONTENTS })
    expect(converted({ service_tier: 'scale' }).ignored).toEqual(['service_tier'])
  })
})

describe('what Google has no place for', () => {
  const turn = (message: object) => ({ messages: [USER, message] })
  const refusals = [
    ['logit_bias', { logit_bias: { 1: 1 } }],
    ['audio', { audio: { voice: 'alloy' } }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['modalities.1', { modalities: ['text', 'audio'] }],
    ['response_format.type', { response_format: { type: 'grammar' } }],
    ['reasoning.effort', { reasoning: { effort: 'endless' } }],
    ['tools.0.type', { tools: [{ type: 'custom' }] }],
    ['tools.0.type', { tools: ['f'] }],
    ['tool_choice', { tool_choice: { type: 'custom' } }],
    ['messages.1.role', turn({ role: 'narrator', content: 'x' })],
    ['messages.1.content.0.type', turn({ role: 'user', content: [{ type: 'x-new' }] })],
    ['messages.1.content', turn({ role: 'user', content: 7 })],
    [
      'messages.1.content.0.file.file_id',
      turn({ role: 'user', content: [{ type: 'file', file: { file_id: 'f-1' } }] }),
    ],
    [
      'messages.1.content.0.image_url.url',
      turn({ role: 'user', content: [{ type: 'image_url', image_url: { url: 'ftp://a/b' } }] }),
    ],
    [
      'messages.1.content.0',
      turn({ role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://a/b' } }] }),
    ],
    ['messages.1.tool_call_id', turn({ role: 'tool', tool_call_id: 'nobody', content: 'x' })],
    [
      'messages.1.tool_calls.0.function.arguments',
      turn({ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '[1]' } }] }),
    ],
  ] as const
  for (const [param, chat] of refusals)
    test(`is refused as ${param}: ${JSON.stringify(chat).slice(0, 60)}`, () => {
      expect(refusalOf(chat)).toBe(param)
    })

  test('is named where it only advises', () => {
    const content = [{ type: 'text', text: 'Hello', cache_control: { type: 'ephemeral' } }]
    const { body, ignored } = converted({
      messages: [{ role: 'user', name: 'Ann', content }],
      min_p: 0.1,
      parallel_tool_calls: false,
      prompt_cache_key: 'k',
      verbosity: 'low',
      logit_bias: {},
      store: null,
    })
    expect(body).toEqual({ contents: CONTENTS })
    expect(ignored).toEqual([
      'min_p',
      'parallel_tool_calls',
      'prompt_cache_key',
      'verbosity',
      'messages.name',
      'cache_control',
    ])
  })

  test('is counted where there is much of it', () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, place) => [`x${place}`, 1]))
    expect(converted(many).ignored.slice(31)).toEqual(['x31', 'and 8 more'])
  })
})
