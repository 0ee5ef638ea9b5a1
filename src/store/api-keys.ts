/** API keys as they are administered: each change is written together with its row of the audit log. */
import { type SqlBool, sql } from 'kysely'
import type { CallDefaults } from '../core/caller.ts'
import type { KeyUsage } from '../core/usage-rows.ts'
import type { Id } from '../lib/id.ts'
import { renaming } from './budgets.ts'
import { changedLimit, endLimit, type KeyLimit, type KnownLimit, type LimitWindow, newLimit } from './key-limits.ts'
import type { PageOf } from './page-of.ts'
import { rowByCode } from './row-by-code.ts'
import type { Query, Store } from './store.ts'

export type StoredApiKey = Id & {
  readonly hash: string
  readonly name: string
  readonly label: string
  readonly disabled: boolean
  readonly accountId: bigint | null
  readonly accountCode: string | null
  readonly externalId: string | null
  readonly allowedModels: readonly string[] | null
  readonly defaults: CallDefaults
  readonly includeByokInLimit: boolean
  readonly limit: KnownLimit | null
  readonly usage: Omit<KeyUsage, 'apiKeyId' | 'organisationId'> | null
  readonly expiresAt: number | null
  /** The secret before the last rotation, and until when it holds. */
  readonly previous: { readonly hash: string; readonly until: number } | null
  readonly lastUsedAt: number | null
  readonly createdAt: number
  readonly updatedAt: number | null
}

export type KeyName = { readonly hash: string } | { readonly code: string } | { readonly id: bigint }

export async function findApiKey(
  store: Store,
  organisationId: bigint,
  name: KeyName,
): Promise<StoredApiKey | undefined> {
  const query = keysOf(store, organisationId)
  if ('hash' in name || 'id' in name) {
    const found = 'hash' in name ? query.where('k.hash', '=', name.hash) : query.where('k.id', '=', name.id)
    return (await store.rows(found)).map(keyOf)[0]
  }
  const row = await rowByCode(store, query, name.code, 'k')
  return row && keyOf(row)
}

export type KeyFilter = {
  /** A part of the name. */
  readonly name?: string | undefined
  readonly accountId?: bigint | undefined
  readonly disabled?: boolean | undefined
}

/** Newest first; one more than the limit, so that the caller sees whether there are more. */
export async function listApiKeys(
  store: Store,
  organisationId: bigint,
  filter: KeyFilter,
  { limit, offset, before }: PageOf,
): Promise<StoredApiKey[]> {
  const matching = matchingKeys(store, organisationId, filter)
  // The page is cut before anything is joined to it.
  const page = (before === undefined ? matching : matching.where('k.id', '<', before))
    .select('k.id')
    .orderBy('k.id', 'desc')
    .limit(limit + 1)
    .offset(offset)
  const rows = await store.rows(keysOf(store, organisationId).where('k.id', 'in', page).orderBy('k.id', 'desc'))
  return rows.map(keyOf)
}

export async function countApiKeys(store: Store, organisationId: bigint, filter: KeyFilter): Promise<number> {
  const [row] = await store.rows(
    matchingKeys(store, organisationId, filter).select((of) => of.fn.countAll<bigint>().as('total')),
  )
  return Number(row?.total ?? 0)
}

