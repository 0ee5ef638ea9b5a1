/** API keys as OpenRouter's clients administer them. Amounts are dollars; a limit holds per day, week or month, or for ever. */
import { z } from 'zod'
import { amount, ExternalId, fixed, Instant, id, Name } from './common.ts'

export const LimitReset = z.enum(['daily', 'weekly', 'monthly'], 'expected daily, weekly or monthly')
const hash = z.string().regex(/^[0-9a-f]{64}$/)

const usage = {
  usage: z.number(),
  usage_daily: z.number(),
  usage_weekly: z.number(),
  usage_monthly: z.number(),
  byok_usage: z.number(),
  byok_usage_daily: z.number(),
  byok_usage_weekly: z.number(),
  byok_usage_monthly: z.number(),
}
const limits = {
  limit: z.number().nullable(),
  limit_remaining: z.number().nullable(),
  limit_reset: LimitReset.nullable(),
  include_byok_in_limit: z.boolean(),
}

export const Key = z
  .object({
    hash: hash.meta({ description: 'SHA-256 of the secret: what the key is called until it is rotated.' }),
    id: id('key').meta({ description: 'Stays what it is when the key is rotated; taken wherever a hash is.' }),
    name: z.string(),
    label: z.string(),
    disabled: z.boolean(),
    ...limits,
    ...usage,
    created_at: Instant,
    updated_at: Instant.nullable(),
    workspace_id: z.string(),
    creator_user_id: z.string().nullable(),
    external_user: z.string().nullable(),
    expires_at: Instant.optional(),
  })
  .meta({ id: 'Key' })
export type Key = z.output<typeof Key>

export const KeyReply = z.object({ data: Key })
export const KeyList = z.object({ data: z.array(Key) })
export const KeyCreated = z.object({ data: Key, key: z.string().meta({ description: 'The secret, shown this once.' }) })
export const KeyDeleted = z.object({ deleted: z.literal(true) })

export const KeyParams = z.object({
  hash: z.string().max(512).meta({ description: 'What the key is called: its hash, or its id.' }),
})
export const KeyQuery = z.object({
  include_disabled: z.boolean('expected true or false').optional().meta({ description: 'Disabled ones too.' }),
  offset: z
    .int('expected a whole number')
    .min(0, 'expected 0 or more')
    .optional()
    .meta({ description: 'Rows to pass over.' }),
})

const limitFields = {
  limit: amount({ positive: false }).nullish().meta({ description: 'USD that the key may spend.' }),
  limit_reset: LimitReset.nullish().meta({ description: 'When the limit begins anew; without one it is for ever.' }),
  include_byok_in_limit: z
    .boolean('expected true or false')
    .optional()
    .meta({ description: "Calls on the customer's own provider key count against the limit too." }),
}

export const KeyRequest = z.object({
  name: Name(255).meta({ description: 'What people call the key.' }),
  ...limitFields,
  expires_at: Instant.nullish().meta({ description: 'From when on it is refused, e.g. 2027-01-01T00:00:00Z.' }),
  external_user: ExternalId.nullish().meta({ description: '`externalId` of the account that the key calls for.' }),
})

export const KeyPatch = z.object({
  name: Name(255).optional().meta({ description: 'What people call the key.' }),
  disabled: z.boolean('expected true or false').optional().meta({ description: 'Refuse it from now on.' }),
  ...limitFields,
  expires_at: Instant.nullish().meta({ description: 'From when on it is refused, e.g. 2027-01-01T00:00:00Z.' }),
  external_user: fixed('the account of a key is set when the key is made; make another key'),
})
export type KeyPatch = z.output<typeof KeyPatch>

const MOST_GRACE_SECONDS = 86_400

export const GraceSeconds = z
  .int('expected a whole number')
  .min(0, `expected 0 to ${MOST_GRACE_SECONDS}`)
  .max(MOST_GRACE_SECONDS, `expected 0 to ${MOST_GRACE_SECONDS}`)
  .optional()
  .meta({ description: 'So long the secret before still works. Default: 0, it ends at once.' })

export const KeyRotation = z.object({ grace_seconds: GraceSeconds })

export const CurrentKey = z.object({
  data: z.object({
    label: z.string(),
    ...limits,
    ...usage,
    is_free_tier: z.boolean(),
    is_management_key: z.boolean(),
    is_provisioning_key: z.boolean(),
    rate_limit: z.object({ requests: z.int(), interval: z.string(), note: z.string() }),
    allowed_data_regions: z.array(z.string()),
    free_model_daily_requests: z.object({ limit: z.int(), used: z.int(), remaining: z.int() }),
    creator_user_id: z.string().nullable(),
    organization_id: z.string().nullable(),
    workspace_id: z.string().nullable(),
    expires_at: Instant.optional(),
  }),
})

export const CreditTotals = z.object({ data: z.object({ total_credits: z.number(), total_usage: z.number() }) })
