/** API keys in the shape of OpenRouter's API; and what the calling key itself may know of itself. */
import { refuse } from '../contract/errors.ts'
import type { Key } from '../contract/keys.ts'
import type { Budget } from '../core/budget-rows.ts'
import type { Caller } from '../core/caller.ts'
import { instantText } from '../lib/clock.ts'
import { findAccount } from '../store/accounts.ts'
import { findApiKey, listApiKeys, type StoredApiKey } from '../store/api-keys.ts'
import { hasPaidGrant } from '../store/credits.ts'
import { changeKey, endKey, giveNewSecret, keyFor, makeKey } from './key-changes.ts'
import { openrouterSpending } from './key-spending.ts'
import type { Handlers } from './parts.ts'

const PAGE = 100

type Names = 'getCurrentKey' | 'listKeys' | 'createKey' | 'getKey' | 'updateKey' | 'deleteKey' | 'rotateKey'

export const keyHandlers: Handlers<Names> = {
  async getCurrentKey({ store }, { caller, at }) {
    const { keyId: id, organisationId, organisation } = caller
    const key = id === null ? undefined : await findApiKey(store, organisationId, { id })
    const isManagement = caller.kind === 'management_key'
    return {
      body: {
        data: {
          label: caller.label,
          ...openrouterSpending(key, at),
          is_free_tier: !(await hasPaidGrant(store, organisationId, caller.accountId)),
          is_management_key: isManagement,
          is_provisioning_key: isManagement,
          rate_limit: rateLimitOf(caller.budgets),
          allowed_data_regions: ['global'],
          free_model_daily_requests: { limit: -1, used: 0, remaining: -1 },
          creator_user_id: null,
          organization_id: organisation,
          workspace_id: organisation,
          ...(key?.expiresAt == null ? {} : { expires_at: instantText(key.expiresAt) }),
        },
      },
    }
  },

  async listKeys({ store }, { caller, query, at }) {
    const filter = query.include_disabled ? {} : { disabled: false }
    const page = { offset: query.offset ?? 0, limit: PAGE, before: undefined }
    const keys = await listApiKeys(store, caller.organisationId, filter, page)
    return { body: { data: keys.slice(0, PAGE).map((key) => keyOf(caller, key, at)) } }
  },

  async createKey(parts, call) {
    const { caller, body, at } = call
    const account = body.external_user
      ? await findAccount(parts.store, caller.organisationId, { externalId: body.external_user }, at)
      : undefined
    if (body.external_user && !account)
      throw refuse('account_not_found', 'external_user: no account has this externalId', { param: 'external_user' })
    const { key, secret } = await makeKey(parts, call, account, { name: body.name, ...wantedOf(body, at) })
    return { body: { data: keyOf(caller, key, at), key: secret } }
  },

  async getKey(parts, { caller, params, at }) {
    return { body: { data: keyOf(caller, await keyFor(parts, caller, params.hash), at) } }
  },

  async updateKey(parts, call) {
    const { caller, params, body, at } = call
    const known = await keyFor(parts, caller, params.hash)
    const wanted = { name: body.name, disabled: body.disabled, ...wantedOf(body, at) }
    return { body: { data: keyOf(caller, await changeKey(parts, call, known, wanted), at) } }
  },

  async deleteKey(parts, call) {
    await endKey(parts, call, await keyFor(parts, call.caller, call.params.hash))
    return { body: { deleted: true } }
  },

  async rotateKey(parts, call) {
    const { caller, params, body, at } = call
    const { key, secret } = await giveNewSecret(parts, call, params.hash, body.grace_seconds)
    return { body: { data: keyOf(caller, key, at), key: secret } }
  },
}

type Limits = {
  readonly limit?: number | string | null | undefined
  readonly limit_reset?: 'daily' | 'weekly' | 'monthly' | null | undefined
  readonly include_byok_in_limit?: boolean | undefined
  readonly expires_at?: string | null | undefined
}

const wantedOf = ({ limit, limit_reset, include_byok_in_limit, expires_at }: Limits, at: number) => ({
  limit,
  limitReset: limit_reset,
  includeByokInLimit: include_byok_in_limit,
  expiresAt: expiryOf(expires_at, 'expires_at', at),
})

/** A key that has expired already is a mistake; one that shall end now is disabled. */
export function expiryOf(text: string | null | undefined, param: string, at: number): number | null | undefined {
  if (text == null) return text
  const expiresAt = Date.parse(text)
  if (expiresAt > at) return expiresAt
  throw refuse('invalid_request', `${param}: expected an instant to come; to end a key now, disable it`, { param })
}

const SECONDS = { minute: 60, hour: 3_600 } as const

/** Requests a time, where a budget bounds them: the tightest one is told. */
function rateLimitOf(budgets: readonly Budget[]) {
  const note = 'requests per interval; -1 means no limit'
  const rates = budgets.flatMap(({ metric, window, limit, action }) =>
    metric === 'requests' && action === 'block' && (window === 'minute' || window === 'hour')
      ? [{ requests: Number(limit), seconds: SECONDS[window] }]
      : [],
  )
  const [tightest] = rates.sort((a, b) => a.requests / a.seconds - b.requests / b.seconds)
  return tightest
    ? { requests: tightest.requests, interval: `${tightest.seconds}s`, note }
    : { requests: -1, interval: '10s', note }
}

function keyOf({ organisation }: Caller, key: StoredApiKey, at: number): Key {
  return {
    hash: key.hash,
    id: `key_${key.code}`,
    name: key.name,
    label: key.label,
    disabled: key.disabled,
    ...openrouterSpending(key, at),
    created_at: instantText(key.createdAt),
    updated_at: key.updatedAt === null ? null : instantText(key.updatedAt),
    workspace_id: organisation,
    creator_user_id: null,
    external_user: key.externalId,
    ...(key.expiresAt === null ? {} : { expires_at: instantText(key.expiresAt) }),
  }
}
