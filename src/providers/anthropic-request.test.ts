import { describe, expect, test } from 'vitest'
import { anthropicRequest } from './anthropic-request.ts'
import { UpstreamFailure } from './provider.ts'

const ask = (body: object, model = 'claude-sonnet-4-5', extra: object = {}) => {
  const text = JSON.stringify({ model: 'x', messages: [{ role: 'user', content: 'Hi' }], ...body })
  const request = anthropicRequest({
    text,
    model,
    stream: false,
    outputLimit: undefined,
    maxOutputTokens: 8192,
    ...extra,
  })
  return { ...request, sent: JSON.parse(request.body) }
}
const sentOf = (body: object, model?: string) => ask(body, model).sent
const messagesOf = (...messages: object[]) => sentOf({ messages }).messages

/** The member that a request is refused for. */
function refusedFor(body: object, model?: string): string | undefined {
  try {
    ask(body, model)
  } catch (error) {
    if (error instanceof UpstreamFailure && error.kind === 'unsupported') return error.param
    throw error
  }
  throw new Error('it was not refused')
}

const EPHEMERAL = { type: 'ephemeral', ttl: '1h' }
const PIXEL = 'iVBORw0KGgo='
const call = (id: string, name: string, args: string) => ({ id, type: 'function', function: { name, arguments: args } })

