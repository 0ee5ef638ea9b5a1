/** What is done to API keys, whichever API asks for it: each change with its row in the audit log, and at once. */
import { refuse } from '../contract/errors.ts'
import type { Caller } from '../core/caller.ts'
import { instantText } from '../lib/clock.ts'
import { nanosText, parseAmount } from '../lib/money.ts'
import { hashSecret, newSecret, secretLabel } from '../lib/secret.ts'
import type { StoredAccount } from '../store/accounts.ts'
import {
  createApiKey,
  deleteApiKey,
  findApiKey,
  type KeyChange,
  type KeyName,
  rotateApiKey,
  type StoredApiKey,
  updateApiKey,
} from '../store/api-keys.ts'
import type { KeyLimit, LimitWindow } from '../store/key-limits.ts'
import { changedMembers } from './audited.ts'
import type { ApiParts, Call } from './parts.ts'

type By = Pick<Call<'createKey'>, 'caller' | 'at' | 'audit'>

/** What a caller wants of a key; what is undefined stays as it is. */
export type WantedKey = {
  readonly name?: string | undefined
  readonly disabled?: boolean | undefined
  readonly limit?: number | string | null | undefined
  readonly limitReset?: LimitReset | null | undefined
  readonly includeByokInLimit?: boolean | undefined
  readonly expiresAt?: number | null | undefined
  readonly allowedModels?: readonly string[] | null | undefined
  readonly includeUsage?: boolean | undefined
  readonly user?: string | null | undefined
  readonly metadata?: Readonly<Record<string, string>> | null | undefined
}

/** By its id or by the hash of its secret. Throws `not_found`. */
export async function keyFor(
  { store }: Pick<ApiParts, 'store'>,
  { organisationId }: Caller,
  name: string,
): Promise<StoredApiKey> {
  const code = /^key_(.+)$/.exec(name)?.[1]
  const key = await findApiKey(store, organisationId, code === undefined ? { hash: name } : { code })
  if (!key) throw refuse('not_found', 'No API key has this id or hash')
  return key
}

export async function makeKey(
  parts: ApiParts,
  { caller, at, audit }: By,
  account: StoredAccount | undefined,
  wanted: WantedKey & { name: string },
): Promise<{ key: StoredApiKey; secret: string }> {
  const { store, random } = parts
  const { organisationId } = caller
  const secret = newSecret('sk-tp', random)
  const made = { ...store.ids.next(), hash: hashSecret(secret), label: secretLabel(secret), at }
  const { name } = wanted
  const key = { ...BLANK, ...changeOf(BLANK, wanted), ...made, name, organisationId, accountId: account?.id ?? null }
  const after = { ...auditedKey(key), accountId: account ? `acc_${account.code}` : null }
  await createApiKey(store, key, audit({ action: 'key.create', target: `key_${key.code}`, before: null, after }))
  return { key: await changed(parts, caller, key), secret }
}

export async function changeKey(
  parts: ApiParts,
  { caller, at, audit }: By,
  key: StoredApiKey,
  wanted: WantedKey,
): Promise<StoredApiKey> {
  const change = changeOf(key, wanted)
  const difference = changedMembers(auditedKey(key), auditedKey({ ...key, ...change }))
  const row = audit({ action: 'key.update', target: `key_${key.code}`, ...difference })
  await updateApiKey(parts.store, key, change, { organisationId: caller.organisationId, at, audit: row })
  return changed(parts, caller, key)
}

export async function endKey(parts: ApiParts, { caller, at, audit }: By, key: StoredApiKey): Promise<void> {
  const row = audit({ action: 'key.delete', target: `key_${key.code}`, before: auditedKey(key), after: null })
  await deleteApiKey(parts.store, key, { organisationId: caller.organisationId, at, audit: row })
  forget(parts, key)
}

/** Of two that are asked for at once the later one is a rotation of what the earlier one made. */
const TRIES = 5

