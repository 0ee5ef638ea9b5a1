import { describe, expect, test } from 'vitest'
import { topLevelMembers } from '../lib/json-scan.ts'
import { openaiRequest } from './openai-request.ts'

const messages = [{ role: 'user', content: 'a' }]
type LimitMember = Parameters<typeof openaiRequest>[1]['limitMember']
const converted = (body: object, family = 'openai', isConverted = true, limitMember: LimitMember = 'max_tokens') => {
  const text = JSON.stringify({ model: 'm', messages, ...body })
  const limits = { firstByteMs: 1, idleMs: 1, replyMs: 1, replyBytes: 1 }
  const call = {
    api: 'chat' as const,
    text,
    members: topLevelMembers(text) ?? [],
    model: 'up',
    stream: false,
    outputLimit: 9,
    maxOutputTokens: 9,
    limits,
    converted: isConverted,
  }
  const request = openaiRequest(call, { family, limitMember })
  return { body: JSON.parse(request.body) as Record<string, unknown>, ignored: request.ignored }
}

const sent = (...asked: Parameters<typeof converted>) => converted(...asked).body

describe("a body for OpenAI's wire", () => {
  test('names the model upstream and the limit as the provider calls it', () => {
    expect(sent({})).toMatchObject({ model: 'up', max_tokens: 9 })
    expect(sent({}, 'openai', true, 'max_completion_tokens')).toMatchObject({ max_completion_tokens: 9 })
  })

  test.each([
    [{ effort: 'high' }, 'high'],
    [{ max_tokens: 1_000 }, 'low'],
    [{ max_tokens: 5_000 }, 'medium'],
    [{ max_tokens: 50_000 }, 'high'],
    [{ enabled: true }, undefined],
  ])('reasoning %j becomes the effort %s', (reasoning, effort) => {
    const body = sent({ reasoning })
    expect(body).not.toHaveProperty('reasoning')
    expect(body.reasoning_effort).toBe(effort)
  })

  test('an effort that the client named in the words of this wire stays', () => {
    expect(sent({ reasoning: { effort: 'high' }, reasoning_effort: 'low' }).reasoning_effort).toBe('low')
  })

  test('hints for other wires are left out, and nothing else of a message', () => {
    const parts = [{ type: 'text', text: 'a "cache_control": b', cache_control: { type: 'ephemeral' } }]
    const thoughts = [{ type: 'reasoning.text', text: 't', signature: 's' }]
    const body = sent({
      messages: [
        { role: 'user', content: parts },
        { role: 'assistant', content: 'b', reasoning_details: thoughts },
      ],
    })
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a "cache_control": b' }] },
      { role: 'assistant', content: 'b' },
    ])
  })

  test('what the client itself wrote on this wire goes up as it came', () => {
    const body = { reasoning: { effort: 'low' }, messages: [{ role: 'user', content: 'a', cache_control: {} }] }
    expect(sent(body, 'openai', false)).toMatchObject(body)
  })

  test('OpenRouter gets its own extensions as they came', () => {
    const body = {
      reasoning: { max_tokens: 5 },
      messages: [{ role: 'assistant', content: 'b', reasoning_details: [] }],
    }
    expect(sent(body, 'openrouter')).toMatchObject(body)
  })

  test('what is left out is named, once each, and what asks for nothing is not', () => {
    const marked = { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }
    const { ignored } = converted({
      messages: [
        { role: 'user', content: [marked, marked] },
        { role: 'assistant', content: 'b', reasoning_details: [{ type: 'reasoning.text', text: 't' }] },
        { role: 'assistant', content: 'c', reasoning_details: [] },
      ],
      reasoning: { max_tokens: 2_000, summary: 'auto', exclude: false, effort: null },
      context_management: { edits: [{}] },
      speed: null,
      plugins: [{ id: 'web' }, { id: 'moderation', enabled: false }],
      transforms: [],
    })
    expect(ignored).toEqual([
      ...['plugins:web', 'context_management', 'reasoning.summary', 'reasoning.max_tokens'],
      ...['cache_control', 'reasoning_details'],
    ])
  })

  test.each([
    [{ enabled: true }, ['reasoning.enabled']],
    [{ enabled: false }, ['reasoning.enabled']],
    [{ enabled: true, effort: 'low' }, []],
    [{ effort: 'low', exclude: true }, ['reasoning.exclude']],
  ])('reasoning %j names %j', (reasoning, names) => {
    expect(converted({ reasoning }).ignored).toEqual(names)
  })

  test('a member of a schema that is called as a hint is stays where it is', () => {
    const parameters = { type: 'object', properties: { cache_control: { type: 'string' } } }
    const tool = { type: 'function', function: { name: 'f', parameters } }
    expect(sent({ tools: [{ ...tool, cache_control: { type: 'ephemeral' } }] }).tools).toEqual([tool])
  })

  test('a search keeps what this wire knows, and is refused where it would leave its domains', () => {
    const location = { user_location: { type: 'approximate', approximate: { city: 'Oslo' } } }
    const { body, ignored } = converted({ web_search_options: { ...location, max_uses: 3 } })
    expect(body.web_search_options).toEqual(location)
    expect(ignored).toEqual(['web_search_options.max_uses'])
    expect(() => sent({ web_search_options: { allowed_domains: ['a.example'] } })).toThrow(/allowed_domains/)
  })
})
