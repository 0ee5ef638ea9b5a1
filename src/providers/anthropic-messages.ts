/**
 * The conversation in Anthropic's form: instructions in `system`, results of tools in the user's turn, what the model
 * thought before what it said, and never two turns of the same side in a row.
 */
import type { Ignored } from '../contract/ignored.ts'
import { blocksOf } from './anthropic-parts.ts'
import { cacheControl } from './anthropic-tools.ts'
import { type Fields, isFields, listOf, parseFields, textOf } from './json-fields.ts'
import { unsupported } from './unsupported.ts'

type Turn = { readonly role: 'user' | 'assistant'; readonly content: Fields[] }
export type Conversation = { readonly system: readonly Fields[]; readonly messages: readonly Turn[] }

export function conversationOf(messages: unknown, ignored: Ignored): Conversation {
  if (!Array.isArray(messages)) throw unsupported('messages', 'expected a list of messages')
  const system: Fields[] = []
  const turns: Turn[] = []
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    if (!isFields(message)) throw unsupported(at, 'expected an object')
    if (message.name !== undefined && message.name !== null && message.role !== 'tool') ignored.add('messages.name')
    if (message.role === 'system' || message.role === 'developer') {
      system.push(...instructionsOf(message, at, ignored))
      continue
    }
    const { role, content } = turnOf(message, at, ignored)
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else if (content.length > 0) turns.push({ role, content })
  }
  return { system, messages: turns }
}

function instructionsOf(message: Fields, at: string, ignored: Ignored): Fields[] {
  const blocks = blocksOf(message.content, `${at}.content`, ignored)
  if (blocks.some(({ type }) => type !== 'text')) throw unsupported(`${at}.content`, 'instructions can only be text')
  return withCache(blocks, message)
}

function turnOf(message: Fields, at: string, ignored: Ignored): Turn {
  const content = () => blocksOf(message.content, `${at}.content`, ignored)
  switch (message.role) {
    case 'user':
      return { role: 'user', content: withCache(content(), message) }
    case 'tool':
      return { role: 'user', content: [resultOf(message, content())] }
    case 'assistant': {
      if (message.audio !== undefined && message.audio !== null)
        throw unsupported(`${at}.audio`, 'sound is not offered by this provider')
      const refusal = textOf(message.refusal)
      const said = [...content(), ...(refusal === '' ? [] : [{ type: 'text', text: refusal }])]
      const calls = listOf(message.tool_calls).map((call, index) => callOf(call, `${at}.tool_calls[${index}]`))
      return {
        role: 'assistant',
        content: [...thoughtsOf(message, ignored), ...withCache([...said, ...calls], message)],
      }
    }
    default:
      throw unsupported(`${at}.role`, `the role ${String(message.role).slice(0, 64)} is not offered by this provider`)
  }
}

/** A mark on the message is meant for its end. */
function withCache(blocks: Fields[], message: Fields): Fields[] {
  const last = blocks.at(-1)
  return last && isFields(message.cache_control)
    ? [...blocks.slice(0, -1), { ...cacheControl(message), ...last }]
    : blocks
}

function resultOf(message: Fields, content: Fields[]): Fields {
  const marked = content.find((block) => isFields(block.cache_control))
  const inner = content.map(({ cache_control: _mark, ...block }) => block)
  return {
    type: 'tool_result',
    tool_use_id: idOf(message.tool_call_id),
    ...(inner.length > 0 ? { content: inner } : {}),
    ...(message.is_error === true ? { is_error: true } : {}),
    ...cacheControl(message, ...(marked ? [marked] : [])),
  }
}

function callOf(call: Fields, at: string): Fields {
  const made = isFields(call.function) ? call.function : {}
  const text = textOf(made.arguments).trim()
  const input = text === '' ? {} : parseFields(text)
  if (!input) throw unsupported(`${at}.function.arguments`, 'expected the text of a JSON object')
  return { type: 'tool_use', id: idOf(call.id), name: made.name, input, ...cacheControl(call) }
}

/** Other vendors' ids may have signs that are refused here; a call and its result change alike. */
const idOf = (id: unknown): string => textOf(id).replace(/[^A-Za-z0-9_-]/g, '_')

/**
 * Thinking goes back as it came, signature and all, or not at all: without one, or from another vendor, it would be
 * refused. Pieces of a stream that nobody has put together are put together here.
 */
function thoughtsOf(message: Fields, ignored: Ignored): Fields[] {
  const blocks: Fields[] = []
  let text = ''
  const foreign = () => void ignored.add('reasoning_details')
  const isBare = !Array.isArray(message.reasoning_details)
  if (isBare && textOf(message.reasoning ?? message.reasoning_content) !== '') ignored.add('messages.reasoning')
  for (const detail of listOf(message.reasoning_details)) {
    if (typeof detail.format === 'string' && !OURS.has(detail.format)) foreign()
    else if (detail.type === 'reasoning.encrypted') {
      if (typeof detail.data === 'string') blocks.push({ type: 'redacted_thinking', data: detail.data })
    } else if (detail.type === 'reasoning.text') {
      text += textOf(detail.text)
      if (typeof detail.signature !== 'string' || detail.signature === '') continue
      blocks.push({ type: 'thinking', thinking: text, signature: detail.signature })
      text = ''
    } else foreign()
  }
  if (text !== '') foreign()
  return blocks
}

const OURS: ReadonlySet<string> = new Set(['anthropic-claude-v1', 'unknown'])
