/** One turn of a conversation on Anthropic's wire as messages of a chat: its blocks as parts, calls and results. */
import { refuse } from '../contract/errors.ts'
import { type Ignored, ignoreUnknown } from '../contract/ignored.ts'

export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What only a provider of the same wire understands is left out of the chat: noted by its place, or named where it only advises. */
export type Foreign = { note(at: string, type: unknown): void; readonly ignored: Ignored }

/** What may be cached, as every wire of this gateway writes it. */
export const cached = ({ cache_control }: Fields): Fields => (isFields(cache_control) ? { cache_control } : {})

type Search = {
  readonly place: unknown
  readonly allowed_domains: unknown
  readonly blocked_domains: unknown
  readonly max_uses?: unknown
}

/** Options of a web search as chat has them, and those beside them that other wires know. */
export function searchOptions({ place, ...options }: Search): Fields {
  const { type: _type, ...approximate } = isFields(place) ? place : {}
  return {
    ...(Object.keys(approximate).length > 0 ? { user_location: { type: 'approximate', approximate } } : {}),
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value != null)),
  }
}

/** The results of tools are messages of their own; they come before what else the user says. */
export function turnsOf(message: unknown, index: number, foreign: Foreign): Fields[] {
  const at = `messages.${index}`
  if (!isFields(message)) throw wrong(at, 'expected an object')
  const { role, content } = message
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    throw wrong(`${at}.role`, 'expected user or assistant')
  if (typeof content === 'string') return [{ role, content }]
  if (!Array.isArray(content)) throw wrong(`${at}.content`, 'expected text or an array of blocks')
  const blocks = content.map((block, place): Block => {
    if (!isFields(block) || typeof block.type !== 'string') throw wrong(`${at}.content.${place}`, 'expected a block')
    return { block: block as Block['block'], at: `${at}.content.${place}` }
  })
  return role === 'assistant' ? [assistantTurn(blocks, foreign)] : userTurns(role, blocks, foreign)
}

type Block = { readonly block: Fields & { readonly type: string }; readonly at: string }

function userTurns(role: string, blocks: readonly Block[], foreign: Foreign): Fields[] {
  const results = blocks.filter(({ block }) => block.type === 'tool_result').map((block) => toolTurn(block, foreign))
  const parts = blocks.filter(({ block }) => block.type !== 'tool_result').flatMap((block) => partsOf(block, foreign))
  return parts.length > 0 ? [...results, { role, content: parts }] : results
}

function toolTurn({ block, at }: Block, foreign: Foreign): Fields {
  const { tool_use_id, content, is_error } = block
  ignoreUnknown(block, RESULT, foreign.ignored, 'tool_result.')
  if (typeof tool_use_id !== 'string') throw wrong(`${at}.tool_use_id`, 'expected the id of a call')
  const said = Array.isArray(content)
    ? content.flatMap((each, index) =>
        partsOf({ block: each as Block['block'], at: `${at}.content.${index}` }, foreign),
      )
    : String(content ?? '')
  return {
    role: 'tool',
    tool_call_id: tool_use_id,
    content: said,
    ...(is_error === true ? { is_error } : {}),
    ...cached(block),
  }
}

const RESULT: ReadonlySet<string> = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control'])
/** Of texts, images and documents. */
const CARRIED: ReadonlySet<string> = new Set(['type', 'text', 'source', 'title', 'cache_control', 'citations'])

function partsOf({ block, at }: Block, foreign: Foreign): Fields[] {
  if (!isFields(block)) throw wrong(at, 'expected a block')
  ignoreUnknown(block, CARRIED, foreign.ignored, `${block.type}.`)
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: String(block.text ?? ''), ...cached(block) }]
    case 'image':
      return [{ type: 'image_url', image_url: { url: urlOf(block, at, foreign) }, ...cached(block) }]
    case 'document':
      return [documentOf({ block, at }, foreign)]
    default:
      foreign.note(at, block.type)
      return []
  }
}

function urlOf({ source }: Fields, at: string, foreign: Foreign): string {
  if (isFields(source)) {
    const { type, media_type, data, url } = source
    if (type === 'base64' && typeof data === 'string') return `data:${String(media_type)};base64,${data}`
    if (type === 'url' && typeof url === 'string') return url
    if (type === 'file' || type === 'content') {
      foreign.note(`${at}.source`, type)
      return ''
    }
  }
  throw wrong(`${at}.source`, 'expected a source of type base64 or url')
}

function documentOf({ block, at }: Block, foreign: Foreign): Fields {
  const { source, title, citations } = block
  if (isFields(citations) && citations.enabled === true) foreign.ignored.add('document.citations')
  if (isFields(source) && source.type === 'text') {
    if (typeof title === 'string') foreign.ignored.add('document.title')
    return { type: 'text', text: String(source.data ?? ''), ...cached(block) }
  }
  const filename = typeof title === 'string' ? title : 'document.pdf'
  return { type: 'file', file: { filename, file_data: urlOf(block, at, foreign) }, ...cached(block) }
}

function assistantTurn(blocks: readonly Block[], foreign: Foreign): Fields {
  const content: Fields[] = []
  const calls: Fields[] = []
  const thoughts: Fields[] = []
  for (const { block, at } of blocks) {
    if (block.type === 'tool_use') calls.push(callOf(block))
    else if (block.type === 'thinking' || block.type === 'redacted_thinking')
      thoughts.push(thoughtOf(block, thoughts.length))
    else content.push(...partsOf({ block, at }, foreign))
  }
  return {
    role: 'assistant',
    content: content.length > 0 ? content : null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(thoughts.length > 0 ? { reasoning_details: thoughts } : {}),
  }
}

const callOf = ({ id, name, input, ...block }: Fields): Fields => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input ?? {}) },
  ...cached(block),
})

/** How what a model thought is written where it has to be sent back to it. */
const FORMAT = 'anthropic-claude-v1'

const thoughtOf = ({ type, thinking, signature, data }: Fields, index: number): Fields =>
  type === 'redacted_thinking'
    ? { type: 'reasoning.encrypted', data, format: FORMAT, index }
    : { type: 'reasoning.text', text: thinking, signature, format: FORMAT, index }

const wrong = (param: string, problem: string) => refuse('invalid_request', `${param}: ${problem}`, { param })
