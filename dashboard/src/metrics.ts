/** What bars, ranks and shares measure. Every amount is decimal text, so that sums are exact. */
import type { UsageReport } from '@turnpike/sdk'
import { readable, rounded } from './amount-text.ts'
import { whole } from './numbers.ts'
import type { Metric } from './search.ts'

export type Figures = UsageReport['totals']

export const METRIC_NAMES: Readonly<Record<Metric, string>> = {
  charge: 'Charged',
  requests: 'Requests',
  errors: 'Errors',
  tokens: 'Tokens',
  kinds: 'Tokens by kind',
}

const OF: Readonly<Record<Metric, (figures: Figures) => string>> = {
  charge: ({ decimal }) => decimal.chargeUsd ?? '0',
  requests: ({ requests }) => String(requests),
  errors: ({ errors }) => String(errors),
  tokens: ({ totalTokens }) => String(totalTokens),
  kinds: ({ totalTokens }) => String(totalTokens),
}

export const amountOf = (metric: Metric, figures: Figures): string => OF[metric](figures)

export const amountText = (metric: Metric, amount: string): string =>
  metric === 'charge' ? readable(rounded(amount)) : whole(Number(amount))

/** What tokens there are, apart from one another: together they are all. */
export const KINDS: readonly (readonly [name: string, of: (figures: Figures) => number])[] = [
  ['Input, not cached', ({ inputTokens, cachedTokens }) => inputTokens - cachedTokens],
  ['Input, cached', ({ cachedTokens }) => cachedTokens],
  ['Output, not reasoning', ({ outputTokens, reasoningTokens }) => outputTokens - reasoningTokens],
  ['Output, reasoning', ({ reasoningTokens }) => reasoningTokens],
]
