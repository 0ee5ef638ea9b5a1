/** What one call cost: from the usage in its reply, or from the look-up of its generation. What is not known is null. */
import { isDecimal, sumOf } from './decimal.ts'
import { type ExactJson, parseExact } from './exact-json.ts'

/** What the tracker keeps of a call. */
export type CostRecord = {
  /** The id of the reply; its generation is looked up by it. */
  readonly generationId: string
  /** The model that answered. */
  readonly model: string
  /** RFC 3339, UTC. */
  readonly timestamp: string
  /** Tokens in, cached ones among them. Null: nobody said. */
  readonly promptTokens: number | null
  /** Tokens out, reasoning among them. Null: nobody said. */
  readonly completionTokens: number | null
  /** Both together. Null: nobody said. */
  readonly totalTokens: number | null
  /** USD, exact, as decimal text. Null: nobody said. */
  readonly costUsd: string | null
  /** USD saved by caching, exact. Only the look-up knows it. */
  readonly cacheDiscount: string | null
  /** Only the look-up knows it. */
  readonly provider: string | null
  /** Only the look-up knows it. */
  readonly latencyMs: number | null
}

const MONEY = ['cost', 'total_cost', 'cache_discount'] as const

/** Throws `SyntaxError`. */
export const parseMoney = (text: string): ExactJson => parseExact(text, MONEY)

type Known = { readonly id: string; readonly model: string; readonly timestamp: string }

/** `usage` is a member of what was parsed; undefined where the reply had none. */
export function recordOfUsage(json: ExactJson, usage: object | undefined, { id, model, timestamp }: Known): CostRecord {
  const { prompt_tokens, completion_tokens, total_tokens } = (usage ?? {}) as Record<string, unknown>
  return {
    generationId: id,
    model,
    timestamp,
    promptTokens: countOf(prompt_tokens),
    completionTokens: countOf(completion_tokens),
    totalTokens: countOf(total_tokens),
    costUsd: usage === undefined ? null : moneyOf(json.textOf(usage, 'cost')),
    cacheDiscount: null,
    provider: null,
    latencyMs: null,
  }
}

/** Of the `data` of a generation; its native tokens are what is billed. */
export function recordOfGeneration(json: ExactJson, data: object, known: Known): CostRecord {
  const facts = data as Record<string, unknown>
  const promptTokens = countOf(facts.native_tokens_prompt)
  const completionTokens = countOf(facts.native_tokens_completion)
  return {
    generationId: textOr(facts.id, known.id),
    model: textOr(facts.model, known.model),
    timestamp: textOr(facts.created_at, known.timestamp),
    promptTokens,
    completionTokens,
    totalTokens: promptTokens === null || completionTokens === null ? null : promptTokens + completionTokens,
    costUsd: moneyOf(json.textOf(data, 'total_cost')),
    cacheDiscount: moneyOf(json.textOf(data, 'cache_discount')),
    provider: typeof facts.provider_name === 'string' ? facts.provider_name : null,
    latencyMs: countOf(facts.latency),
  }
}

/** As the tracker of OpenRouter's guide writes it, so that one program reads both; exact amounts beside its numbers. */
export const exported = (record: CostRecord): Record<string, unknown> => ({
  generation_id: record.generationId,
  model: record.model,
  timestamp: record.timestamp,
  prompt_tokens: record.promptTokens,
  completion_tokens: record.completionTokens,
  total_tokens: record.totalTokens,
  cost_usd: numberOf(record.costUsd),
  cache_discount: numberOf(record.cacheDiscount),
  provider: record.provider,
  latency_ms: record.latencyMs,
  decimal: { cost_usd: record.costUsd, cache_discount: record.cacheDiscount },
})

/** Plain, however the server wrote it; an amount beyond reason is none. */
const moneyOf = (text: string | undefined): string | null =>
  text !== undefined && isDecimal(text) ? sumOf([text]) : null
const countOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)
const textOr = (value: unknown, other: string): string => (typeof value === 'string' ? value : other)
const numberOf = (text: string | null): number | null => (text === null ? null : Number(text))