describe('messages', () => {
  test('instructions of any place and name are the system prompt, in order, with their cache marks', () => {
    const { system, messages } = sentOf({
      messages: [
        { role: 'system', content: 'One.' },
        { role: 'developer', content: [{ type: 'text', text: 'Two.', cache_control: EPHEMERAL }] },
        { role: 'user', content: 'Hi' },
        { role: 'system', content: 'Three.' },
      ],
    })
    expect(system).toEqual([
      { type: 'text', text: 'One.' },
      { type: 'text', text: 'Two.', cache_control: EPHEMERAL },
      { type: 'text', text: 'Three.' },
    ])
    expect(messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }])
  })

  test('images and documents come as data or by their address', () => {
    const [{ content }] = messagesOf({
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` }, cache_control: EPHEMERAL },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
        { type: 'file', file: { file_data: 'https://example.com/b.pdf' } },
        { type: 'file', file: { filename: 'c.txt', file_data: 'data:text/plain;base64,w6Q=' } },
      ],
    })
    expect(content).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL }, cache_control: EPHEMERAL },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 'a.pdf' },
      { type: 'document', source: { type: 'url', url: 'https://example.com/b.pdf' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'ä' }, title: 'c.txt' },
    ])
  })

  test('results of tools lie in one turn of the user, before what the user says next', () => {
    const messages = messagesOf(
      { role: 'user', content: 'Two, please' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [call('call_1', 'a', '{"q":12345678901234567890}'), call('b.2', 'b', '')],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'first' },
      {
        role: 'tool',
        tool_call_id: 'b.2',
        content: [
          { type: 'text', text: 'see', cache_control: EPHEMERAL },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
        ],
      },
      { role: 'user', content: 'And?' },
    )
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_1', name: 'a', input: { q: Number('12345678901234567890') } },
          { type: 'tool_use', id: 'b_2', name: 'b', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'first' }] },
          {
            type: 'tool_result',
            tool_use_id: 'b_2',
            content: [
              { type: 'text', text: 'see' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            ],
            cache_control: EPHEMERAL,
          },
          { type: 'text', text: 'And?' },
        ],
      },
    ])
  })

  test('numbers too long for a double go up with every digit', () => {
    const calls = [call('c', 'a', '{"big":12345678901234567890,"small":1}')]
    const { body } = ask({ messages: [{ role: 'assistant', tool_calls: calls }] })
    expect(body).toContain('"input":{"big":12345678901234567890,"small":1}')
  })

  test('thinking goes back in order, with its signature, before what was said; pieces are put together', () => {
    const format = 'anthropic-claude-v1'
    const [, turn] = messagesOf(
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: 'Hello',
        reasoning: 'First. ',
        reasoning_details: [
          { type: 'reasoning.text', text: 'Fi', format, index: 0 },
          { type: 'reasoning.text', text: 'rst.', format, index: 0 },
          { type: 'reasoning.text', signature: 's1', format, index: 0 },
          { type: 'reasoning.encrypted', data: 'xyz', format, index: 1 },
          { type: 'reasoning.text', text: 'Second.', signature: 's2', format, index: 2 },
        ],
        tool_calls: [call('c', 'a', '{}')],
      },
    )
    expect(turn.content).toEqual([
      { type: 'thinking', thinking: 'First.', signature: 's1' },
      { type: 'redacted_thinking', data: 'xyz' },
      { type: 'thinking', thinking: 'Second.', signature: 's2' },
      { type: 'text', text: 'Hello' },
      { type: 'tool_use', id: 'c', name: 'a', input: {} },
    ])
  })

  test('thoughts that nobody could check are left out by name', () => {
    for (const detail of [
      { type: 'reasoning.text', text: 'No signature' },
      { type: 'reasoning.encrypted', data: 'x', format: 'openai-responses-v1' },
      { type: 'reasoning.summary', summary: 'In short' },
    ]) {
      const { sent, ignored } = ask({
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Ho', reasoning_details: [detail] },
        ],
      })
      expect(sent.messages[1].content).toEqual([{ type: 'text', text: 'Ho' }])
      expect(ignored).toEqual(['reasoning_details'])
    }
  })

  test('turns of one side in a row become one, and empty texts none', () => {
    expect(
      messagesOf(
        { role: 'user', content: 'A' },
        {
          role: 'user',
          content: [
            { type: 'text', text: '' },
            { type: 'text', text: 'B' },
          ],
        },
        { role: 'assistant', content: '' },
      ),
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'A' },
          { type: 'text', text: 'B' },
        ],
      },
    ])
  })

  test('what no block can say is refused by its place', () => {
    const refused = (content: unknown, role = 'user') => refusedFor({ messages: [{ role, content }] })
    expect(refused([{ type: 'input_audio', input_audio: {} }])).toBe('messages[0].content[0]')
    expect(refused([{ type: 'text', text: 'a' }, { type: 'video_url' }])).toBe('messages[0].content[1]')
    expect(refused([{ type: 'image_url', image_url: { url: 'ftp://x' } }])).toBe('messages[0].content[0].image_url')
    expect(refused([{ type: 'file', file: { file_id: 'file-1' } }])).toBe('messages[0].content[0].file')
    expect(refused(7)).toBe('messages[0].content')
    expect(refused('x', 'function')).toBe('messages[0].role')
    expect(refusedFor({ messages: [null] })).toBe('messages[0]')
    const calls = [call('c', 'a', '[1]')]
    expect(refusedFor({ messages: [{ role: 'assistant', tool_calls: calls }] })).toBe(
      'messages[0].tool_calls[0].function.arguments',
    )
  })
})

describe('tools', () => {
  const tool = {
    type: 'function',
    function: { name: 'a', description: 'Does', parameters: { type: 'object' }, strict: true },
  }
  const WEB = { type: 'web_search_20250305', name: 'web_search', max_uses: 10 }

  test('functions keep their schema, their marks and their strictness', () => {
    const { tools } = sentOf({
      tools: [
        { ...tool, cache_control: EPHEMERAL },
        { type: 'function', function: { name: 'b' } },
      ],
    })
    expect(tools).toEqual([
      { name: 'a', description: 'Does', input_schema: { type: 'object' }, strict: true, cache_control: EPHEMERAL },
      { name: 'b', input_schema: { type: 'object', properties: {} } },
    ])
  })

  test.each([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'any' }],
    [
      { type: 'function', function: { name: 'a' } },
      { type: 'tool', name: 'a' },
    ],
  ])('the choice %j', (tool_choice, sent) => {
    expect(sentOf({ tools: [tool], tool_choice }).tool_choice).toEqual(sent)
    if (tool_choice !== 'none')
      expect(sentOf({ tools: [tool], tool_choice, parallel_tool_calls: false }).tool_choice).toEqual({
        ...sent,
        disable_parallel_tool_use: true,
      })
  })

  test('one call at a time is asked for without a choice, too', () => {
    const choice = sentOf({ tools: [tool], parallel_tool_calls: false }).tool_choice
    expect(choice).toEqual({ type: 'auto', disable_parallel_tool_use: true })
    expect(sentOf({ tools: [tool], parallel_tool_calls: true })).not.toHaveProperty('tool_choice')
  })

  test('a web search is asked for in any of its ways, with a bound that the quote knows', () => {
    expect(sentOf({ plugins: [{ id: 'web' }] }).tools).toEqual([WEB])
    expect(sentOf({ tools: [{ type: 'web_search', max_uses: 2 }] }).tools).toEqual([{ ...WEB, max_uses: 2 }])
    expect(sentOf({ tools: [{ type: 'web_search_20260209', name: 'web_search' }] }).tools).toEqual([
      { ...WEB, type: 'web_search_20260209' },
    ])
    const options = { user_location: { type: 'approximate', approximate: { city: 'Oslo' } } }
    expect(sentOf({ web_search_options: options }).tools).toEqual([
      { ...WEB, user_location: { type: 'approximate', city: 'Oslo' } },
    ])
    expect(ask({ plugins: [{ id: 'web', max_results: 3 }, { id: 'file-parser' }] }).ignored).toEqual([
      'plugins:file-parser',
      'plugins:web.max_results',
    ])
    expect(ask({ tools: [{ type: 'web_search', search_context_size: 'low' }] }).ignored).toEqual([
      'tools[0].search_context_size',
    ])
  })

  test('tools and choices of other kinds are refused', () => {
    expect(refusedFor({ tools: [{ type: 'mcp' }] })).toBe('tools[0]')
    expect(refusedFor({ tools: [tool], tool_choice: { type: 'allowed_tools' } })).toBe('tool_choice')
    expect(refusedFor({ functions: [{}] })).toBe('functions')
    expect(refusedFor({ tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] })).toBe('tools[0]')
    expect(refusedFor({ tool_choice: 'required' })).toBe('tool_choice')
  })
})

describe('reasoning', () => {
  const thinking = (body: object, model?: string) => {
    const { thinking, output_config } = sentOf({ max_tokens: 10_000, ...body }, model)
    return [thinking, output_config]
  }

  test('is a share of the output limit for models that take a budget', () => {
    expect(thinking({ reasoning: { effort: 'high' } })).toEqual([{ type: 'enabled', budget_tokens: 8000 }, undefined])
    expect(thinking({ reasoning_effort: 'minimal' })[0]).toEqual({ type: 'enabled', budget_tokens: 1024 })
    expect(thinking({ reasoning: { max_tokens: 4000 } })[0]).toEqual({ type: 'enabled', budget_tokens: 4000 })
    expect(thinking({ reasoning: { max_tokens: 40_000 } })[0]).toEqual({ type: 'enabled', budget_tokens: 9999 })
    expect(thinking({ reasoning: { enabled: true } })[0]).toEqual({ type: 'enabled', budget_tokens: 5000 })
  })

  test('is an effort for models that decide themselves', () => {
    const adaptive = { type: 'adaptive', display: 'summarized' }
    expect(thinking({ reasoning: { effort: 'low' } }, 'claude-opus-4-6')).toEqual([adaptive, { effort: 'low' }])
    expect(thinking({ reasoning: { effort: 'xhigh' } }, 'claude-opus-4-7')).toEqual([adaptive, { effort: 'xhigh' }])
    expect(thinking({ reasoning: { effort: 'xhigh' } }, 'claude-sonnet-4.6')).toEqual([adaptive, { effort: 'max' }])
    expect(thinking({ reasoning_effort: 'minimal' }, 'claude-sonnet-5')).toEqual([adaptive, { effort: 'low' }])
  })

  test('is off unless it is asked for, and told so to those that would think anyway', () => {
    expect(thinking({})).toEqual([undefined, undefined])
    expect(thinking({ reasoning: { effort: 'none' } })).toEqual([undefined, undefined])
    expect(thinking({ reasoning: { enabled: false } }, 'claude-opus-5')).toEqual([{ type: 'disabled' }, undefined])
  })

  test('passes as the client put it in Anthropic’s own words', () => {
    const own = { type: 'enabled', budget_tokens: 2000, display: 'omitted' }
    expect(thinking({ thinking: own })[0]).toEqual(own)
  })

  test('of which something is left out is named in part', () => {
    const reasoning = { effort: 'low', max_tokens: 2000, summary: 'auto', exclude: true }
    expect(ask({ max_tokens: 9000, reasoning })).toMatchObject({
      sent: { thinking: { type: 'enabled', budget_tokens: 2000 } },
      ignored: ['reasoning.summary', 'reasoning.effort'],
      hidesReasoning: true,
    })
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Ho', reasoning: 'Hm' },
    ]
    expect(ask({ messages }).ignored).toEqual(['messages.reasoning'])
  })

  test('is left out by name where the output limit has no room for it', () => {
    expect(ask({ max_tokens: 1024, reasoning: { effort: 'high' } })).toMatchObject({ ignored: ['reasoning'] })
    expect(refusedFor({ reasoning: { effort: 'enormous' } })).toBe('reasoning.effort')
  })

  test('and settings of sampling do not go together', () => {
    const { sent, ignored } = ask({ reasoning: { effort: 'high' }, temperature: 0.2, top_k: 3 })
    expect(sent).not.toHaveProperty('temperature')
    expect(ignored).toEqual(['temperature', 'top_k'])
  })
})

describe('the answer’s form', () => {
  const schema = { type: 'object', properties: { a: { type: 'number' } }, additionalProperties: false }
  const json = { type: 'json_schema', json_schema: { name: 'x', schema } }

  test('a schema goes up as such, beside tools and reasoning', () => {
    const { sent, answerTool } = ask({ response_format: json, reasoning: { effort: 'low' } }, 'claude-sonnet-4-6')
    expect(sent.output_config).toEqual({ effort: 'low', format: { type: 'json_schema', schema } })
    expect(answerTool).toBeUndefined()
  })

  test('an older model, and JSON without a schema, answer by a tool that they must call', () => {
    for (const [format, model, expected] of [
      [json, 'claude-3-7-sonnet-latest', schema],
      [{ type: 'json_object' }, 'claude-sonnet-4-5', { type: 'object' }],
    ] as const) {
      const { sent, answerTool } = ask({ response_format: format }, model)
      expect(sent.tools).toMatchObject([{ name: answerTool, input_schema: expected }])
      expect(sent.tool_choice).toEqual({ type: 'tool', name: answerTool })
    }
  })

  test('where the tool would be in the way of others or of reasoning, the form is refused', () => {
    const tools = [{ type: 'function', function: { name: 'a' } }]
    expect(refusedFor({ response_format: { type: 'json_object' }, tools })).toBe('response_format')
    expect(refusedFor({ response_format: { type: 'json_object' }, reasoning: { effort: 'low' } })).toBe(
      'response_format',
    )
    expect(refusedFor({ response_format: { type: 'grammar' } })).toBe('response_format')
  })
})

describe('other members', () => {
  test('an output limit is always sent: the smaller of the client’s, else the quoted one, else the model’s', () => {
    expect(sentOf({ max_tokens: 50, max_completion_tokens: 40 }).max_tokens).toBe(40)
    expect(ask({}, 'm', { outputLimit: 30 }).sent.max_tokens).toBe(30)
    expect(sentOf({}).max_tokens).toBe(8192)
  })

  test('stops, user and service tier change their names', () => {
    expect(sentOf({ stop: 'END', user: 'u-1', service_tier: 'priority' })).toMatchObject({
      stop_sequences: ['END'],
      metadata: { user_id: 'u-1' },
      service_tier: 'auto',
    })
    expect(sentOf({ stop: ['a', 'b'], service_tier: 'default' })).toMatchObject({
      stop_sequences: ['a', 'b'],
      service_tier: 'standard_only',
    })
    expect(refusedFor({ stop: [1] })).toBe('stop')
    expect(ask({ service_tier: 'flex' })).toMatchObject({ ignored: ['service_tier'] })
  })

  test('sampling goes up as far as the model takes it, and what it does not take is named', () => {
    expect(sentOf({ temperature: 0.5, top_k: 4 })).toMatchObject({ temperature: 0.5, top_k: 4 })
    expect(ask({ temperature: 1.7 })).toMatchObject({ ignored: ['temperature'], sent: { temperature: 1 } })
    expect(ask({ temperature: 0.5, top_p: 0.9 }).ignored).toEqual(['top_p'])
    expect(ask({ temperature: 0.5, top_p: 0.9 }, 'claude-opus-4-7').ignored).toEqual(['temperature', 'top_p'])
    expect(ask({ temperature: 1 }, 'claude-opus-5').ignored).toEqual([])
  })

  test.each(['n', 'logprobs', 'top_logprobs', 'audio'])('%s is refused', (member) => {
    const values = { n: 2, logprobs: true, top_logprobs: 3, audio: { voice: 'a' } }
    expect(refusedFor({ [member]: values[member as 'n'] })).toBe(member)
  })

  test('sound in the answer is refused, and what asks for nothing is not', () => {
    expect(refusedFor({ modalities: ['text', 'audio'] })).toBe('modalities')
    const nothing = {
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      audio: null,
      modalities: ['text'],
      logit_bias: {},
      seed: null,
    }
    expect(ask({ ...nothing, presence_penalty: 0, store: false }).ignored).toEqual([])
  })

  test('nothing is dropped without its name, and a header holds no more than it should', () => {
    expect(ask({ seed: 0, logit_bias: { 1: 2 }, verbosity: 'low', 'odd\nname': 1 }).ignored).toEqual([
      'seed',
      'logit_bias',
      'verbosity',
      'odd?name',
    ])
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`x${index}`, 'y'.repeat(99)]))
    expect(ask(many).ignored).toHaveLength(33)
    expect(ask(many).ignored.slice(31)).toEqual(['x31', 'and 67 more'])
  })

  test('members that are ours, or say nothing to a model, never go up', () => {
    const own = {
      usage: { include: true },
      provider: { only: ['a'] },
      session_id: 's',
      metadata: { a: 'b' },
      models: ['x'],
    }
    const { sent, ignored } = ask({ ...own, stream: true, stream_options: { include_usage: true } })
    expect(Object.keys(sent)).toEqual(['model', 'max_tokens', 'messages'])
    expect(ignored).toEqual([])
  })

  test('a body that is no JSON object is refused', () => {
    const asked = { text: '[', model: 'm', stream: false, outputLimit: undefined, maxOutputTokens: 1 }
    expect(() => anthropicRequest(asked)).toThrow(UpstreamFailure)
  })
})
