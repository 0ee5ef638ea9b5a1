/** Organisations: the tenants of a server. What an organisation is called is its id outside. */
import type { Id } from '../lib/id.ts'
import { renaming } from './budgets.ts'
import { type PageOf, pageOf } from './page-of.ts'
import type { Query, Store } from './store.ts'

export type StoredOrganisation = Id & { readonly name: string; readonly timeZone: string; readonly createdAt: number }

export async function findOrganisation(
  store: Store,
  by: { id: bigint } | { name: string },
): Promise<StoredOrganisation | undefined> {
  const query = store.sql.selectFrom('organisations').selectAll()
  const rows = await store.rows('id' in by ? query.where('id', '=', by.id) : query.where('name', '=', by.name))
  return rows.map(organisationOf)[0]
}

/** Newest first; one more than the limit, so that the caller sees whether there are more. */
export async function listOrganisations(
  store: Store,
  page: PageOf,
): Promise<{ organisations: StoredOrganisation[]; total: number }> {
  const { rows, total } = await pageOf(store, store.sql.selectFrom('organisations').selectAll(), page)
  return { organisations: rows.map(organisationOf), total }
}

/** False: the name is taken, and nothing was written. */
export async function createOrganisation(
  store: Store,
  { id, code, name, timeZone, createdAt }: StoredOrganisation,
  audit: Query<unknown>,
): Promise<boolean> {
  const values = { id, code, name, time_zone: timeZone, created_at: BigInt(createdAt) }
  const insert = store.sql
    .insertInto('organisations')
    .values(values)
    .onConflict((conflict) => conflict.column('name').doNothing())
  const [created] = await store.write([insert, audit])
  return created === 1
}

/** False: another organisation has the name, and nothing was written. */
export async function updateOrganisation(
  store: Store,
  id: bigint,
  { name, timeZone }: { name: string; timeZone: string },
  audit: Query<unknown>,
): Promise<boolean> {
  const update = store.sql
    .updateTable('organisations')
    .set({ name, time_zone: timeZone })
    .where('id', '=', id)
    .where((of) =>
      of.not(
        of.exists(
          of
            .selectFrom('organisations as other')
            .select('other.id')
            .where('other.name', '=', name)
            .where('other.id', '!=', id),
        ),
      ),
    )
  const renamed = renaming(store, id, { scope: 'organisation', scopeId: String(id) }, name).where((of) =>
    of.exists(of.selectFrom('organisations').select('id').where('id', '=', id).where('name', '=', name)),
  )
  const [changed] = await store.write([update, renamed, audit])
  return changed === 1
}

type Row = { id: bigint; code: string; name: string; time_zone: string; created_at: bigint }

const organisationOf = ({ id, code, name, time_zone, created_at }: Row): StoredOrganisation => ({
  ...{ id, code, name },
  timeZone: time_zone,
  createdAt: Number(created_at),
})
