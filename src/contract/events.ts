/**
 * What Turnpike tells of its own accord, by mail, webhook and chat: a schema for the `data` of each type. Money is a
 * number of dollars in a field that ends in `Usd`, with its exact text under the same name in `decimal`.
 */
import { z } from 'zod'
import { Decimal, Instant, id } from './common.ts'

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
  'price.changed',
  'spend.anomaly',
  'ledger.integrity_failed',
  'webhook.endpoint_disabled',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** About one call or one reservation: too many for a person, so mail and chat get them only where they are named. */
export const FOR_PROGRAMS: ReadonlySet<EventType> = new Set([
  'reservation.expired',
  'generation.interrupted',
  'quote.exceeded',
])

const usd = (about: string) => z.number().meta({ description: `USD. ${about}` })
const names = {
  accountId: id('acc').meta({ description: 'The account.' }),
  externalId: z.string().meta({ description: 'Your own name for the account.' }),
}

/** The biggest spenders of the window. */
const Spender = z.object({
  name: z.string().meta({ description: 'The model, or the name of the key.' }),
  label: z.string().optional().meta({ description: 'Of a key: the ends of its secret, `sk-tp-1f3...9c2`.' }),
  requests: z.int(),
  totalTokens: z.int(),
  chargeUsd: z.number(),
})

const spending = {
  topModels: z.array(Spender).optional().meta({
    description: 'At most three, of the last 10,000 calls of the window (credits: of the last 24 hours).',
  }),
  topKeys: z.array(Spender).optional().meta({ description: 'Likewise, by API key.' }),
  projectedExhaustion: Instant.nullable().optional().meta({
    description: 'When nothing is left, at the rate of the window so far; null: not within it.',
  }),
}

const told = {
  eventId: id('evt').meta({ description: 'The same in every repetition; it is the `webhook-id` too.' }),
  organisation: z.string().meta({ description: 'The name of the organisation.' }),
  next: z.string().meta({ description: 'What happens next, in a sentence or two.' }),
  link: z.string().nullable().meta({ description: 'Where to look; null without the setting `publicUrl`.' }),
  test: z.literal(true).optional().meta({ description: 'Asked for by a person: nothing has happened.' }),
}

const Budget = z.object({
  ...told,
  budgetId: id('bud'),
  name: z.string(),
  scope: z.enum(['organisation', 'account', 'api_key', 'end_user', 'tag', 'model']),
  scopeId: z.string(),
  metric: z.enum(['usd', 'tokens', 'requests', 'concurrency']),
  limit: z.number().meta({ description: 'In the metric; dollars for `usd`.' }),
  value: z.number().meta({ description: 'What was spent when it happened.' }),
  thresholds: z
    .array(z.number())
    .optional()
    .meta({ description: 'Percent of the limit that were passed, all at once.' }),
  reserved: z.number().optional().meta({ description: 'Of `budget.blocked`: held by calls under way.' }),
  late: z.boolean().optional().meta({ description: 'The window was over when the spend was settled.' }),
  window: z.string(),
  windowStart: Instant,
  windowEnd: Instant.nullable().meta({ description: 'When it begins anew; null: never.' }),
  timeZone: z.string(),
  action: z.enum(['block', 'alert']),
  version: z.int().optional(),
  ratePerHour: z.number().nullable().optional().meta({ description: 'In the metric, over the window so far.' }),
  ...spending,
  decimal: Decimal.optional(),
})

const Credits = z.object({
  ...told,
  ...names,
  balanceUsd: usd('What is posted.'),
  reservedUsd: usd('Of it, set aside.'),
  availableUsd: usd('What can be spent now, overdraft included; never below 0.'),
  thresholdUsd: usd('`lowCreditThreshold` of the account; null: none.').nullable(),
  ratePerHourUsd: usd('Over the last 24 hours; null: nothing was spent.').nullable().optional(),
  ...spending,
  decimal: Decimal,
})

const Call = {
  generationId: z.string(),
  accountId: z.string().nullable(),
  externalId: z.string().nullable(),
  model: z.string(),
  provider: z.string(),
}

