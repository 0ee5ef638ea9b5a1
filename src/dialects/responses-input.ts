/** The input items of OpenAI's Responses API as messages of a chat. What one turn of the model made becomes one message. */
import { refuse } from '../contract/errors.ts'
import { cached, type Fields, isFields } from './messages-content.ts'

export function messagesOfInput(input: unknown): Fields[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }]
  if (!Array.isArray(input)) throw wrong('input', 'expected text or an array of items')
  const messages: Fields[] = []
  let turn: Turn | undefined
  const end = () => {
    if (turn) messages.push(messageOf(turn))
    turn = undefined
  }
  for (const [index, item] of input.entries()) {
    const at = `input.${index}`
    if (!isFields(item)) throw wrong(at, 'expected an object')
    const part = turnPartOf(item, at)
    if (part) {
      // What was thought comes before what was said and called: a thought after either begins the next turn.
      if (turn && part.thoughts && (turn.content.length > 0 || turn.calls.length > 0)) end()
      turn = joined(turn, part)
    } else {
      end()
      messages.push(spokenTo(item, at))
    }
  }
  end()
  return messages
}

type Turn = {
  readonly content: readonly Fields[]
  readonly calls: readonly Fields[]
  readonly thoughts: readonly Fields[]
}
type TurnPart = Partial<Turn>

const joined = (turn: Turn | undefined, part: TurnPart): Turn => ({
  content: [...(turn?.content ?? []), ...(part.content ?? [])],
  calls: [...(turn?.calls ?? []), ...(part.calls ?? [])],
  thoughts: [...(turn?.thoughts ?? []), ...(part.thoughts ?? [])],
})

const messageOf = ({ content, calls, thoughts }: Turn): Fields => ({
  role: 'assistant',
  content: content.length > 0 ? content : null,
  ...(calls.length > 0 ? { tool_calls: calls } : {}),
  ...(thoughts.length > 0 ? { reasoning_details: thoughts } : {}),
})

/** A part of what the model made; undefined: somebody else said it. */
function turnPartOf(item: Fields, at: string): TurnPart | undefined {
  switch (item.type ?? 'message') {
    case 'message':
      return item.role === 'assistant' ? { content: contentOf(item.content, `${at}.content`) } : undefined
    case 'function_call': {
      const { call_id, name, arguments: text } = item
      if (typeof call_id !== 'string' || typeof name !== 'string')
        throw wrong(at, 'expected a call with its call_id and name')
      return { calls: [{ id: call_id, type: 'function', function: { name, arguments: String(text ?? '{}') } }] }
    }
    case 'reasoning':
      return { thoughts: thoughtsOf(item) }
    default:
      return undefined
  }
}

function thoughtsOf({ summary, content, encrypted_content, signature, format, id }: Fields): Fields[] {
  const shared = { ...(id === undefined ? {} : { id }), ...(format === undefined ? {} : { format }) }
  const texts = [content, summary].map((parts) => (Array.isArray(parts) ? parts.filter(isFields) : []))
  const text = (texts.find((parts) => parts.length > 0) ?? []).map((part) => String(part.text ?? '')).join('\n\n')
  return [
    ...(text === ''
      ? []
      : [{ type: 'reasoning.text', text, ...(signature === undefined ? {} : { signature }), ...shared, index: 0 }]),
    ...(typeof encrypted_content === 'string'
      ? [{ type: 'reasoning.encrypted', data: encrypted_content, ...shared, index: 0 }]
      : []),
  ]
}

function spokenTo(item: Fields, at: string): Fields {
  const type = item.type ?? 'message'
  if (type === 'function_call_output') {
    const { call_id, output } = item
    if (typeof call_id !== 'string') throw wrong(`${at}.call_id`, 'expected the id of a call')
    return { role: 'tool', tool_call_id: call_id, content: contentOf(output, `${at}.output`) }
  }
  if (type !== 'message') throw wrong(at, `an item of type ${String(type).slice(0, 64)} is not offered here`)
  if (!ROLES.has(String(item.role))) throw wrong(`${at}.role`, 'expected user, assistant, system or developer')
  return { role: item.role, content: contentOf(item.content, `${at}.content`) }
}

const ROLES: ReadonlySet<string> = new Set(['user', 'system', 'developer'])

function contentOf(content: unknown, at: string): Fields[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw wrong(at, 'expected text or an array of parts')
  return content.map((part, index) => partOf(part, `${at}.${index}`))
}

function partOf(part: unknown, at: string): Fields {
  const type = isFields(part) ? part.type : undefined
  if (!isFields(part)) throw wrong(at, 'expected a part')
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: String(part.text ?? ''), ...cached(part) }
    case 'refusal':
      return { type: 'text', text: String(part.refusal ?? '') }
    case 'input_image': {
      if (typeof part.image_url !== 'string') throw wrong(`${at}.image_url`, 'expected the address or data of an image')
      const detail = typeof part.detail === 'string' ? { detail: part.detail } : {}
      return { type: 'image_url', image_url: { url: part.image_url, ...detail }, ...cached(part) }
    }
    case 'input_audio':
      return { type: 'input_audio', input_audio: part.input_audio }
    case 'input_file': {
      const { filename, file_data, file_url, file_id } = part
      return { type: 'file', file: { filename, file_data: file_data ?? file_url, file_id }, ...cached(part) }
    }
    default:
      throw wrong(at, `a part of type ${String(type).slice(0, 64)} is not offered here`)
  }
}

const wrong = (param: string, problem: string) => refuse('invalid_request', `${param}: ${problem}`, { param })
