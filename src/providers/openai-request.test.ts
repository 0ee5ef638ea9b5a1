import { describe, expect, test } from 'vitest'
import { topLevelMembers } from '../lib/json-scan.ts'
import { openaiBody } from './openai-request.ts'

const messages = [{ role: 'user', content: 'a' }]
const sent = (body: object, family = 'openai', converted = true) => {
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
    converted,
  }
  return JSON.parse(openaiBody(call, family)) as Record<string, unknown>
}

describe("a body for OpenAI's wire", () => {
  test('names the model upstream and the limit as the provider calls it', () => {
    expect(sent({})).toMatchObject({ model: 'up', max_completion_tokens: 9 })
    expect(sent({}, 'mistral')).toMatchObject({ max_tokens: 9 })
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
})
