/** Whom events are told to, and how far each telling has come. */
import { z } from 'zod'
import { credits, Decimal, fixed, Instant, id, Name, PageQuery, Pagination } from './common.ts'
import { EVENT_TYPES, Event } from './events.ts'

const MOST_RECIPIENTS = 20
const to = z
  .array(z.email('expected e-mail addresses').max(320), 'expected a list of e-mail addresses')
  .min(1, 'expected at least one e-mail address')
  .max(MOST_RECIPIENTS, `expected at most ${MOST_RECIPIENTS} e-mail addresses`)
const url = z.string('expected an https address').min(1, 'expected an https address').max(2_000)
const EventTypeName = z.enum(EVENT_TYPES, `expected one of ${EVENT_TYPES.join(', ')}`)
const events = z
  .array(EventTypeName, 'expected a list of event types')
  .min(1, 'expected at least one event type')
  .max(100)
const budgetId = id('bud').max(64)

export const AlertChannel = z
  .object({
    id: id('chan'),
    type: z.enum(['email', 'webhook', 'slack']),
    name: z.string().nullable(),
    to: z.array(z.string()).optional().meta({ description: 'Of `email`.' }),
    url: z
      .string()
      .optional()
      .meta({ description: 'Of `webhook` and `slack`; of the latter without its secret part.' }),
    events: z
      .array(z.enum(EVENT_TYPES))
      .nullable()
      .meta({ description: 'Null: all; mail and chat get those about single calls and reservations only by name.' }),
    budgetId: z.string().nullable().meta({ description: 'Null: what happens to any budget and to none.' }),
    disabled: z.boolean(),
    disabledReason: z.string().nullable(),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'AlertChannel' })
export type AlertChannel = z.output<typeof AlertChannel>

export const AlertChannelRequest = z.object({
  type: z
    .enum(['email', 'webhook', 'slack'], 'expected email, webhook or slack')
    .meta({ description: 'How: email, webhook or slack.' }),
  name: Name(255).nullish().meta({ description: 'What people call the channel.' }),
  to: to.optional().meta({ description: 'Of `email`: who gets it.' }),
  url: url.optional().meta({ description: 'Of `webhook` and `slack`: https, and no private address.' }),
  events: events.nullish().meta({ description: 'Types of events; without them those that fit the type.' }),
  budgetId: budgetId.nullish().meta({ description: 'Only what happens to this budget, `bud_…`.' }),
  disabled: z.boolean('expected true or false').optional().meta({ description: 'Nothing is delivered.' }),
})

/** What is left out stays as it is. */
export const AlertChannelPatch = z.object({
  type: fixed('the type of a channel stays as it is; make another channel'),
  name: Name(255).nullish().meta({ description: 'What people call the channel.' }),
  to: to.optional().meta({ description: 'Of `email`: who gets it.' }),
  url: url.optional().meta({ description: 'Of `webhook` and `slack`: https, and no private address.' }),
  events: events.nullish().meta({ description: 'Types of events; without them those that fit the type.' }),
  budgetId: budgetId.nullish().meta({ description: 'Only what happens to this budget, `bud_…`.' }),
  disabled: z.boolean('expected true or false').optional().meta({ description: 'Nothing is delivered.' }),
})

/** What holds for accounts that have none of their own. */
export const AlertDefaults = z.object({
  lowCreditThreshold: z.number().nullable().meta({
    description: 'Credits. A balance up to here is told as `credits.low`; null: none is.',
  }),
  decimal: Decimal,
})
export const AlertDefaultsRequest = z.object({
  lowCreditThreshold: credits({ positive: false })
    .nullable()
    .meta({ description: 'A balance up to here, in credits, is told as low; null: none is.' }),
})

export const AlertChannelReply = z.object({ channel: AlertChannel })
export const AlertChannelCreated = z.object({
  channel: AlertChannel,
  secret: z.string().optional().meta({ description: 'Of a webhook: `whsec_…`, shown this once.' }),
})
export const AlertChannelRotated = z.object({
  channel: AlertChannel,
  secret: z.string().meta({ description: 'The new one, shown this once; the old one signs too for 24 hours.' }),
})
export const AlertChannelList = z.object({ channels: z.array(AlertChannel), pagination: Pagination })
export const Deleted = z.object({ deleted: z.literal(true) })

export const ChannelTestRequest = z.object({
  event: EventTypeName.optional().meta({ description: 'What it looks like. Default: budget.threshold_reached.' }),
})

const Attempt = z.object({
  at: Instant,
  status: z.int().nullable().meta({ description: 'What the receiver answered; null: it did not.' }),
  error: z.string().nullable(),
  answer: z.string().nullable().meta({ description: 'Its first 500 characters.' }),
})

export const Delivery = z
  .object({
    id: id('del'),
    eventId: id('evt'),
    type: z.enum(EVENT_TYPES),
    channelId: id('chan'),
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.array(Attempt).meta({ description: 'Oldest first, the last 50.' }),
    note: z.string().nullable().meta({ description: 'Why it ended, where no attempt says it.' }),
    nextAttemptAt: Instant.nullable(),
    createdAt: Instant,
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'Delivery' })
export type Delivery = z.output<typeof Delivery>

export const DeliveryReply = z.object({ delivery: Delivery })
export const DeliveryList = z.object({ deliveries: z.array(Delivery), pagination: Pagination })
export const DeliveryQuery = PageQuery.extend({
  channelId: id('chan').optional().meta({ description: 'Of this channel, `chan_…`.' }),
  type: EventTypeName.optional().meta({ description: 'Of this type of event.' }),
  state: z
    .enum(['pending', 'delivered', 'failed'], 'expected pending, delivered or failed')
    .optional()
    .meta({ description: 'pending, delivered or failed.' }),
})

export const EventQuery = PageQuery.extend({
  type: EventTypeName.optional().meta({ description: 'Of this type.' }),
})
export const EventList = z.object({ events: z.array(Event), pagination: Pagination })
