/** Calls as the gateway settles them, for the tests of the dialects: usage and rates in, priced by the real rules. */
import type { Meter } from '../contract/meters.ts'
import { compileTerms, price, type Terms } from '../core/price.ts'
import type { RateCard } from '../core/rate-card.ts'
import { parseRatio, ZERO } from '../lib/ratio.ts'
import type { ReplyContext, Settled } from './dialect.ts'

export type CallFixture = {
  /** Counts by meter, as decimal text. */
  readonly counts: Readonly<Record<string, string>>
  /** USD per million (tokens), or per one (calls), as decimal text. */
  readonly rates: Readonly<Record<string, string>>
  readonly byokFeePercent?: string
  readonly discountPercent?: string
  readonly insured?: boolean
  readonly estimated?: boolean
}

export function settledCall(call: CallFixture): Settled {
  const counts = new Map(Object.entries(call.counts).map(([meter, text]) => [meter as Meter, parseRatio(text) ?? ZERO]))
  const usage = { parts: [{ counts }], flags: [] }
  const isByok = call.byokFeePercent !== undefined
  const terms: Terms = {
    ...compileTerms({
      markupPercent: '0',
      discountPercent: call.discountPercent ?? '0',
      routingFeeUsd: '0',
      byokFeePercent: call.byokFeePercent ?? '0',
    }),
    byok: isByok,
    insured: call.insured ?? false,
  }
  return {
    usage,
    source: call.estimated ? 'estimated' : 'reported',
    priced: price(usage, cardOf(call.rates), terms),
    isByok,
    serviceTier: null,
  }
}

const cardOf = (rates: CallFixture['rates']): RateCard => ({
  id: 'card',
  source: 'test',
  provider: 'test',
  model: 'test',
  currency: 'USD',
  lines: Object.entries(rates).map(([meter, text]) => ({
    meter: meter as Meter,
    price: text,
    per: meter === 'web_search' || meter === 'request' ? 1 : 1_000_000,
  })),
})

/** xAI's answer to "What is the capital of France?": 175 prompt tokens, 161 of them cached, 80 completion tokens. */
export const grokCall = settledCall({
  counts: { input: '14', cache_read: '161', output: '80' },
  rates: { input: '0.20', cache_read: '0.05', output: '0.50' },
})

export const grokContext: ReplyContext = {
  id: 'gen-1763949831-7hT2kQ9wXz4LmB6vN1cR',
  requestId: 'e7d2ff652d84410f903aef33d7f6471e',
  created: 1763949831,
  model: 'grok-4-1-fast-non-reasoning',
  provider: 'xAI',
  api: 'chat',
  promptTokens: 175,
  asked: true,
  includeUsage: true,
  usageChoices: 'empty',
}