export const eventData = {
  'budget.threshold_reached': Budget,
  'budget.blocked': Budget,
  'credits.low': Credits,
  'credits.depleted': Credits,
  'credits.negative': Credits,
  'grant.expiring': z.object({
    ...told,
    ...names,
    grantId: id('grant'),
    category: z.string(),
    days: z.union([z.literal(7), z.literal(1)]).meta({ description: 'At most so many are left.' }),
    remainingUsd: usd('What is left of it.'),
    expiresAt: Instant,
    decimal: Decimal,
  }),
  'grant.expired': z.object({
    ...told,
    ...names,
    grantId: id('grant'),
    category: z.string(),
    amountUsd: usd('What was granted.'),
    lostUsd: usd('What is gone with it.'),
    balanceUsd: usd('What is posted now.'),
    expiresAt: Instant.nullable(),
    decimal: Decimal,
  }),
  'reservation.expired': z.object({
    ...told,
    ...names,
    reservationId: id('res'),
    releasedUsd: usd('What is available again.'),
    expiresAt: Instant.nullable(),
    decimal: Decimal,
  }),
  'generation.interrupted': z.object({
    ...told,
    ...Call,
    chargeUsd: usd('By what is known of the call; null: it has no price.').nullable(),
    inputTokens: z.int(),
    outputTokens: z.int(),
    admittedAt: Instant,
    decimal: Decimal.optional(),
  }),
  'quote.exceeded': z.object({
    ...told,
    ...Call,
    chargeUsd: usd('What was charged.'),
    quoteUsd: usd('What the call should have come to at most.'),
    decimal: Decimal,
  }),
  'usage.missing': z.object({
    ...told,
    ...names,
    transactionId: id('txn'),
    amountUsd: usd('What was charged.'),
    bookedAt: Instant,
    decimal: Decimal,
  }),
  'usage.unpriced': z.object({
    ...told,
    model: z.string(),
    provider: z.string(),
    day: z.iso.date().meta({ description: 'In UTC; one event a model and day.' }),
  }),
  'price.changed': z.object({
    ...told,
    model: z.string(),
    provider: z.string(),
    rateCardId: z.string().meta({ description: 'The card that calls are charged by from now on.' }),
    changes: z
      .array(
        z.object({
          meter: z.string(),
          before: z.string().nullable().meta({ description: '`2.5 USD per 1000000`; null: it had no price.' }),
          after: z.string().nullable(),
        }),
      )
      .meta({ description: 'Of the plain rates; empty where tiers or multipliers alone are others.' }),
  }),
  'spend.anomaly': z.object({
    ...told,
    chargeUsd: usd('What was charged in the last 24 hours.'),
    usualUsd: usd('An average day of the week before.'),
    decimal: Decimal,
  }),
  'ledger.integrity_failed': z.object({
    ...told,
    differences: z.int().meta({ description: 'Stored values that are not what happened comes to.' }),
    tables: z.array(z.string()).meta({ description: 'Where they are.' }),
  }),
  'webhook.endpoint_disabled': z.object({
    ...told,
    channelId: id('chan'),
    name: z.string().nullable(),
    host: z.string(),
    reason: z.string(),
  }),
} as const satisfies Record<EventType, z.ZodObject>

const eventOf = <T extends EventType>(type: T) =>
  z
    .object({ type: z.literal(type), timestamp: Instant, data: eventData[type] })
    .meta({ id: `${type.replace(/(?:^|[._])(\w)/g, (_match, letter: string) => letter.toUpperCase())}Event` })

/** The body of a webhook. */
export const Event = z
  .discriminatedUnion('type', [
    eventOf('budget.threshold_reached'),
    eventOf('budget.blocked'),
    eventOf('credits.low'),
    eventOf('credits.depleted'),
    eventOf('credits.negative'),
    eventOf('grant.expiring'),
    eventOf('grant.expired'),
    eventOf('reservation.expired'),
    eventOf('generation.interrupted'),
    eventOf('quote.exceeded'),
    eventOf('usage.missing'),
    eventOf('usage.unpriced'),
    eventOf('price.changed'),
    eventOf('spend.anomaly'),
    eventOf('ledger.integrity_failed'),
    eventOf('webhook.endpoint_disabled'),
  ])
  .meta({ id: 'Event' })
export type Event = z.output<typeof Event>
