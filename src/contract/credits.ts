/** Credit that comes and goes: grants, debits, and the transactions that both leave behind. Amounts are credits. */
import { z } from 'zod'
import { amount, Decimal, Instant, id, Metadata, PageQuery, Pagination, RowsFormat, text, Who } from './common.ts'
import { Reservation } from './reservations.ts'
import { UsageRecord } from './usage.ts'

export const CreditsRequest = Who.extend({
  amount: amount({ positive: true }),
  description: text(1_000).nullish(),
  paymentMethod: text(100).nullish(),
  paymentId: text(255)
    .nullish()
    .meta({ description: 'One payment gives one grant, with or without an idempotency key.' }),
  category: z.enum(['paid', 'promotional', 'adjustment'], 'expected paid, promotional or adjustment').optional(),
  priority: z.int('expected a whole number').min(1, 'expected 1 to 100').max(100, 'expected 1 to 100').optional(),
  expiresAt: Instant.nullish(),
  metadata: Metadata.nullish(),
})

export const CreditsAdded = z.object({
  success: z.literal(true),
  accountId: id('acc'),
  externalId: z.string(),
  balance: z.number(),
  added: z.number(),
  transactionId: id('txn'),
  grantId: id('grant'),
  decimal: Decimal,
})

export const DebitRequest = Who.extend({
  amount: amount({ positive: true }),
  description: text(1_000).nullish(),
  metadata: Metadata.nullish(),
})

export const CreditsDeducted = z.object({
  success: z.literal(true),
  accountId: id('acc'),
  externalId: z.string(),
  balance: z.number(),
  deducted: z.number(),
  transactionId: id('txn'),
  decimal: Decimal,
})

export const Transaction = z
  .object({
    id: id('txn'),
    accountId: id('acc'),
    externalId: z.string(),
    type: z.enum(['credit', 'debit']),
    kind: z.enum(['grant', 'usage', 'debit', 'refund', 'correction', 'adjustment', 'expiry', 'void', 'clawback']),
    amount: z.number().meta({ description: 'Never negative: the direction is in `type`.' }),
    amountUsd: z.number(),
    description: z.string().nullable(),
    balanceAfter: z.number(),
    reservationId: id('res').nullable(),
    metadata: Metadata.nullable(),
    createdAt: Instant,
    decimal: Decimal,
    reservation: Reservation.nullable().optional(),
    usageRecords: z.array(UsageRecord).optional(),
  })
  .meta({ id: 'Transaction' })
export type Transaction = z.output<typeof Transaction>

const DayOrInstant = z
  .string()
  .max(40)
  .meta({ description: 'A date is the whole day in the time zone of the organisation; a time is an instant.' })

const Include = z
  .string()
  .regex(/^(reservation|usage)(,(reservation|usage))*$/, 'expected reservation, usage, or both with a comma')

export const TransactionQuery = PageQuery.extend({
  format: RowsFormat.optional(),
  ...Who.shape,
  type: z.enum(['credit', 'debit'], 'expected credit or debit').optional(),
  startDate: DayOrInstant.optional(),
  endDate: DayOrInstant.optional(),
  usage: z
    .literal('missing', 'expected missing')
    .optional()
    .meta({ description: 'Charges whose usage nobody has recorded.' }),
  include: Include.optional(),
})
export const OneTransactionQuery = z.object({ include: Include.optional() })

export const TransactionRequest = DebitRequest.extend({
  type: z.enum(['credit', 'debit'], 'expected credit or debit'),
})

export const RefundRequest = z.object({
  amount: amount({ positive: true }).optional().meta({ description: 'The rest, if left out.' }),
  reason: text(1_000),
})

export const TransactionList = z.object({ items: z.array(Transaction), pagination: Pagination })
export const TransactionReply = z.object({ success: z.literal(true), transaction: Transaction })
