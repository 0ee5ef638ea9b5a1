/** A worked example of usage as its provider would answer with it: a whole reply, or the events of a stream. */
import type { UsageCase } from './usage-cases.ts'

/** The type of the provider that speaks the wire of an example; those without one cannot be called. */
export const WIRES: Readonly<Record<string, 'openai' | 'anthropic' | 'gemini'>> = {
  messages: 'anthropic',
  generateContent: 'gemini',
  chat: 'openai',
  'openai-compat-chat': 'openai',
  embeddings: 'openai',
}

/** The body of a reply, and what it calls itself. */
export type CaseReply = { readonly raw: string; readonly type: 'application/json' | 'text/event-stream' }

export function replyOf(one: UsageCase, stream: boolean): CaseReply {
  const [whole, events] = FORMS[one.api] ?? FORMS.chat
  return stream
    ? { type: 'text/event-stream', raw: events(one) }
    : { type: 'application/json', raw: JSON.stringify(whole(one)) }
}

type Form = readonly [whole: (one: UsageCase) => object, events: (one: UsageCase) => string]
type Event = Readonly<Record<string, unknown>>

/** Words where some were counted: a usage of zeros beside words would be none. */
const wordsOf = ({ expected_tokens }: UsageCase): string => (expected_tokens.output_total > 0 ? 'Hello there.' : '')

const frame = (event: Event): string => `data: ${JSON.stringify(event)}\n\n`
const named = (event: Event): string => `event: ${event.type}\n${frame(event)}`

/** What of its events tells usage, in turn; without a stream of its own the last one does. */
const usages = ({ raw, raw_stream }: UsageCase, member: string): readonly unknown[] =>
  raw_stream?.map((event) => event[member]).filter((usage) => usage !== undefined) ?? [raw]

const tierOf = ({ context }: UsageCase): Event => {
  const tier = context?.['response.service_tier']
  return tier === undefined ? {} : { service_tier: tier }
}

const identity = (one: UsageCase): Event => ({ id: 'reply-1', created: 1, model: one.model, ...tierOf(one) })

const chatWhole = (one: UsageCase) => ({
  ...identity(one),
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: wordsOf(one) }, finish_reason: 'stop' }],
  usage: one.raw,
})

function chatEvents(one: UsageCase): string {
  const chunk = { ...identity(one), object: 'chat.completion.chunk' }
  const said = { index: 0, delta: { role: 'assistant', content: wordsOf(one) }, finish_reason: null }
  const ended = { index: 0, delta: {}, finish_reason: 'stop' }
  const events = [
    { ...chunk, choices: [said] },
    { ...chunk, choices: [ended] },
    { ...chunk, choices: [], usage: one.raw },
  ]
  return `${events.map(frame).join('')}data: [DONE]\n\n`
}

const message = (one: UsageCase): Event => ({ id: 'msg_1', type: 'message', role: 'assistant', model: one.model })

const messageWhole = (one: UsageCase) => ({
  ...message(one),
  content: [{ type: 'text', text: wordsOf(one) }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: one.raw,
})

function messageEvents(one: UsageCase): string {
  const opening = one.raw_stream?.find(({ type }) => type === 'message_start')?.message
  const atStart = (opening as Event | undefined)?.usage ?? { ...(one.raw as Event), output_tokens: 1 }
  const deltas = usages(one, 'usage')
  return [
    { type: 'message_start', message: { ...message(one), content: [], usage: atStart } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: wordsOf(one) } },
    { type: 'content_block_stop', index: 0 },
    ...deltas.map((usage, place) => ({
      type: 'message_delta',
      delta: place === deltas.length - 1 ? { stop_reason: 'end_turn' } : {},
      usage,
    })),
    { type: 'message_stop' },
  ]
    .map(named)
    .join('')
}

const candidate = (one: UsageCase, finishReason?: string) => ({
  content: { role: 'model', parts: [{ text: wordsOf(one) }] },
  index: 0,
  ...(finishReason === undefined ? {} : { finishReason }),
})

const geminiWhole = (one: UsageCase) => ({
  candidates: [candidate(one, 'STOP')],
  usageMetadata: one.raw,
  modelVersion: one.model,
})

const geminiEvents = (one: UsageCase): string =>
  usages(one, 'usageMetadata')
    .map((usageMetadata, place, all) => ({
      candidates: [candidate(one, place === all.length - 1 ? 'STOP' : undefined)],
      usageMetadata,
      modelVersion: one.model,
    }))
    .map(frame)
    .join('')

const embeddings = (one: UsageCase) => ({
  object: 'list',
  model: one.model,
  data: [{ object: 'embedding', index: 0, embedding: [0.1] }],
  usage: one.raw,
})

const FORMS: { readonly chat: Form; readonly [api: string]: Form | undefined } = {
  chat: [chatWhole, chatEvents],
  'openai-compat-chat': [chatWhole, chatEvents],
  messages: [messageWhole, messageEvents],
  generateContent: [geminiWhole, geminiEvents],
  embeddings: [embeddings, () => ''],
}
