/**
 * How much a model is to think: OpenAI's and OpenRouter's `reasoning`, `reasoning_effort` and Anthropic's own `thinking`.
 * Models that decide for themselves get an effort, the others a budget, which their output limit has to exceed.
 */
import { asksForNothing, type Ignored } from '../contract/ignored.ts'
import type { AnthropicModel } from './anthropic-model.ts'
import { type Fields, isFields, numberOf } from './json-fields.ts'
import { unsupported } from './unsupported.ts'

export type Thinking = {
  readonly thinking?: Fields
  readonly effort?: string
  /** Other settings of sampling are refused upstream beside it. */
  readonly on: boolean
}

const OPTIONS: ReadonlySet<string> = new Set(['effort', 'max_tokens', 'exclude', 'enabled'])
const OFF: Thinking = { on: false }
const LEAST_BUDGET = 1_024
const GREATEST_BUDGET = 128_000

/** The share of the output limit that thinking may take. */
const SHARES: Readonly<Record<string, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.8,
  xhigh: 0.95,
  max: 0.95,
}

export function thinkingOf(body: Fields, model: AnthropicModel, maxTokens: number, ignored: Ignored): Thinking {
  if (isFields(body.thinking)) {
    const { type } = body.thinking
    return { thinking: body.thinking, on: type === 'enabled' || type === 'adaptive' }
  }
  const reasoning = isFields(body.reasoning) ? body.reasoning : {}
  for (const [option, value] of Object.entries(reasoning))
    if (!OPTIONS.has(option) && !asksForNothing(option, value)) ignored.add(`reasoning.${option}`)
  const effort = reasoning.effort ?? body.reasoning_effort
  const budget = numberOf(reasoning.max_tokens)
  if (effort === 'none' || reasoning.enabled === false)
    return model.thinksByDefault ? { thinking: { type: 'disabled' }, on: false } : OFF
  if (effort !== undefined && effort !== null && SHARES[String(effort)] === undefined)
    throw unsupported('reasoning.effort', 'expected none, minimal, low, medium, high, xhigh or max')
  if (budget !== undefined && budget > 0) {
    // A number says more than a word.
    if (typeof effort === 'string') ignored.add('reasoning.effort')
    return withBudget(budget, model, maxTokens, ignored)
  }
  if (typeof effort === 'string') return withEffort(effort, model, maxTokens, ignored)
  return reasoning.enabled === true ? withEffort('medium', model, maxTokens, ignored) : OFF
}

function withEffort(effort: string, model: AnthropicModel, maxTokens: number, ignored: Ignored): Thinking {
  if (!model.adaptive) return withBudget(maxTokens * (SHARES[effort] ?? 0), model, maxTokens, ignored)
  const named = effort === 'minimal' ? 'low' : effort === 'xhigh' && !model.highEfforts ? 'max' : effort
  return { thinking: SUMMARIZED, effort: named, on: true }
}

/** A budget that leaves no token for the answer cannot be sent. */
function withBudget(asked: number, model: AnthropicModel, maxTokens: number, ignored: Ignored): Thinking {
  if (model.adaptive) {
    const effort = Object.keys(SHARES).find((name) => asked <= maxTokens * (SHARES[name] ?? 1)) ?? 'high'
    ignored.add('reasoning.max_tokens')
    return {
      thinking: SUMMARIZED,
      effort: effort === 'minimal' ? 'low' : effort === 'xhigh' ? 'high' : effort,
      on: true,
    }
  }
  const budget = Math.min(Math.max(Math.floor(asked), LEAST_BUDGET), GREATEST_BUDGET, maxTokens - 1)
  if (budget >= LEAST_BUDGET) return { thinking: { type: 'enabled', budget_tokens: budget }, on: true }
  ignored.add('reasoning')
  return OFF
}

/** What was thought is told, as those who ask for reasoning here expect; some models leave it out otherwise. */
const SUMMARIZED: Fields = { type: 'adaptive', display: 'summarized' }
