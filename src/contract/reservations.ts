/** Credits set aside before work and confirmed after it. Amounts are credits. */
import { z } from 'zod'
import { Balance } from './accounts.ts'
import { credits, Decimal, Instant, id, Metadata, PageQuery, Pagination, text, Who } from './common.ts'
import { InlineUsage, UsageRecord } from './usage.ts'

const ttl = z
  .int('expected a whole number of seconds')
  .min(1, 'expected 1 to 86400')
  .max(86_400, 'expected 1 to 86400')
  .meta({ description: 'Seconds from now.' })

const STATUSES = ['pending', 'confirmed', 'cancelled', 'expired'] as const

export const Reservation = z
  .object({
    id: id('res'),
    accountId: id('acc'),
    externalId: z.string(),
    amount: z.number().meta({ description: 'Set aside.' }),
    status: z.enum(STATUSES),
    createdAt: Instant,
    expiresAt: Instant.meta({ description: 'A short grace follows, in which it can still be confirmed, late.' }),
    transactionId: id('txn').nullable(),
    metadata: Metadata,
    decimal: Decimal,
  })
  .meta({ id: 'Reservation' })
export type Reservation = z.output<typeof Reservation>

export const ReservationRequest = Who.extend({
  amount: credits({ positive: true }).meta({ description: 'Credits to set aside, above 0.' }),
  ttlSeconds: ttl.optional(),
  operation: text(255).nullish().meta({ description: 'What it is for; stands in the metadata.' }),
  model: text(255).nullish().meta({ description: 'The model that it is for; stands in the metadata.' }),
  metadata: Metadata.nullish().meta({ description: 'Yours: kept and shown, never read.' }),
})

const Balances = Balance.pick({ balance: true, reserved: true, available: true, decimal: true })
export const ReservationCreated = z.object({ success: z.literal(true), reservation: Reservation, balance: Balances })

export const ReservationQuery = PageQuery.extend({
  ...Who.shape,
  status: z
    .enum(STATUSES, `expected one of ${STATUSES.join(', ')}`)
    .optional()
    .meta({ description: 'One state alone.' }),
  activeOnly: z.boolean('expected true or false').optional().meta({ description: 'Pending ones alone.' }),
})
export const ReservationList = z.object({
  success: z.literal(true),
  reservations: z.array(Reservation),
  pagination: Pagination,
})
export const ReservationReply = z.object({ success: z.literal(true), reservation: Reservation })

/** The alias without an id in its path takes it in the body. */
const Which = z.object({
  reservationId: z.string('expected a reservation id').max(64).optional().meta({ description: '`res_…`' }),
})

export const CancelRequest = Which
export const ReservationCancelled = z.object({
  success: z.literal(true),
  reservationId: id('res'),
  status: z.literal('cancelled'),
  released: z.number(),
  balance: Balances,
  decimal: Decimal,
})

export const ExtendRequest = Which.extend({ ttlSeconds: ttl })
export const ReservationExtended = z.object({
  success: z.literal(true),
  reservationId: id('res'),
  expiresAt: Instant,
})

export const ConfirmRequest = Which.extend({
  actualAmount: credits({ positive: false })
    .optional()
    .meta({ description: 'Credits to charge; 0 releases everything.' }),
  usage: InlineUsage.optional().meta({
    description:
      'One record or several, written with the charge or not at all. Without an amount they are what is charged.',
  }),
  onOverage: z
    .enum(['charge', 'cap', 'reject'], 'expected charge, cap or reject')
    .optional()
    .meta({ description: 'Where the amount is above what was reserved. Default: as the account is set.' }),
  ifExpired: z
    .enum(['reject', 'charge'], 'expected reject or charge')
    .optional()
    .meta({ description: 'Where the reservation has expired. Default: reject.' }),
})

export const ReservationConfirmed = z.object({
  success: z.literal(true),
  reservationId: id('res'),
  transactionId: id('txn'),
  accountId: id('acc'),
  externalId: z.string(),
  status: z.literal('confirmed'),
  reserved: z.number(),
  charged: z.number(),
  released: z.number(),
  overage: z.number().meta({ description: 'What was asked above the reservation.' }),
  writtenOff: z.number(),
  late: z.boolean(),
  balance: Balances,
  usageRecords: z.array(UsageRecord),
  decimal: Decimal,
})
