/** Customers' own credentials at providers: told once, never shown again. */
import { z } from 'zod'
import { Instant, id, Name, PageQuery, Pagination, text, Who } from './common.ts'

const Credential = z
  .object({
    id: id('cred'),
    provider: z.string().meta({ description: 'The key of the provider, as in the settings.' }),
    name: z.string(),
    label: z.string().meta({ description: 'The end of the secret, to tell yours apart.' }),
    accountId: id('acc').nullable().meta({ description: 'Whose calls may use it; null: all of the organisation.' }),
    apiKeyHashes: z
      .array(z.string())
      .nullable()
      .meta({ description: 'The API keys that alone may use it; null: every one of its owner.' }),
    weight: z.int(),
    priority: z.int(),
    fallback: z.boolean(),
    disabled: z.boolean(),
    status: z.enum(['active', 'disabled', 'cooling', 'unreadable']).meta({
      description:
        'cooling: a provider refused it, so others come first; unreadable: it was sealed with another key or changed.',
    }),
    coolingUntil: Instant.nullable(),
    coolingReason: z.string().nullable(),
    lastUsedAt: Instant.nullable(),
    createdAt: Instant,
    updatedAt: Instant.nullable(),
  })
  .meta({ id: 'Credential' })
export type Credential = z.output<typeof Credential>

const whole = (least: number, most: number) =>
  z
    .int(`expected a whole number from ${least} to ${most}`)
    .min(least, `expected ${least} or more`)
    .max(most, `expected at most ${most}`)

/** It travels in a header. */
const secret = z
  .string('is missing: expected the secret that the provider gave')
  .regex(/^[!-~]{8,4096}$/, 'expected 8 to 4096 visible characters without blanks')
  .meta({ description: 'What the provider gave you. It is sealed, and never shown again.', writeOnly: true })

const CredentialFields = {
  name: Name(255).meta({ description: 'What people call it.' }),
  weight: whole(1, 1000)
    .optional()
    .meta({ description: 'Its share of the calls, beside others of its priority. Default: 1.' }),
  priority: whole(1, 100)
    .optional()
    .meta({ description: '1 is tried first; of equal ones the weight decides. Default: 1.' }),
  fallback: z
    .boolean('expected true or false')
    .optional()
    .meta({ description: 'Calls that it fails may go on with our credential, at our price. Default: they may not.' }),
  disabled: z.boolean('expected true or false').optional().meta({ description: 'No call uses it.' }),
  baseUrl: z
    .never("is the operator's to set: a credential goes to the address that its provider has in the settings")
    .optional(),
}

export const CredentialRequest = z.object({
  ...CredentialFields,
  provider: text(64).meta({ description: 'The key of the provider, as in the settings.' }),
  secret,
  ...Who.shape,
  apiKeyHashes: z
    .array(z.string().regex(/^[0-9a-f]{64}$/, 'expected the hash of an API key'), 'expected a list of hashes')
    .min(1, 'expected at least one hash')
    .max(100, 'expected at most 100 hashes')
    .optional()
    .meta({ description: 'The API keys that alone may use it, by their hashes.' }),
})

export const CredentialPatch = z.object({
  ...CredentialFields,
  name: CredentialFields.name.optional(),
  secret: secret.optional(),
})
export type CredentialPatch = z.output<typeof CredentialPatch>

export const CredentialQuery = PageQuery.extend({
  provider: z.string().max(64).optional().meta({ description: 'Of this provider alone.' }),
  ...Who.shape,
})

export const CredentialReply = z.object({ credential: Credential })
export const CredentialList = z.object({ credentials: z.array(Credential), pagination: Pagination })
export const CredentialDeleted = z.object({ deleted: z.literal(true) })

export const CredentialChecked = z.object({
  check: z
    .object({
      valid: z
        .boolean()
        .nullable()
        .meta({ description: 'Whether the provider takes it; null: it said neither, or nothing in time.' }),
      status: z.int().nullable().meta({ description: 'Of the provider’s answer.' }),
      message: z.string().nullable().meta({ description: 'The provider’s own words, without secrets.' }),
      latencyMs: z.int(),
    })
    .meta({ id: 'CredentialCheck' }),
})
export type CredentialCheck = z.output<typeof CredentialChecked>['check']
