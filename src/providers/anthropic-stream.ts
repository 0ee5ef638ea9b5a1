/**
 * The events of a message of Anthropic's wire as chunks of a chat completion, one by one as they come. Usage goes on in
 * chunks of its own, as it came; whatever the events say, in whatever order, they never break the reader.
 */
import type { SseEvent } from '../lib/sse.ts'
import { anthropicFailure } from './anthropic-error.ts'
import type { ReadingAs } from './anthropic-reply.ts'
import { annotation, explanationOf, finishReason, hiddenThought, thought } from './anthropic-words.ts'
import { type Fields, isFields, memberText, parseFields, textOf } from './json-fields.ts'
import { NATIVE, UpstreamFailure } from './provider.ts'
import type { WireOut } from './wire.ts'

type Block = {
  readonly kind: 'text' | 'thinking' | 'tool' | 'answer'
  /** Of the call, or of the thought, among its kind. */
  readonly index: number
  /** What stands in the block itself, where no deltas say it. */
  readonly input: unknown
  /** Where its text begins in the content. */
  readonly start: number
  readonly citations: Fields[]
  isEmpty: boolean
}

type State = {
  readonly as: ReadingAs
  readonly out: WireOut
  /** What every chunk begins with. */
  head: string
  id: unknown
  begun: boolean
  readonly open: Map<unknown, Block>
  calls: number
  thoughts: number
  /** Characters of the content so far. */
  said: number
  answeredByTool: boolean
}

/** Blocks come one after the other; what has more open at a time is not worth following. */
const MOST_OPEN = 256
const MOST_CITATIONS = 256

export function readAnthropicStream(as: ReadingAs, status: number, out: WireOut): (event: SseEvent) => void {
  const head = '{"id":null,"object":"chat.completion.chunk","created":0,"model":null'
  const state: State = {
    as,
    out,
    head,
    id: undefined,
    begun: false,
    open: new Map(),
    calls: 0,
    thoughts: 0,
    said: 0,
    answeredByTool: false,
  }
  return ({ event: name, data }) => {
    if (data === '[DONE]') return out.end()
    const event = parseFields(data)
    if (!event)
      return out.end(new UpstreamFailure('invalid', 'an event of the stream is not a JSON object', { status }))
    const type = textOf(event.type ?? name)
    if (type === 'error') return out.end(anthropicFailure(200, {}, data))
    if (type === 'message_start') {
      if (as.native) out.chunk(`${NATIVE}${data}}`)
      return start(state, event, data)
    }
    const handler = HANDLERS.get(type)
    if (!handler && !as.native) return
    // Only now: a stream that fails before it says anything can still go to the next candidate.
    if (!state.begun) {
      state.begun = true
      out.begin({ id: state.id })
    }
    if (as.native) out.chunk(`${NATIVE}${data}}`)
    handler?.(state, event, data)
  }
}

const HANDLERS: ReadonlyMap<string, (state: State, event: Fields, data: string) => void> = new Map([
  ['content_block_start', openBlock],
  ['content_block_delta', takeDelta],
  ['content_block_stop', closeBlock],
  ['message_delta', endMessage],
  ['message_stop', ({ out }: State) => out.end()],
])

function start(state: State, { message }: Fields, data: string): void {
  if (state.id !== undefined || !isFields(message)) return
  const { id, model, usage } = message
  const tier = isFields(usage) && typeof usage.service_tier === 'string' ? { service_tier: usage.service_tier } : {}
  state.id = typeof id === 'string' ? id : null
  state.head = JSON.stringify({
    id: state.id,
    object: 'chat.completion.chunk',
    created: 0,
    model: textOf(model),
    ...tier,
  })
  state.head = state.head.slice(0, -1)
  say(state, { role: 'assistant', content: '' })
  // The member `message` tells the reader of usage that the output has not been counted yet.
  tellUsage(state, memberText(data, 'message', 'usage'), '"message":{},')
}

function say({ out, head }: State, delta: Fields, finish = 'null'): void {
  out.chunk(`${head},"choices":[{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":${finish}}]}`)
}

