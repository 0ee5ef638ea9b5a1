/** What Turnpike tells of its own accord, by mail and to addresses that were named. */
export const EVENT_TYPES = [
  'budget.threshold_reached',
  'budget.blocked',
  'credits.low',
  'credits.depleted',
  'credits.negative',
  'grant.expiring',
  'grant.expired',
  'reservation.expired',
  'generation.interrupted',
  'quote.exceeded',
  'usage.missing',
  'usage.unpriced',
  'webhook.endpoint_disabled',
] as const

export type EventType = (typeof EVENT_TYPES)[number]
