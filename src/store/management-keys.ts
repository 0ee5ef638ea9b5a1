/** Keys that administer an organisation, made, changed and ended together with their rows of the audit log. */
import type { Id } from '../lib/id.ts'
import { type NewSecret, previousColumns } from './api-keys.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { rowByCode } from './row-by-code.ts'
import type { Query, Store } from './store.ts'

export type StoredManagementKey = Id & {
  readonly organisationId: bigint
  readonly hash: string
  readonly name: string
  readonly label: string
  readonly role: 'admin' | 'reader'
  readonly disabled: boolean
  readonly previous: { readonly hash: string; readonly until: number } | null
  readonly lastUsedAt: number | null
  readonly createdAt: number
  readonly updatedAt: number | null
}

export type NewManagementKey = Id & {
  readonly organisationId: bigint
  readonly hash: string
  readonly name: string
  readonly label: string
  readonly role: 'admin' | 'reader'
  readonly at: number
}

export async function createManagementKey(store: Store, key: NewManagementKey, audit: Query<unknown>): Promise<void> {
  const { id, code, organisationId, hash, name, label, role, at } = key
  const insert = store.sql.insertInto('management_keys').values({
    ...{ id, code, organisation_id: organisationId, hash, name, label, role, disabled: 0n },
    created_at: BigInt(at),
  })
  await store.write([insert, audit])
}

/** In whichever organisation: who may see it is for the caller to say. */
export async function findManagementKey(store: Store, code: string): Promise<StoredManagementKey | undefined> {
  const row = await rowByCode(store, keysOf(store), code)
  return row && keyOf(row)
}

/** Newest first; one more than the limit, so that the caller sees whether there are more. */
export async function listManagementKeys(
  store: Store,
  organisationId: bigint,
  page: PageOf,
): Promise<{ keys: StoredManagementKey[]; total: number }> {
  const own = keysOf(store).where('organisation_id', '=', organisationId)
  const { rows, total } = await pageOf(store, own, page)
  return { keys: rows.map(keyOf), total }
}

export type ManagementKeyChange = { readonly name?: string | undefined; readonly disabled?: boolean | undefined }
type Changing = { readonly at: number; readonly audit: Query<unknown> }

export async function updateManagementKey(
  store: Store,
  key: StoredManagementKey,
  { name, disabled }: ManagementKeyChange,
  { at, audit }: Changing,
): Promise<void> {
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(disabled === undefined ? {} : { disabled: disabled ? 1n : 0n }),
    updated_at: BigInt(at),
  }
  await store.write([rowOf(store, key).set(set), audit])
}

/** The row stays, so that the names in the audit log have somebody behind them. */
export async function deleteManagementKey(
  store: Store,
  key: StoredManagementKey,
  { at, audit }: Changing,
): Promise<void> {
  await store.write([rowOf(store, key).set({ deleted_at: BigInt(at), updated_at: BigInt(at) }), audit])
}

/** False: it was given another secret, or was deleted, since it was read; nothing was written. */
export async function rotateManagementKey(
  store: Store,
  key: StoredManagementKey,
  { hash, label, graceMs }: NewSecret,
  { at, audit }: Changing,
): Promise<boolean> {
  const set = { hash, label, ...previousColumns(key.hash, graceMs, at), updated_at: BigInt(at) }
  const [changed] = await store.write([rowOf(store, key).where('hash', '=', key.hash).set(set), audit])
  return changed === 1
}

const rowOf = (store: Store, { organisationId, id, code }: StoredManagementKey) =>
  store.sql
    .updateTable('management_keys')
    .where('organisation_id', '=', organisationId)
    .where('id', '=', id)
    .where('code', '=', code)
    .where('deleted_at', 'is', null)

const keysOf = (store: Store) =>
  store.sql
    .selectFrom('management_keys')
    .where('deleted_at', 'is', null)
    .select(['id', 'code', 'organisation_id', 'hash', 'name', 'label', 'role', 'disabled'])
    .select(['previous_hash', 'previous_until', 'last_used_at', 'created_at', 'updated_at'])

type Row = Awaited<ReturnType<ReturnType<typeof keysOf>['execute']>>[number]

const keyOf = (row: Row): StoredManagementKey => ({
  ...{ id: row.id, code: row.code, organisationId: row.organisation_id, hash: row.hash, name: row.name },
  label: row.label,
  role: row.role === 'reader' ? 'reader' : 'admin',
  disabled: row.disabled === 1n,
  previous:
    row.previous_hash === null || row.previous_until === null
      ? null
      : { hash: row.previous_hash, until: Number(row.previous_until) },
  lastUsedAt: row.last_used_at === null ? null : Number(row.last_used_at),
  createdAt: Number(row.created_at),
  updatedAt: row.updated_at === null ? null : Number(row.updated_at),
})
