/** The chunks of a chat stream as the events of the Responses API: items that are added, grow, and are done. */
import { eventText } from '../lib/sse.ts'
import { readChunk } from './chat-chunk.ts'
import type { ChunkState, ReplyContext } from './dialect.ts'
import { type Fields, isFields } from './messages-content.ts'
import { listOf } from './messages-reply.ts'
import { type Item, responseText, shownItem } from './responses-output.ts'

/** Where the stream stands: `output` is what is done, `item` what is under way. */
export type Progress = {
  sequence: number
  started: boolean
  output: Fields[]
  item: Item | undefined
  call: number | undefined
}

export function progressIn(state: ChunkState): Progress {
  const known = state.own as Progress | undefined
  if (known) return known
  const fresh: Progress = { sequence: 0, started: false, output: [], item: undefined, call: undefined }
  state.own = fresh
  return fresh
}

/** `body` is the JSON text of what the event has beside its type and number. */
export const eventOf = (type: string, progress: Progress, body: string): string =>
  `event: ${type}\n${eventText(`{"type":"${type}","sequence_number":${progress.sequence++},${body.slice(1)}`)}`

const event = (type: string, progress: Progress, fields: Fields): string =>
  eventOf(type, progress, JSON.stringify(fields))

export function chunkEvents(data: string, context: ReplyContext, state: ChunkState): string | undefined {
  const body = readChunk(data, state)
  if (body === undefined) return undefined
  const progress = progressIn(state)
  let out = begin(context, progress)
  for (const choice of listOf(JSON.parse(body.choices)))
    if (isFields(choice.delta) && (choice.index ?? 0) === 0) out += deltaEvents(choice.delta, context, progress)
  return out === '' ? undefined : out
}

export function begin(context: ReplyContext, progress: Progress): string {
  if (progress.started) return ''
  progress.started = true
  const response = `{"response":${responseText(context, [], { status: 'in_progress' }, [['usage', 'null']])}}`
  return eventOf('response.created', progress, response) + eventOf('response.in_progress', progress, response)
}

function deltaEvents(delta: Fields, context: ReplyContext, progress: Progress): string {
  let out = ''
  const details = listOf(delta.reasoning_details)
  for (const detail of details) out += thoughtEvents(detail, context, progress)
  const plain = [delta.reasoning, delta.reasoning_content].find((text) => typeof text === 'string' && text !== '')
  if (details.length === 0 && plain !== undefined) out += thoughtEvents({ text: plain }, context, progress)
  const text = [delta.content, delta.refusal].find((each) => typeof each === 'string' && each !== '')
  if (typeof text === 'string') out += textEvents(text, context, progress)
  for (const call of listOf(delta.tool_calls)) out += callEvents(call, context, progress)
  return out
}

function thoughtEvents(
  { text, summary, data, signature, format }: Fields,
  context: ReplyContext,
  progress: Progress,
): string {
  const fresh: Item = { type: 'reasoning', text: '', encrypted: undefined, signature: undefined, format }
  const [out, item] = current('reasoning', fresh, context, progress)
  if (typeof data === 'string') item.encrypted = data
  if (typeof signature === 'string') item.signature = signature
  const delta = [text, summary].find((each) => typeof each === 'string' && each !== '')
  if (typeof delta !== 'string') return out
  const place = { ...placeOf(item, context, progress), summary_index: 0 }
  const part = { type: 'summary_text', text: '' }
  const added = item.text === '' ? event('response.reasoning_summary_part.added', progress, { ...place, part }) : ''
  item.text += delta
  return out + added + event('response.reasoning_summary_text.delta', progress, { ...place, delta })
}

function textEvents(delta: string, context: ReplyContext, progress: Progress): string {
  const [out, item] = current('message', { type: 'message', text: '' }, context, progress)
  const place = { ...placeOf(item, context, progress), content_index: 0 }
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] }
  const added = item.text === '' ? event('response.content_part.added', progress, { ...place, part }) : ''
  item.text += delta
  return out + added + event('response.output_text.delta', progress, { ...place, delta, logprobs: [] })
}

function callEvents(call: Fields, context: ReplyContext, progress: Progress): string {
  const { name, arguments: part } = isFields(call.function) ? call.function : {}
  const number = typeof call.index === 'number' ? call.index : 0
  const before = progress.call === number ? '' : done(context, progress)
  progress.call = number
  const fresh: Item = { type: 'function_call', call: { id: call.id, function: { name, arguments: '' } } }
  const [out, item] = current('function_call', fresh, context, progress)
  if (typeof part !== 'string' || part === '') return before + out
  const said = isFields(item.call.function) ? item.call.function : {}
  item.call = { ...item.call, function: { ...said, arguments: `${String(said.arguments ?? '')}${part}` } }
  const delta = { ...placeOf(item, context, progress), delta: part }
  return before + out + event('response.function_call_arguments.delta', progress, delta)
}

/** The item under way, if it is of this kind; else the next one, after the last is done. */
function current<T extends Item['type']>(
  type: T,
  fresh: Item,
  context: ReplyContext,
  progress: Progress,
): [text: string, item: Extract<Item, { type: T }>] {
  const known = progress.item
  if (known?.type === type) return ['', known as Extract<Item, { type: T }>]
  const before = done(context, progress)
  progress.item = fresh
  const added = { output_index: progress.output.length, item: shownItem(fresh, idOf(context, progress), 'in_progress') }
  return [before + event('response.output_item.added', progress, added), fresh as Extract<Item, { type: T }>]
}

/** What is under way is done: its parts, then itself. */
export function done(context: ReplyContext, progress: Progress): string {
  const { item } = progress
  if (!item) return ''
  const shown = shownItem(item, idOf(context, progress), 'completed')
  const place = placeOf(item, context, progress)
  const parts = partsDone(item, place, progress)
  const last = event('response.output_item.done', progress, { output_index: progress.output.length, item: shown })
  progress.output.push(shown)
  progress.item = undefined
  return parts + last
}

function partsDone(item: Item, place: Fields, progress: Progress): string {
  if (item.type === 'function_call') {
    const { name, arguments: text } = isFields(item.call.function) ? item.call.function : {}
    return event('response.function_call_arguments.done', progress, { ...place, name, arguments: text })
  }
  if (item.text === '') return ''
  if (item.type === 'message') {
    const part = { type: 'output_text', text: item.text, annotations: [], logprobs: [] }
    const at = { ...place, content_index: 0 }
    const text = event('response.output_text.done', progress, { ...at, text: item.text, logprobs: [] })
    return text + event('response.content_part.done', progress, { ...at, part })
  }
  const at = { ...place, summary_index: 0 }
  const part = { type: 'summary_text', text: item.text }
  const text = event('response.reasoning_summary_text.done', progress, { ...at, text: item.text })
  return text + event('response.reasoning_summary_part.done', progress, { ...at, part })
}

const idOf = ({ id }: ReplyContext, { output }: Progress): string => `${id}-${output.length}`

const placeOf = (item: Item, context: ReplyContext, progress: Progress): Fields => ({
  item_id: shownItem(item, idOf(context, progress), 'in_progress').id,
  output_index: progress.output.length,
})
