/** Organisations and their management keys. */
import type { Id } from '../lib/id.ts'
import type { Store } from './store.ts'

export type StoredOrganisation = { readonly id: bigint; readonly name: string; readonly timeZone: string }

export async function findOrganisation(
  store: Store,
  by: { id: bigint } | { name: string },
): Promise<StoredOrganisation | undefined> {
  const query = store.sql.selectFrom('organisations').select(['id', 'name', 'time_zone'])
  const [row] = await store.rows('id' in by ? query.where('id', '=', by.id) : query.where('name', '=', by.name))
  return row && { id: row.id, name: row.name, timeZone: row.time_zone }
}

/** False: the name is taken, and nothing was written. */
export async function createOrganisation(
  store: Store,
  { id, code, name, timeZone, at }: Id & { name: string; timeZone: string; at: number },
): Promise<boolean> {
  const values = { id, code, name, time_zone: timeZone, created_at: BigInt(at) }
  const [created] = await store.write([
    store.sql
      .insertInto('organisations')
      .values(values)
      .onConflict((conflict) => conflict.column('name').doNothing()),
  ])
  return created === 1
}

export type NewManagementKey = {
  readonly hash: string
  readonly organisationId: bigint
  readonly name: string
  readonly role: 'admin' | 'reader'
  readonly at: number
}

export async function createManagementKey(
  store: Store,
  { hash, organisationId, name, role, at }: NewManagementKey,
): Promise<void> {
  await store.write([
    store.sql
      .insertInto('management_keys')
      .values({ hash, organisation_id: organisationId, name, role, disabled: 0n, created_at: BigInt(at) }),
  ])
}