function matchingKeys(store: Store, organisationId: bigint, { name, accountId, disabled }: KeyFilter) {
  let query = store.sql
    .selectFrom('api_keys as k')
    .where('k.organisation_id', '=', organisationId)
    .where('k.deleted_at', 'is', null)
  if (accountId !== undefined) query = query.where('k.account_id', '=', accountId)
  if (disabled !== undefined) query = query.where('k.disabled', '=', disabled ? 1n : 0n)
  if (name === undefined) return query
  const part = `%${name.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
  return query.where(sql<SqlBool>`LOWER(k.name) LIKE ${part} ESCAPE '\\'`)
}

export type NewApiKey = Id & {
  readonly organisationId: bigint
  readonly hash: string
  readonly name: string
  readonly label: string
  readonly accountId: bigint | null
  readonly allowedModels: readonly string[] | null
  readonly defaults: CallDefaults
  readonly includeByokInLimit: boolean
  readonly limit: KeyLimit | null
  readonly expiresAt: number | null
  readonly at: number
}

export async function createApiKey(store: Store, key: NewApiKey, audit: Query<unknown>): Promise<void> {
  const { id, code, organisationId, at } = key
  const limit = key.limit && newLimit(store, { organisationId, keyId: id, at }, key.limit)
  const insert = store.sql.insertInto('api_keys').values({
    ...{ id, code, organisation_id: organisationId, hash: key.hash, name: key.name, label: key.label },
    account_id: key.accountId,
    disabled: 0n,
    deleted_at: null,
    expires_at: key.expiresAt === null ? null : BigInt(key.expiresAt),
    limit_budget_id: limit?.budgetId ?? null,
    include_byok_in_limit: key.includeByokInLimit ? 1n : 0n,
    ...modelsColumn(key.allowedModels),
    ...defaultColumns(key.defaults),
    created_at: BigInt(at),
    updated_at: null,
  })
  await store.write([insert, ...(limit ? [limit.query] : []), audit])
}

/** What is left out stays. Null takes a limit, an expiry or a restriction away. */
export type KeyChange = {
  readonly name?: string
  readonly disabled?: boolean
  readonly includeByokInLimit?: boolean
  readonly limit?: KeyLimit | null
  readonly expiresAt?: number | null
  readonly allowedModels?: readonly string[] | null
  readonly defaults?: CallDefaults
}

type Administered = Pick<StoredApiKey, 'id' | 'limit'>
type Changing = { readonly organisationId: bigint; readonly at: number; readonly audit: Query<unknown> }

export async function updateApiKey(
  store: Store,
  key: Administered,
  change: KeyChange,
  { organisationId, at, audit }: Changing,
): Promise<void> {
  const owner = { organisationId, keyId: key.id, at }
  const limit = change.limit === undefined ? undefined : changedLimit(store, owner, key.limit, change.limit)
  const { name, disabled, includeByokInLimit, expiresAt, allowedModels, defaults } = change
  const update = store.sql
    .updateTable('api_keys')
    .set({
      updated_at: BigInt(at),
      ...(name === undefined ? {} : { name }),
      ...(disabled === undefined ? {} : { disabled: disabled ? 1n : 0n }),
      ...(includeByokInLimit === undefined ? {} : { include_byok_in_limit: includeByokInLimit ? 1n : 0n }),
      ...(limit === undefined ? {} : { limit_budget_id: limit.budgetId }),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt === null ? null : BigInt(expiresAt) }),
      ...(allowedModels === undefined ? {} : modelsColumn(allowedModels)),
      ...(defaults === undefined ? {} : defaultColumns(defaults)),
    })
    .where('organisation_id', '=', organisationId)
    .where('id', '=', key.id)
    .where('deleted_at', 'is', null)
  await store.write([update, ...(limit?.queries ?? []), audit])
}

/** The row stays: what the key has used is still told by it. */
export async function deleteApiKey(
  store: Store,
  key: Administered,
  { organisationId, at, audit }: Changing,
): Promise<void> {
  const update = store.sql
    .updateTable('api_keys')
    .set({ deleted_at: BigInt(at), updated_at: BigInt(at) })
    .where('organisation_id', '=', organisationId)
    .where('id', '=', key.id)
  const limit = key.limit ? [endLimit(store, organisationId, key.limit.budgetId, at)] : []
  await store.write([update, ...limit, audit])
}

export type NewSecret = { readonly hash: string; readonly label: string; readonly graceMs: number }

/**
 * The key goes on under another secret: what it has spent, its windows and its id are those of before. False: it was given
 * another one, or was deleted, since it was read; nothing was written.
 */
export async function rotateApiKey(
  store: Store,
  { id, hash: known }: Pick<StoredApiKey, 'id' | 'hash'>,
  { hash, label, graceMs }: NewSecret,
  { organisationId, at, audit }: Changing,
): Promise<boolean> {
  const update = store.sql
    .updateTable('api_keys')
    .set({ hash, label, ...previousColumns(known, graceMs, at), updated_at: BigInt(at) })
    .where('organisation_id', '=', organisationId)
    .where('id', '=', id)
    .where('hash', '=', known)
    .where('deleted_at', 'is', null)
  // Budgets of the key are called by its secret's hash.
  const renamed = renaming(store, organisationId, { scope: 'api_key', scopeId: String(id) }, hash).where((of) =>
    of.exists(of.selectFrom('api_keys').select('id').where('id', '=', id).where('hash', '=', hash)),
  )
  const [changed] = await store.write([update, renamed, audit])
  return changed === 1
}

/** Of keys of both kinds. */
export const previousColumns = (hash: string, graceMs: number, at: number) => ({
  previous_hash: graceMs > 0 ? hash : null,
  previous_until: graceMs > 0 ? BigInt(at + graceMs) : null,
})

const modelsColumn = (allowed: readonly string[] | null) => ({ allowed_models: allowed && JSON.stringify(allowed) })

const defaultColumns = ({ includeUsage, user, metadata }: CallDefaults) => ({
  ...{ include_usage: includeUsage ? 1n : 0n, default_user: user, default_metadata: metadata },
})

const keysOf = (store: Store, organisationId: bigint) =>
  store.sql
    .selectFrom('api_keys as k')
    .leftJoin('accounts as a', (join) =>
      join.onRef('a.id', '=', 'k.account_id').onRef('a.organisation_id', '=', 'k.organisation_id'),
    )
    .leftJoin('budgets as b', (join) =>
      join
        .onRef('b.id', '=', 'k.limit_budget_id')
        .onRef('b.organisation_id', '=', 'k.organisation_id')
        .on('b.deleted_at', 'is', null),
    )
    .leftJoin('key_usage as u', (join) =>
      join.onRef('u.api_key_id', '=', 'k.id').onRef('u.organisation_id', '=', 'k.organisation_id'),
    )
    .where('k.organisation_id', '=', organisationId)
    .where('k.deleted_at', 'is', null)
    .select(['k.id', 'k.code', 'k.hash', 'k.name', 'k.label', 'k.disabled', 'k.account_id', 'k.include_byok_in_limit'])
    .select(['k.allowed_models', 'k.include_usage', 'k.default_user', 'k.default_metadata'])
    .select(['k.expires_at', 'k.previous_hash', 'k.previous_until', 'k.last_used_at', 'k.created_at', 'k.updated_at'])
    .select(['a.external_id', 'a.code as account_code', 'b.id as budget_id', 'b.limit_quantity', 'b.window_kind'])
    .select(['u.total_nanos', 'u.byok_total_nanos', 'u.day', 'u.day_nanos', 'u.byok_day_nanos'])
    .select(['u.week', 'u.week_nanos', 'u.byok_week_nanos', 'u.month', 'u.month_nanos', 'u.byok_month_nanos'])
    .select(['u.total_counted_nanos', 'u.day_counted_nanos', 'u.week_counted_nanos', 'u.month_counted_nanos'])

type KeyRow = Awaited<ReturnType<ReturnType<typeof keysOf>['execute']>>[number]

function keyOf(row: KeyRow): StoredApiKey {
  const { budget_id: budgetId, limit_quantity: nanos, window_kind: window } = row
  const { previous_hash: previousHash, previous_until: until } = row
  return {
    ...{ id: row.id, code: row.code, hash: row.hash, name: row.name, label: row.label },
    disabled: row.disabled === 1n,
    accountId: row.account_id,
    accountCode: row.account_code,
    externalId: row.external_id,
    allowedModels: modelsOf(row.allowed_models),
    defaults: { includeUsage: row.include_usage === 1n, user: row.default_user, metadata: row.default_metadata },
    includeByokInLimit: row.include_byok_in_limit === 1n,
    limit: budgetId === null || nanos === null ? null : { budgetId, nanos, window: window as LimitWindow },
    usage: row.total_nanos === null ? null : usageOf(row),
    expiresAt: numberOf(row.expires_at),
    previous: previousHash === null || until === null ? null : { hash: previousHash, until: Number(until) },
    lastUsedAt: numberOf(row.last_used_at),
    createdAt: Number(row.created_at),
    updatedAt: numberOf(row.updated_at),
  }
}

const numberOf = (cell: bigint | null): number | null => (cell === null ? null : Number(cell))

export const modelsOf = (cell: string | null): readonly string[] | null =>
  cell === null ? null : (JSON.parse(cell) as string[])

const usageOf = (row: KeyRow): NonNullable<StoredApiKey['usage']> => ({
  total: row.total_nanos ?? 0n,
  byokTotal: row.byok_total_nanos ?? 0n,
  day: Number(row.day),
  dayNanos: row.day_nanos ?? 0n,
  byokDayNanos: row.byok_day_nanos ?? 0n,
  week: Number(row.week),
  weekNanos: row.week_nanos ?? 0n,
  byokWeekNanos: row.byok_week_nanos ?? 0n,
  month: Number(row.month),
  monthNanos: row.month_nanos ?? 0n,
  byokMonthNanos: row.byok_month_nanos ?? 0n,
  counted: row.total_counted_nanos ?? 0n,
  dayCounted: row.day_counted_nanos ?? 0n,
  weekCounted: row.week_counted_nanos ?? 0n,
  monthCounted: row.month_counted_nanos ?? 0n,
})
