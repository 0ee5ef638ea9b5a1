/** Accounts: customers of an organisation, with a balance of credits. */
import { z } from 'zod'
import { Decimal, ExternalId, Instant, id, Metadata, Pagination, text } from './common.ts'

export const Account = z
  .object({
    id: id('acc'),
    developerId: z.string().meta({ description: 'The organisation.' }),
    externalId: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    balance: z.number().meta({ description: 'Credits posted; what is reserved is still inside.' }),
    metadata: Metadata.nullable(),
    status: z.enum(['open', 'frozen', 'closed']),
    createdAt: Instant,
    updatedAt: Instant,
    decimal: Decimal,
  })
  .meta({ id: 'Account' })
export type Account = z.output<typeof Account>

export const AccountRequest = z.object({
  name: text(255),
  externalId: ExternalId.meta({ description: 'Your own name for the account; unique, and never free again.' }),
  email: z.email('expected an e-mail address').max(320).nullish(),
  metadata: Metadata.nullish(),
})

export const AccountCreated = z.object({ success: z.literal(true), account: Account })
export const AccountList = z.object({ success: z.literal(true), accounts: z.array(Account), pagination: Pagination })

export const Balance = z
  .object({
    accountId: id('acc'),
    externalId: z.string(),
    balance: z.number(),
    reserved: z.number(),
    available: z.number().meta({ description: 'What can be reserved or deducted now; never below 0.' }),
    decimal: Decimal,
  })
  .meta({ id: 'Balance' })
