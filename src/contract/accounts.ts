/** Accounts: customers of an organisation, with a balance of credits. */
import { z } from 'zod'
import { credits, Decimal, ExternalId, Instant, id, Metadata, Pagination, text } from './common.ts'

const Status = z.enum(['open', 'frozen', 'closed'], 'expected open, frozen or closed')
const Overage = z.enum(['charge', 'cap', 'reject'], 'expected charge, cap or reject')
const ReserveMode = z.enum(['strict', 'estimate'], 'expected strict or estimate')

export const Account = z
  .object({
    id: id('acc'),
    developerId: z.string().meta({ description: 'The organisation.' }),
    externalId: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    balance: z.number().meta({ description: 'Credits posted; what is reserved is still inside.' }),
    metadata: Metadata.nullable(),
    status: Status,
    overage: Overage.meta({ description: 'What is done with a charge above its reservation.' }),
    overdraft: z.number().meta({ description: 'How far below 0 reservations may take the balance.' }),
    reserveMode: ReserveMode.nullable().meta({ description: 'How much a call reserves; null: as the server is set.' }),
    lowCreditThreshold: z.number().nullable().meta({
      description: 'A balance up to here is told as `credits.low`; null: none is.',
    }),
    createdAt: Instant,
    updatedAt: Instant,
    decimal: Decimal,
  })
  .meta({ id: 'Account' })
export type Account = z.output<typeof Account>

export const AccountRequest = z.object({
  name: text(255).meta({ description: 'What people call the account.' }),
  externalId: ExternalId.meta({ description: 'Your own name for the account; unique, and never free again.' }),
  email: z.email('expected an e-mail address').max(320).nullish().meta({ description: 'An e-mail address.' }),
  metadata: Metadata.nullish().meta({ description: 'Yours: kept and shown, never read.' }),
})

/**
 * What is left out stays as it is. A closed account's keys are revoked; its history, its externalId and what is left of its
 * credit stay, so that it can be opened again.
 */
export const AccountPatch = z.object({
  name: text(255).optional().meta({ description: 'What people call the account.' }),
  email: z
    .email('expected an e-mail address')
    .max(320)
    .nullable()
    .optional()
    .meta({ description: 'An e-mail address.' }),
  metadata: Metadata.nullable().optional().meta({ description: 'Yours; takes the place of all that was there.' }),
  status: Status.optional().meta({
    description: 'A frozen account pays for nothing, a closed one until it is opened again.',
  }),
  expire: z.boolean('expected true or false').optional().meta({
    description:
      'With `status: closed`: what is left expires, what is reserved as soon as it is released. Otherwise it is kept.',
  }),
  overage: Overage.optional().meta({ description: 'What is done with a charge above its reservation.' }),
  overdraft: credits({ positive: false })
    .optional()
    .meta({ description: 'How far below 0 reservations may take the balance, in credits.' }),
  reserveMode: ReserveMode.nullable()
    .optional()
    .meta({ description: 'How much a call reserves; without one as the server is set.' }),
  lowCreditThreshold: credits({ positive: false }).nullable().optional().meta({
    description: "A balance up to here, in credits, is told as low; null: as its organisation's accounts.",
  }),
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
