/** API keys: created, read, limited, ended; and what the calling key itself may know of itself. */
import { refuse } from '../contract/errors.ts'
import type { Key, KeyPatch } from '../contract/keys.ts'
import { utcRule, windowAt } from '../core/window.ts'
import { instantText } from '../lib/clock.ts'
import { asNanos, nanosNumber, parseAmount } from '../lib/money.ts'
import { hashSecret, newSecret, secretLabel } from '../lib/secret.ts'
import { findAccount } from '../store/accounts.ts'
import {
  createApiKey,
  deleteApiKey,
  findApiKey,
  type KeyChange,
  type KeyLimit,
  type LimitWindow,
  listApiKeys,
  type StoredApiKey,
  updateApiKey,
} from '../store/api-keys.ts'
import { hasPaidGrant } from '../store/credits.ts'
import type { ApiParts, Caller, Handlers } from './parts.ts'

const PAGE = 100

export const keyHandlers: Handlers<'getCurrentKey' | 'listKeys' | 'createKey' | 'getKey' | 'updateKey' | 'deleteKey'> =
  {
    async getCurrentKey(parts, { caller, at }) {
      const key = caller.kind === 'api_key' ? await keyFor(parts, caller, caller.keyHash) : undefined
      const isManagement = caller.kind === 'management_key'
      return {
        body: {
          data: {
            label: caller.label,
            ...spending(key, at),
            is_free_tier: !(await hasPaidGrant(parts.store, caller.organisationId, caller.accountId)),
            is_management_key: isManagement,
            is_provisioning_key: isManagement,
            rate_limit: { requests: -1, interval: '10s', note: 'requests per interval; -1 means no limit' },
            allowed_data_regions: ['global'],
            free_model_daily_requests: { limit: -1, used: 0, remaining: -1 },
            creator_user_id: null,
            organization_id: caller.organisation,
            workspace_id: caller.organisation,
            ...(key?.expiresAt == null ? {} : { expires_at: instantText(key.expiresAt) }),
          },
        },
      }
    },

    async listKeys({ store }, { caller, query, at }) {
      const page = { includeDisabled: query.include_disabled ?? false, offset: query.offset ?? 0, limit: PAGE }
      const keys = await listApiKeys(store, caller.organisationId, page)
      return { body: { data: keys.map((key) => keyOf(caller, key, at)) } }
    },

    async createKey(parts, { caller, body, at }) {
      const { store, random } = parts
      const account = body.external_user
        ? await findAccount(store, caller.organisationId, { externalId: body.external_user }, at)
        : undefined
      if (body.external_user && !account)
        throw refuse('account_not_found', 'external_user: no account has this externalId', { param: 'external_user' })
      const secret = newSecret('sk-tp', random)
      const hash = hashSecret(secret)
      await createApiKey(store, {
        organisationId: caller.organisationId,
        hash,
        name: body.name,
        label: secretLabel(secret),
        accountId: account?.id ?? null,
        includeByokInLimit: body.include_byok_in_limit ?? false,
        limit: body.limit == null ? null : limitOf(body.limit, windowOf(body.limit_reset)),
        expiresAt: body.expires_at ? Date.parse(body.expires_at) : null,
        at,
      })
      // It may have been tried before it existed.
      parts.forgetKey(hash)
      return { body: { data: keyOf(caller, await keyFor(parts, caller, hash), at), key: secret } }
    },

    async getKey(parts, { caller, params, at }) {
      return { body: { data: keyOf(caller, await keyFor(parts, caller, params.hash), at) } }
    },

    async updateKey(parts, { caller, params, body, at }) {
      const key = await keyFor(parts, caller, params.hash)
      await updateApiKey(parts.store, caller.organisationId, key, changeOf(key, body), at)
      parts.forgetKey(key.hash)
      return { body: { data: keyOf(caller, await keyFor(parts, caller, key.hash), at) } }
    },

    async deleteKey(parts, { caller, params, at }) {
      const key = await keyFor(parts, caller, params.hash)
      await deleteApiKey(parts.store, caller.organisationId, key, at)
      parts.forgetKey(key.hash)
      return { body: { deleted: true } }
    },
  }

