/** What each event looks like: for tests of a channel, and for the reference. */
import type { EventType } from './events.ts'

const account = { accountId: 'acc_0VCi7Jj6N5RDeKlMUkz9', externalId: 'ann' }
const call = {
  generationId: 'gen-1763949831-0VCi7Jj6hT2kQ9wXz4Lm',
  ...account,
  model: 'openai/gpt-4o',
  provider: 'openai',
}
const budget = {
  budgetId: 'bud_0VCi7Jj67Qm2xV9kLr4T',
  name: 'monthly tokens',
  scope: 'organisation',
  scopeId: 'acme',
  metric: 'tokens',
  limit: 1_000_000,
  window: 'month',
  windowStart: '2026-11-01T00:00:00Z',
  windowEnd: '2026-12-01T00:00:00Z',
  timeZone: 'UTC',
  action: 'block',
  version: 1,
}
const credits = (balance: string) => ({
  ...account,
  balanceUsd: Number(balance),
  reservedUsd: 0,
  availableUsd: Math.max(0, Number(balance)),
  thresholdUsd: 10,
  decimal: {
    balanceUsd: balance,
    reservedUsd: '0',
    availableUsd: balance.startsWith('-') ? '0' : balance,
    thresholdUsd: '10',
  },
})
const grant = { ...account, grantId: 'grant_0VCi7Jj6FlyFDiYcuPTm', category: 'promotional' }

/** The `data` before it is told. */
export const eventSamples: Readonly<Record<EventType, Readonly<Record<string, unknown>>>> = {
  'budget.threshold_reached': { ...budget, value: 800_150, thresholds: [80] },
  'budget.blocked': { ...budget, value: 999_412, reserved: 500 },
  'credits.low': credits('9.75'),
  'credits.depleted': credits('0'),
  'credits.negative': credits('-0.25'),
  'grant.expiring': {
    ...grant,
    days: 7,
    remainingUsd: 12.5,
    expiresAt: '2026-11-30T00:00:00Z',
    decimal: { remainingUsd: '12.5' },
  },
  'grant.expired': {
    ...grant,
    amountUsd: 25,
    lostUsd: 12.5,
    balanceUsd: 0,
    expiresAt: '2026-11-30T00:00:00Z',
    decimal: { amountUsd: '25', lostUsd: '12.5', balanceUsd: '0' },
  },
  'reservation.expired': {
    ...account,
    reservationId: 'res_0VCi7Jj6N5RDeKlMUkz9',
    releasedUsd: 1.5,
    expiresAt: '2026-11-20T09:05:00Z',
    decimal: { releasedUsd: '1.5' },
  },
  'generation.interrupted': {
    ...call,
    chargeUsd: 0.0125,
    inputTokens: 1_000,
    outputTokens: 512,
    admittedAt: '2026-11-20T09:00:00Z',
    decimal: { chargeUsd: '0.0125' },
  },
  'quote.exceeded': { ...call, chargeUsd: 0.02, quoteUsd: 0.015, decimal: { chargeUsd: '0.02', quoteUsd: '0.015' } },
  'usage.missing': {
    ...account,
    transactionId: 'txn_0VCi7Jj6N5RDeKlMUkz9',
    amountUsd: 1.5,
    bookedAt: '2026-11-20T08:45:00Z',
    decimal: { amountUsd: '1.5' },
  },
  'usage.unpriced': { model: 'acme/new', provider: 'acme', day: '2026-11-20' },
  'price.changed': {
    ...{ model: 'gpt-4o', provider: 'openai', rateCardId: 'rc_2f6b1d0c' },
    changes: [{ meter: 'input', before: '2.5 USD per 1000000', after: '3 USD per 1000000' }],
  },
  'spend.anomaly': { chargeUsd: 480.5, usualUsd: 96.1, decimal: { chargeUsd: '480.5', usualUsd: '96.1' } },
  'ledger.integrity_failed': { differences: 2, tables: ['accounts', 'budget_counters'] },
  'webhook.endpoint_disabled': {
    channelId: 'chan_0VCi7Jj6N5RDeKlMUkz9',
    name: 'operations',
    host: 'hooks.example.com',
    reason: '10 tries failed; the last one: the receiver answered 500',
  },
}