export async function giveNewSecret(
  parts: ApiParts,
  { caller, at, audit }: By,
  name: string,
  graceSeconds = 0,
): Promise<{ key: StoredApiKey; secret: string }> {
  for (let tries = 0; tries < TRIES; tries++) {
    const key = await keyFor(parts, caller, name)
    const secret = newSecret('sk-tp', parts.random)
    const made = { hash: hashSecret(secret), label: secretLabel(secret), graceMs: graceSeconds * 1_000 }
    const change = { before: { label: key.label }, after: { label: made.label, graceSeconds } }
    const row = audit({ action: 'key.rotate', target: `key_${key.code}`, ...change }, ({ exists, selectFrom }) =>
      exists(selectFrom('api_keys').select('id').where('hash', '=', made.hash)),
    )
    const by = { organisationId: caller.organisationId, at, audit: row }
    if (!(await rotateApiKey(parts.store, key, made, by))) continue
    parts.budgets.forget(caller.organisationId)
    return { key: await changed(parts, caller, key), secret }
  }
  throw refuse('service_unavailable', 'The key is being rotated by others; try again', { retryAfterMs: 1_000 })
}

type LimitReset = keyof typeof WINDOWS
const WINDOWS = { daily: 'day', weekly: 'week', monthly: 'month' } as const
export const RESETS = { day: 'daily', week: 'weekly', month: 'monthly', total: null } as const

const windowOf = (reset: LimitReset | null | undefined): LimitWindow => (reset == null ? 'total' : WINDOWS[reset])

const BLANK = {
  disabled: false,
  includeByokInLimit: false,
  limit: null,
  expiresAt: null,
  allowedModels: null,
  defaults: { includeUsage: false, user: null, metadata: null },
} as const

type Changeable = Pick<StoredApiKey, 'defaults'> & { readonly limit: KeyLimit | null }

function changeOf(known: Changeable, wanted: WantedKey): KeyChange {
  const { limit: _limit, limitReset: _reset, includeUsage, user, metadata, ...others } = wanted
  const limit = limitOf(known.limit, wanted)
  const hasDefaults = includeUsage !== undefined || user !== undefined || metadata !== undefined
  const defaults = {
    includeUsage: includeUsage ?? known.defaults.includeUsage,
    user: user === undefined ? known.defaults.user : user,
    metadata: metadata === undefined ? known.defaults.metadata : metadata && JSON.stringify(metadata),
  }
  const set = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
  return { ...set, ...(limit === undefined ? {} : { limit }), ...(hasDefaults ? { defaults } : {}) }
}

/** Another reset makes the window of the same limit another; without a limit there is nothing to reset. */
function limitOf(known: KeyLimit | null, { limit, limitReset }: WantedKey): KeyLimit | null | undefined {
  const window = limitReset === undefined ? (known?.window ?? 'total') : windowOf(limitReset)
  if (limit === null) return null
  if (limit === undefined) return known && window !== known.window ? { nanos: known.nanos, window } : undefined
  const nanos = parseAmount(limit)
  if (nanos === undefined) throw refuse('invalid_amount', undefined, { param: 'limit' })
  return { nanos, window }
}

type Audited = Omit<KeyChange, 'limit'> & { readonly limit?: KeyLimit | null | undefined; readonly name?: string }

/** What a key may do, as the audit log keeps it. */
const auditedKey = ({ name, disabled, limit, includeByokInLimit, expiresAt, allowedModels, defaults }: Audited) => ({
  ...{ name, disabled, includeByokInLimit, allowedModels, ...defaults },
  limit: limit ? nanosText(limit.nanos) : null,
  limitReset: limit ? RESETS[limit.window] : null,
  expiresAt: expiresAt == null ? null : instantText(expiresAt),
})

/** As it is by now; whoever was known by one of its secrets is read again. */
async function changed(parts: ApiParts, { organisationId }: Caller, known: Secrets & Pick<StoredApiKey, 'id'>) {
  const key = await findApiKey(parts.store, organisationId, { id: known.id } satisfies KeyName)
  forget(parts, known)
  if (!key) throw refuse('not_found', 'The API key was deleted meanwhile')
  forget(parts, key)
  return key
}

type Secrets = { readonly hash: string; readonly previous?: StoredApiKey['previous'] }

function forget({ forgetKey }: ApiParts, { hash, previous }: Secrets): void {
  forgetKey(hash)
  if (previous) forgetKey(previous.hash)
}