async function keyFor({ store }: ApiParts, { organisationId }: Caller, hash: string): Promise<StoredApiKey> {
  const key = await findApiKey(store, organisationId, hash)
  if (!key) throw refuse('not_found', 'No API key has this hash')
  return key
}

/** Another reset makes the window of the same limit another; without a limit there is nothing to reset. */
function changeOf({ limit: known }: StoredApiKey, body: KeyPatch): KeyChange {
  const change = {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
    ...(body.include_byok_in_limit === undefined ? {} : { includeByokInLimit: body.include_byok_in_limit }),
  }
  const window = body.limit_reset === undefined ? (known?.window ?? 'total') : windowOf(body.limit_reset)
  if (body.limit === null) return { ...change, limit: null }
  if (body.limit !== undefined) return { ...change, limit: limitOf(body.limit, window) }
  return known && window !== known.window ? { ...change, limit: { nanos: known.nanos, window } } : change
}

const WINDOWS = { daily: 'day', weekly: 'week', monthly: 'month' } as const
const RESETS = { day: 'daily', week: 'weekly', month: 'monthly', total: null } as const

const windowOf = (reset: keyof typeof WINDOWS | null | undefined): LimitWindow =>
  reset == null ? 'total' : WINDOWS[reset]

function limitOf(amount: number | string, window: LimitWindow): KeyLimit {
  const nanos = parseAmount(amount)
  if (nanos === undefined) throw refuse('invalid_amount', undefined, { param: 'limit' })
  return { nanos, window }
}

function keyOf({ organisation }: Caller, key: StoredApiKey, at: number): Key {
  return {
    hash: key.hash,
    name: key.name,
    label: key.label,
    disabled: key.disabled,
    ...spending(key, at),
    created_at: instantText(key.createdAt),
    updated_at: key.updatedAt === null ? null : instantText(key.updatedAt),
    workspace_id: organisation,
    creator_user_id: null,
    external_user: key.externalId,
    ...(key.expiresAt === null ? {} : { expires_at: instantText(key.expiresAt) }),
  }
}

/** What the key may spend and has spent. A window that is over counts as 0. */
function spending(key: StoredApiKey | undefined, at: number) {
  const usage = key?.usage
  const current = (window: 'day' | 'week' | 'month') =>
    usage != null && usage[window] === windowAt(utcRule(window), at).start
  const spent = {
    total: usage?.total ?? 0n,
    day: current('day') ? (usage?.dayNanos ?? 0n) : 0n,
    week: current('week') ? (usage?.weekNanos ?? 0n) : 0n,
    month: current('month') ? (usage?.monthNanos ?? 0n) : 0n,
  }
  // A call on the customer's own credential may count more than it was charged.
  const counted = {
    total: usage?.counted ?? 0n,
    day: current('day') ? (usage?.dayCounted ?? 0n) : 0n,
    week: current('week') ? (usage?.weekCounted ?? 0n) : 0n,
    month: current('month') ? (usage?.monthCounted ?? 0n) : 0n,
  }
  const left = key?.limit ? key.limit.nanos - counted[key.limit.window] : null
  return {
    limit: key?.limit ? nanosNumber(key.limit.nanos) : null,
    limit_remaining: left === null ? null : nanosNumber(left > 0n ? left : asNanos(0n)),
    limit_reset: key?.limit ? RESETS[key.limit.window] : null,
    include_byok_in_limit: key?.includeByokInLimit ?? false,
    usage: nanosNumber(spent.total),
    usage_daily: nanosNumber(spent.day),
    usage_weekly: nanosNumber(spent.week),
    usage_monthly: nanosNumber(spent.month),
    byok_usage: nanosNumber(usage?.byokTotal ?? 0n),
    byok_usage_daily: nanosNumber(current('day') ? (usage?.byokDayNanos ?? 0n) : 0n),
    byok_usage_weekly: nanosNumber(current('week') ? (usage?.byokWeekNanos ?? 0n) : 0n),
    byok_usage_monthly: nanosNumber(current('month') ? (usage?.byokMonthNanos ?? 0n) : 0n),
  }
}
