/** A chat reply as a message on Anthropic's wire: blocks of what was thought, said and called, and why it ended. */
import { decimalOf, openrouterCostDetails } from '../core/cost-details.ts'
import { anthropicUsage } from '../core/usage-blocks.ts'
import { knownUsage, objectText } from './chat-body.ts'
import { commonReason } from './chat-choices.ts'
import type { FinishReason, Settled } from './dialect.ts'
import { type Fields, isFields } from './messages-content.ts'

/** The blocks of a whole message, in the order in which a model makes them. */
export function blocksOf(message: Fields): Fields[] {
  const text = textIn(message.content)
  return [
    ...thoughtsOf(message),
    ...(text === '' ? [] : [{ type: 'text', text }]),
    ...listOf(message.tool_calls).map(callOf),
  ]
}

function thoughtsOf({ reasoning_details, reasoning, reasoning_content }: Fields): Fields[] {
  const details = listOf(reasoning_details).flatMap(thoughtOf)
  if (details.length > 0) return details
  const thinking = [reasoning, reasoning_content].find((text) => typeof text === 'string' && text !== '')
  return thinking === undefined ? [] : [{ type: 'thinking', thinking, signature: '' }]
}

function thoughtOf({ type, text, summary, signature, data }: Fields): Fields[] {
  if (type === 'reasoning.encrypted') return typeof data === 'string' ? [{ type: 'redacted_thinking', data }] : []
  const thinking = [text, summary].find((each) => typeof each === 'string')
  return thinking === undefined ? [] : [{ type: 'thinking', thinking, signature: signature ?? '' }]
}

function callOf(call: Fields): Fields {
  const { name, arguments: text } = isFields(call.function) ? call.function : {}
  return { type: 'tool_use', id: String(call.id ?? ''), name: String(name ?? ''), input: inputOf(text) }
}

/** Arguments that are no JSON object are shown all the same: the client decides what to make of them. */
function inputOf(text: unknown): Fields {
  if (typeof text !== 'string' || text.trim() === '') return {}
  try {
    const input: unknown = JSON.parse(text)
    return isFields(input) ? input : { value: input }
  } catch {
    return { invalid_json: text }
  }
}

function textIn(content: unknown): string {
  if (typeof content === 'string') return content
  return listOf(content)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join('')
}

export const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])

const OWN_REASONS: ReadonlySet<string> = new Set([
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
])
const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  error: 'end_turn',
}

/** The vendor's own word where the provider said one. */
export function stopReasonOf(stated: unknown, native: unknown): string | null {
  if (typeof native === 'string' && OWN_REASONS.has(native)) return native
  return typeof stated === 'string' && stated !== '' ? REASONS[commonReason(stated)] : null
}

/** JSON text: the vendor's counts and our money. Undefined: unknown. */
export function usageText(settled: Settled): string | undefined {
  const usage = knownUsage(settled)
  if (usage === undefined) return undefined
  const { charge } = settled.priced
  return objectText([
    ...Object.entries(anthropicUsage(usage)).map(([key, value]) => [key, JSON.stringify(value)] as const),
    ['cost', charge && decimalOf(charge)],
    ['is_byok', String(settled.isByok)],
    ['cost_details', detailsText(settled)],
    ['usage_source', settled.source === 'estimated' ? '"estimated"' : undefined],
  ])
}

function detailsText({ priced, isByok }: Settled): string | undefined {
  const details = openrouterCostDetails(priced, isByok)
  return (
    details &&
    objectText([
      ['upstream_inference_cost', details.upstreamInferenceCost ?? 'null'],
      ['upstream_inference_prompt_cost', details.promptCost],
      ['upstream_inference_completions_cost', details.completionsCost],
      ['server_tool_cost', details.serverToolCost],
    ])
  )
}
