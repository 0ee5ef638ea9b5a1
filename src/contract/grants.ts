/** Grants: credit with a category, an order in which it is used up, and an end. */
import { z } from 'zod'
import { Decimal, Instant, id, PageQuery, Pagination, Who } from './common.ts'

export const Grant = z
  .object({
    id: id('grant'),
    accountId: id('acc'),
    externalId: z.string(),
    category: z.enum(['paid', 'promotional', 'plan', 'adjustment']),
    amount: z.number(),
    remaining: z.number().meta({ description: 'What is reserved is still inside.' }),
    reserved: z.number(),
    priority: z.int().meta({ description: '1 is used first.' }),
    effectiveAt: Instant,
    expiresAt: Instant.nullable(),
    status: z.enum(['active', 'spent', 'expired', 'void']),
    createdAt: Instant,
    decimal: Decimal,
  })
  .meta({ id: 'Grant' })
export type Grant = z.output<typeof Grant>

export const GrantQuery = PageQuery.extend(Who.shape)
export const GrantList = z.object({ success: z.literal(true), grants: z.array(Grant), pagination: Pagination })
export const GrantVoided = z.object({
  success: z.literal(true),
  grantId: id('grant'),
  accountId: id('acc'),
  externalId: z.string(),
  balance: z.number(),
  voided: z.number(),
  transactionId: id('txn'),
  decimal: Decimal,
})
