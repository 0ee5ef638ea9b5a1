/** The chunks of a chat stream as the events of Anthropic's wire: one block after the other, each opened and closed. */
import { eventText } from '../lib/sse.ts'
import { readChunk } from './chat-chunk.ts'
import type { ChunkState, ReplyContext } from './dialect.ts'
import { type Fields, isFields } from './messages-content.ts'
import { isNative, nativeEvent, nativeText } from './messages-native.ts'
import { listOf } from './messages-reply.ts'

type Kind = 'thinking' | 'redacted_thinking' | 'text' | 'tool_use'
/** Where the stream stands. */
export type Blocks = { started: boolean; index: number; open: Kind | undefined; call: number | undefined }

const event = (type: string, fields: Fields): string => eventOf(type, JSON.stringify({ type, ...fields }))
export const eventOf = (type: string, data: string): string => `event: ${type}\n${eventText(data)}`

export function blocksIn(state: ChunkState): Blocks {
  const known = state.own as Blocks | undefined
  if (known) return known
  const fresh: Blocks = { started: false, index: -1, open: undefined, call: undefined }
  state.own = fresh
  return fresh
}

/** What the provider said in this very wire is passed on; the same in the gateway's form is metered alone. */
export function chunkEvents(data: string, context: ReplyContext, state: ChunkState): string | undefined {
  const own = nativeText(data)
  if (own !== undefined) return nativeEvent(own, context, state)
  const body = readChunk(data, state)
  if (body === undefined) return undefined
  if (isNative(state)) return undefined
  const blocks = blocksIn(state)
  let out = begin(context, blocks)
  for (const choice of listOf(JSON.parse(body.choices)))
    if (isFields(choice.delta) && (choice.index ?? 0) === 0) out += deltaEvents(choice.delta, blocks)
  return out === '' ? undefined : out
}

/** Clients count what goes in from the first event, before the provider has told it. */
export function begin({ id, model, promptTokens }: ReplyContext, blocks: Blocks): string {
  if (blocks.started) return ''
  blocks.started = true
  const usage = {
    input_tokens: promptTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 1,
  }
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  }
  return event('message_start', { message })
}

function deltaEvents(delta: Fields, blocks: Blocks): string {
  let out = ''
  const details = listOf(delta.reasoning_details)
  for (const detail of details) out += thoughtEvents(detail, blocks)
  if (details.length === 0) {
    const thinking = [delta.reasoning, delta.reasoning_content].find((text) => typeof text === 'string' && text !== '')
    if (thinking !== undefined) out += say('thinking', { type: 'thinking_delta', thinking }, blocks)
  }
  const text = [delta.content, delta.refusal].find((each) => typeof each === 'string' && each !== '')
  if (text !== undefined) out += say('text', { type: 'text_delta', text }, blocks)
  for (const call of listOf(delta.tool_calls)) out += callEvents(call, blocks)
  return out
}

function thoughtEvents({ type, text, summary, signature, data }: Fields, blocks: Blocks): string {
  if (type === 'reasoning.encrypted')
    return close(blocks) + open('redacted_thinking', { type: 'redacted_thinking', data }, blocks)
  const thinking = [text, summary].find((each) => typeof each === 'string' && each !== '')
  const said = thinking === undefined ? '' : say('thinking', { type: 'thinking_delta', thinking }, blocks)
  if (typeof signature !== 'string' || signature === '') return said
  return said + say('thinking', { type: 'signature_delta', signature }, blocks)
}

function callEvents(call: Fields, blocks: Blocks): string {
  const { name, arguments: part } = isFields(call.function) ? call.function : {}
  const number = typeof call.index === 'number' ? call.index : 0
  let out = ''
  if (blocks.open !== 'tool_use' || blocks.call !== number) {
    const block = { type: 'tool_use', id: String(call.id ?? ''), name: String(name ?? ''), input: {} }
    out = close(blocks) + open('tool_use', block, blocks)
    blocks.call = number
  }
  if (typeof part !== 'string' || part === '') return out
  return out + say('tool_use', { type: 'input_json_delta', partial_json: part }, blocks)
}

const EMPTY: Readonly<Record<string, Fields>> = {
  text: { type: 'text', text: '' },
  thinking: { type: 'thinking', thinking: '', signature: '' },
}

/** More of the block that is open; of another kind, it is the next block. */
function say(kind: Kind, delta: Fields, blocks: Blocks): string {
  const turned = blocks.open === kind ? '' : close(blocks) + open(kind, EMPTY[kind] ?? { type: kind }, blocks)
  return turned + event('content_block_delta', { index: blocks.index, delta })
}

function open(kind: Kind, block: Fields, blocks: Blocks): string {
  blocks.open = kind
  blocks.index++
  return event('content_block_start', { index: blocks.index, content_block: block })
}

export function close(blocks: Blocks): string {
  if (blocks.open === undefined) return ''
  blocks.open = undefined
  return event('content_block_stop', { index: blocks.index })
}