function tellUsage({ out, head }: State, usage: string | undefined, mark = ''): void {
  if (usage?.startsWith('{')) out.chunk(`${head},"choices":[],${mark}"usage":${usage}}`)
}

function openBlock(state: State, { index, content_block: given }: Fields): void {
  if (!isFields(given) || state.open.size >= MOST_OPEN) return
  const { answerTool, hidesReasoning } = state.as
  const block = (kind: Block['kind'], at: number) => {
    state.open.set(index, { kind, index: at, input: given.input, start: state.said, citations: [], isEmpty: true })
  }
  if (given.type === 'text') {
    block('text', 0)
    sayText(state, textOf(given.text))
  } else if (given.type === 'thinking') {
    block('thinking', state.thoughts++)
    sayThought(state, state.thoughts - 1, textOf(given.thinking), textOf(given.signature))
  } else if (given.type === 'redacted_thinking') {
    const detail = hiddenThought(state.thoughts++, given.data)
    if (!hidesReasoning) say(state, { reasoning_details: [detail] })
  } else if (given.type === 'tool_use') {
    if (given.name === answerTool) {
      block('answer', 0)
      return
    }
    block('tool', state.calls)
    const called = { name: textOf(given.name), arguments: '' }
    say(state, { tool_calls: [{ index: state.calls++, id: textOf(given.id), type: 'function', function: called }] })
  }
}

function takeDelta(state: State, { index, delta }: Fields): void {
  if (!isFields(delta)) return
  const block = state.open.get(index)
  if (delta.type === 'text_delta') sayText(state, textOf(delta.text))
  else if (delta.type === 'thinking_delta') sayThought(state, thoughtIndex(state, block), textOf(delta.thinking), '')
  else if (delta.type === 'signature_delta') sayThought(state, thoughtIndex(state, block), '', textOf(delta.signature))
  else if (delta.type === 'input_json_delta' && block) sayInput(state, block, textOf(delta.partial_json))
  else if (delta.type === 'citations_delta' && block && isFields(delta.citation)) {
    if (block.citations.length < MOST_CITATIONS) block.citations.push(delta.citation)
  }
}

const thoughtIndex = (state: State, block: Block | undefined): number =>
  block?.kind === 'thinking' ? block.index : Math.max(0, state.thoughts - 1)

function sayText(state: State, text: string): void {
  if (text === '') return
  state.said += text.length
  say(state, { content: text })
}

function sayThought(state: State, index: number, text: string, signature: string): void {
  if (state.as.hidesReasoning) return
  if (text !== '') say(state, { reasoning: text, reasoning_details: [thought(index, { text })] })
  if (signature !== '') say(state, { reasoning_details: [thought(index, { signature })] })
}

function sayInput(state: State, block: Block, text: string): void {
  if (text === '') return
  block.isEmpty = false
  if (block.kind === 'tool') say(state, { tool_calls: [{ index: block.index, function: { arguments: text } }] })
  else if (block.kind === 'answer') {
    state.answeredByTool = true
    sayText(state, text)
  }
}

/** A call without arguments says nothing in its deltas; clients parse what they are told, so they are told `{}`. */
function closeBlock(state: State, { index }: Fields): void {
  const block = state.open.get(index)
  if (!block) return
  state.open.delete(index)
  if (block.isEmpty) sayInput(state, block, JSON.stringify(block.input ?? {}))
  if (block.citations.length > 0)
    say(state, { annotations: block.citations.map((citation) => annotation(citation, block.start, state.said)) })
}

function endMessage(state: State, { delta }: Fields, data: string): void {
  if (isFields(delta) && typeof delta.stop_reason === 'string') {
    const explanation = explanationOf(delta.stop_details)
    if (explanation !== null) say(state, { refusal: explanation })
    const reason = finishReason(delta.stop_reason, state.answeredByTool)
    say(state, {}, `${JSON.stringify(reason)},"native_finish_reason":${JSON.stringify(delta.stop_reason)}`)
  }
  tellUsage(state, memberText(data, 'usage'))
}
