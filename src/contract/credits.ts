/** Credit that comes and goes: grants, debits, and the transactions that both leave behind. Amounts are credits. */
import { z } from 'zod'
import { credits, Decimal, Instant, id, Metadata, PageQuery, Pagination, RowsFormat, text, Who } from './common.ts'
import { Reservation } from './reservations.ts'
import { UsageRecord } from './usage.ts'

const above0 = credits({ positive: true }).meta({ description: 'Credits, above 0.' })
const description = text(1_000).nullish().meta({ description: 'What it is for; stands in the transaction.' })
const metadata = Metadata.nullish().meta({ description: 'Yours: kept and shown, never read.' })

export const CreditsRequest = Who.extend({
  amount: above0,
  description,
  paymentMethod: text(100).nullish().meta({ description: 'How it was paid.' }),
  paymentId: text(255)
    .nullish()
    .meta({ description: 'One payment gives one grant, with or without an idempotency key.' }),
  category: z
    .enum(['paid', 'promotional', 'adjustment'], 'expected paid, promotional or adjustment')
    .optional()
    .meta({ description: 'Default: paid.' }),
  priority: z
    .int('expected a whole number')
    .min(1, 'expected 1 to 100')
    .max(100, 'expected 1 to 100')
    .optional()
    .meta({ description: 'In which order grants are used up: 1 to 100, 1 first.' }),
  expiresAt: Instant.nullish().meta({ description: 'When what is left ends, e.g. 2027-01-01T00:00:00Z.' }),
  metadata,
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

export const DebitRequest = Who.extend({ amount: above0, description, metadata })

export const CreditsDeducted = z.object({
  success: z.literal(true),
  accountId: id('acc'),
  externalId: z.string(),
  balance: z.number(),
  deducted: z.number(),
  transactionId: id('txn'),
  decimal: Decimal,
})

const Reconciliation = z
  .object({
    verdict: z.enum(['missing', 'unpriced', 'below_cost', 'matched']),
    records: z.int().meta({ description: 'Usage records of the transaction.' }),
    chargedUsd: z.number(),
    writtenOffUsd: z.number(),
    costUsd: z
      .number()
      .nullable()
      .meta({ description: 'Of all its usage; null where there is none, or some of it has no price.' }),
    differenceUsd: z.number().nullable().meta({ description: 'Charged and written off, less the cost.' }),
    decimal: Decimal,
  })
  .meta({ id: 'Reconciliation' })
export type Reconciliation = z.output<typeof Reconciliation>

const Entry = z
  .object({
    account: z.string().meta({
      description:
        'The account, `acc_…`, or what stands against it: funding, promotion, revenue, expired, writeoff, adjustment.',
    }),
    grantId: id('grant').nullable().meta({ description: "Of the account's own: the grant; null: its debt." }),
    amount: z.number().meta({ description: 'Credits, with their sign. The entries of a transaction sum to 0.' }),
    decimal: Decimal,
  })
  .meta({ id: 'Entry' })
export type Entry = z.output<typeof Entry>

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
    entries: z.array(Entry).optional(),
    reconciliation: Reconciliation.optional().meta({ description: 'Of a charge, where its usage is asked for.' }),
  })
  .meta({ id: 'Transaction' })
export type Transaction = z.output<typeof Transaction>

const DayOrInstant = z
  .string()
  .max(40)
  .meta({ description: 'A date is the whole day in the time zone of the organisation; a time is an instant.' })

const Include = z
  .string()
  .regex(
    /^(reservation|usage|entries)(,(reservation|usage|entries))*$/,
    'expected reservation, usage, entries, or several with commas',
  )
  .meta({ description: 'What is shown inside: reservation, usage, entries, or several with commas.' })

export const TransactionQuery = PageQuery.extend({
  format: RowsFormat.optional(),
  ...Who.shape,
  type: z
    .enum(['credit', 'debit'], 'expected credit or debit')
    .optional()
    .meta({ description: 'One direction alone.' }),
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
  type: z.enum(['credit', 'debit'], 'expected credit or debit').meta({ description: 'The direction.' }),
})

export const RefundRequest = z.object({
  amount: credits({ positive: true }).optional().meta({ description: 'The rest, if left out.' }),
  reason: text(1_000).meta({ description: 'Why; stands in the transaction.' }),
})

export const TransactionList = z.object({ items: z.array(Transaction), pagination: Pagination })
export const TransactionReply = z.object({ success: z.literal(true), transaction: Transaction })
