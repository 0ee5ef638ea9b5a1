/** API keys as they are administered on `/api/admin`: everything that a key may be told. Amounts are dollars. */
import { z } from 'zod'
import { amount, Decimal, ExternalId, fixed, Instant, id, Name, PageQuery, Pagination, text } from './common.ts'
import { GraceSeconds, LimitReset } from './keys.ts'

const MOST_MODELS = 200

/** Which models a key may call. Names are read as in a call, and kept as the canonical ones. */
const AllowedModels = z
  .array(z.string('expected the name of a model').min(1, 'expected the name of a model').max(256), 'expected a list')
  .min(1, 'expected at least one model; null allows all, `disabled` allows none')
  .max(MOST_MODELS, `expected at most ${MOST_MODELS} models`)
  .nullable()
  .meta({ description: 'Models, or `author/*` for all of an author. Null: every model.' })

const MOST_TAGS = 16

const Tags = z
  .record(
    text(64),
    z.string('expected text').max(512, 'expected at most 512 characters'),
    'expected an object of texts',
  )
  .refine((value) => Object.keys(value).length <= MOST_TAGS, `expected at most ${MOST_TAGS} tags`)

const spent = {
  usage: z.number(),
  usageDaily: z.number(),
  usageWeekly: z.number(),
  usageMonthly: z.number(),
  byokUsage: z.number(),
  byokUsageDaily: z.number(),
  byokUsageWeekly: z.number(),
  byokUsageMonthly: z.number(),
}

export const ApiKey = z
  .object({
    id: id('key').meta({ description: 'Stays what it is, whatever secret the key has.' }),
    hash: z.string().meta({ description: 'SHA-256 of the current secret.' }),
    name: z.string(),
    label: z.string().meta({ description: 'Enough of the secret to tell it apart.' }),
    accountId: id('acc').nullable().meta({ description: 'Who pays; null: the organisation itself.' }),
    externalId: z.string().nullable(),
    disabled: z.boolean(),
    limit: z.number().nullable(),
    limitRemaining: z.number().nullable(),
    limitReset: LimitReset.nullable(),
    includeByokInLimit: z.boolean(),
    expiresAt: Instant.nullable(),
    allowedModels: z.array(z.string()).nullable(),
    includeUsage: z.boolean().meta({ description: 'Replies as if each call had asked for its cost.' }),
    user: z.string().nullable().meta({ description: 'End user of calls that name none.' }),
    metadata: z.record(z.string(), z.string()).nullable().meta({ description: 'Tags of every call.' }),
    ...spent,
    lastUsedAt: Instant.nullable().meta({ description: 'Some seconds behind.' }),
    previousSecretUntil: Instant.nullable().meta({ description: 'The secret before the rotation works until then.' }),
    createdAt: Instant,
    updatedAt: Instant.nullable(),
    decimal: Decimal,
  })
  .meta({ id: 'ApiKey' })
export type ApiKey = z.output<typeof ApiKey>

const flag = z.boolean('expected true or false').optional()
const settable = {
  limit: amount({ positive: false }).nullish().meta({ description: 'USD that the key may spend.' }),
  limitReset: LimitReset.nullish().meta({ description: 'When the limit begins anew; without one it is for ever.' }),
  includeByokInLimit: flag.meta({
    description: "Calls on the customer's own provider key count against the limit too.",
  }),
  expiresAt: Instant.nullish().meta({ description: 'From when on it is refused, e.g. 2027-01-01T00:00:00Z.' }),
  allowedModels: AllowedModels.optional(),
  includeUsage: flag.meta({ description: 'Replies as if each call had asked for its cost.' }),
  user: Name(128).nullish().meta({ description: 'End user of calls that name none.' }),
  metadata: Tags.nullish().meta({ description: 'Tags of every call.' }),
}

export const ApiKeyRequest = z.object({
  name: Name(255).meta({ description: 'What people call the key.' }),
  accountId: z.string('expected an account id').max(64).nullish(),
  externalId: ExternalId.nullish(),
  ...settable,
})

const ACCOUNT_IS_FIXED = 'the account of a key is set when the key is made; make another key'

/** What is left out stays as it is. */
export const ApiKeyPatch = z.object({
  name: Name(255).optional().meta({ description: 'What people call the key.' }),
  disabled: flag.meta({ description: 'Refuse it from now on.' }),
  ...settable,
  accountId: fixed(ACCOUNT_IS_FIXED),
  externalId: fixed(ACCOUNT_IS_FIXED),
})

export const ApiKeyQuery = PageQuery.extend({
  name: z.string().min(1).max(255).optional().meta({ description: 'A part of it, in either letter case.' }),
  accountId: z.string('expected an account id').max(64).optional(),
  externalId: ExternalId.optional(),
  disabled: flag.meta({ description: 'Disabled ones alone; `false`: the others alone.' }),
})

export const ApiKeyParams = z.object({ id: z.string().max(128).meta({ description: '`key_…`, or its hash.' }) })
export const ApiKeyReply = z.object({ key: ApiKey })
export const ApiKeyList = z.object({ keys: z.array(ApiKey), pagination: Pagination })
export const ApiKeySecret = z.object({
  key: ApiKey,
  secret: z.string().meta({ description: '`sk-tp-…`, shown this once.' }),
})
export const Rotation = z.object({ graceSeconds: GraceSeconds })
export const Deleted = z.object({ deleted: z.literal(true) })
