/** The response object of OpenAI's Responses API: what was asked, what came out as items, and what it used and cost. */
import { costDetails, decimalOf, openrouterCostDetails } from '../core/cost-details.ts'
import { responsesUsage } from '../core/usage-blocks.ts'
import { knownUsage, objectText } from './chat-body.ts'
import { commonReason } from './chat-choices.ts'
import type { ReplyContext, Settled } from './dialect.ts'
import { type Fields, isFields } from './messages-content.ts'
import { listOf } from './messages-reply.ts'

/** Which mount's money a response tells: all at its top when asked, or always within the usage. */
export type Money = 'asked' | 'always'

export type Ending = {
  readonly status: 'completed' | 'incomplete' | 'failed' | 'in_progress'
  readonly why?: 'max_output_tokens' | 'content_filter'
  readonly error?: Fields
}

export function endingOf(finish: string | undefined): Ending {
  const reason = finish === undefined ? 'stop' : commonReason(finish)
  if (reason === 'length') return { status: 'incomplete', why: 'max_output_tokens' }
  return reason === 'content_filter' ? { status: 'incomplete', why: 'content_filter' } : { status: 'completed' }
}

/** The items of a whole message. Their numbers make their ids, which are unique within the response. */
export function itemsOf(message: Fields, id: string): Fields[] {
  const text = typeof message.content === 'string' ? message.content : ''
  const thoughts = thoughtOf(message)
  const calls = listOf(message.tool_calls)
  return [
    ...(thoughts ? [thoughts] : []),
    ...(text !== '' || (calls.length === 0 && !thoughts) ? [{ type: 'message' as const, text }] : []),
    ...calls.map((call) => ({ type: 'function_call' as const, call })),
  ].map((item, index) => shownItem(item, `${id}-${index}`, 'completed'))
}

export type Item =
  | { type: 'message'; text: string }
  | { type: 'function_call'; call: Fields }
  | { type: 'reasoning'; text: string; encrypted: string | undefined; signature: string | undefined; format: unknown }

function thoughtOf({ reasoning_details, reasoning, reasoning_content }: Fields): Item | undefined {
  const details = listOf(reasoning_details)
  const stated = details.map(({ text, summary }) => text ?? summary).filter((text) => typeof text === 'string')
  const text =
    stated.length > 0 ? stated.join('') : [reasoning, reasoning_content].find((each) => typeof each === 'string')
  const encrypted = details.find(({ data }) => typeof data === 'string')?.data as string | undefined
  const signature = details.find((each) => typeof each.signature === 'string')?.signature as string | undefined
  if ((text === undefined || text === '') && encrypted === undefined) return undefined
  return { type: 'reasoning', text: text ?? '', encrypted, signature, format: details[0]?.format }
}

export function shownItem(item: Item, id: string, status: 'in_progress' | 'completed' | 'incomplete'): Fields {
  switch (item.type) {
    case 'message': {
      const content =
        status === 'in_progress' ? [] : [{ type: 'output_text', text: item.text, annotations: [], logprobs: [] }]
      return { type: 'message', id: `msg-${id}`, status, role: 'assistant', content }
    }
    case 'function_call': {
      const { name, arguments: text } = isFields(item.call.function) ? item.call.function : {}
      const called = { call_id: String(item.call.id ?? ''), name: String(name ?? ''), arguments: String(text ?? '') }
      return { type: 'function_call', id: `fc-${id}`, status, ...called }
    }
    case 'reasoning': {
      const summary = item.text === '' ? [] : [{ type: 'summary_text', text: item.text }]
      const { encrypted, signature, format } = item
      return {
        type: 'reasoning',
        id: `rs-${id}`,
        summary,
        ...(encrypted === undefined ? {} : { encrypted_content: encrypted }),
        ...(signature === undefined ? {} : { signature }),
        ...(format === undefined ? {} : { format }),
      }
    }
  }
}

/** JSON text of the whole object. */
export function responseText(
  context: ReplyContext,
  output: readonly Fields[],
  { status, why, error }: Ending,
  accounting: readonly (readonly [key: string, text: string | undefined])[],
): string {
  const echo = context.echo ?? {}
  const facts = {
    completed_at: status === 'in_progress' ? null : context.created,
    error: error ?? null,
    incomplete_details: why === undefined ? null : { reason: why },
    ...Object.fromEntries(Object.entries(ECHOED).map(([key, missing]) => [key, echo[key] ?? missing])),
    background: false,
    previous_response_id: null,
    store: false,
  }
  const head = { id: context.id, object: 'response', created_at: context.created, status, model: context.model, output }
  const whole = JSON.stringify({ ...head, ...facts })
  const money = accounting.filter(([, text]) => text !== undefined)
  return money.length === 0 ? whole : `${whole.slice(0, -1)},${objectText(money).slice(1)}`
}

/** What of the request a response repeats, and what it says where the request said nothing. */
const ECHOED: Readonly<Record<string, unknown>> = {
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  presence_penalty: null,
  frequency_penalty: null,
  reasoning: { effort: null, summary: null },
  service_tier: null,
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: null,
  truncation: 'disabled',
  user: null,
}

/** `usage`, and the money as the mount tells it. */
export function accountingOf(context: ReplyContext, settled: Settled, money: Money): [string, string | undefined][] {
  const requestId: [string, string | undefined] = [
    'request_id',
    context.asked ? JSON.stringify(context.requestId) : undefined,
  ]
  const usage = knownUsage(settled)
  if (usage === undefined) return [['usage', 'null'], requestId]
  const { charge } = settled.priced
  const told = money === 'always' || context.asked
  const cost = told && charge !== undefined ? decimalOf(charge) : undefined
  const counts = JSON.stringify(responsesUsage(usage)).slice(1, -1)
  const extras = objectText([
    ['usage_source', settled.source === 'estimated' ? '"estimated"' : undefined],
    ['cost', cost],
    ...(money === 'always'
      ? ([
          ['is_byok', String(settled.isByok)],
          ['cost_details', mountDetails(settled)],
        ] as const)
      : []),
  ]).slice(1, -1)
  const whole: [string, string | undefined] = ['usage', `{${[counts, extras].filter((text) => text !== '').join(',')}}`]
  if (money === 'always' || cost === undefined) return [whole, requestId]
  const details = costDetails(settled.priced)
  const named = details && objectText(Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1)))
  return [whole, ['cost', cost], ['cost_details', named], requestId]
}

function mountDetails({ priced, isByok }: Settled): string | undefined {
  const details = openrouterCostDetails(priced, isByok)
  return (
    details &&
    objectText([
      ['upstream_inference_cost', details.upstreamInferenceCost ?? 'null'],
      ['upstream_inference_input_cost', details.promptCost],
      ['upstream_inference_output_cost', details.completionsCost],
      ['server_tool_cost', details.serverToolCost],
    ])
  )
}
