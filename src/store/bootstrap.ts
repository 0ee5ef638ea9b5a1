/** What a new database begins with, and the secrets that live in it. */
import type { Id } from '../lib/id.ts'
import type { Store } from './store.ts'

export type Organisation = { readonly id: bigint; readonly name: string; readonly timeZone: string }

/** The first organisation, which the operator's key belongs to. Undefined: the database is new. */
export async function firstOrganisation(store: Pick<Store, 'sql' | 'rows'>): Promise<Organisation | undefined> {
  const [row] = await store.rows(store.sql.selectFrom('organisations').selectAll().orderBy('id').limit(1))
  return row && { id: row.id, name: row.name, timeZone: row.time_zone }
}

/** Creates an organisation with the number 1, so that two nodes which start together make one. */
export async function createFirstOrganisation(
  store: Store,
  { name, timeZone }: { name: string; timeZone: string },
): Promise<Organisation> {
  const { code } = store.ids.next()
  await store.write([
    store.sql
      .insertInto('organisations')
      .values({ id: 1n, code, name, time_zone: timeZone, created_at: BigInt(store.now()) })
      .onConflict((conflict) => conflict.doNothing()),
  ])
  return { id: 1n, name, timeZone }
}

export type NewAccount = { readonly organisationId: bigint; readonly externalId: string; readonly name: string }

export async function createAccount(store: Store, { organisationId, externalId, name }: NewAccount): Promise<Id> {
  const id = store.ids.next()
  const now = BigInt(store.now())
  await store.write([
    store.sql.insertInto('accounts').values({
      ...id,
      organisation_id: organisationId,
      external_id: externalId,
      name,
      email: null,
      metadata: null,
      status: 'open',
      overage: 'charge',
      reserve_mode: null,
      overdraft_nanos: 0n,
      posted_nanos: 0n,
      reserved_nanos: 0n,
      last_at: 0n,
      created_at: now,
      updated_at: now,
    }),
  ])
  return id
}

export type NewApiKey = {
  readonly organisationId: bigint
  readonly hash: string
  readonly label: string
  readonly name: string
  readonly accountId: bigint | null
}

export async function createApiKey(
  store: Store,
  { organisationId, hash, label, name, accountId }: NewApiKey,
): Promise<bigint> {
  const { id, code } = store.ids.next()
  await store.write([
    store.sql.insertInto('api_keys').values({
      id,
      code,
      organisation_id: organisationId,
      hash,
      name,
      label,
      account_id: accountId,
      disabled: 0n,
      deleted_at: null,
      expires_at: null,
      limit_budget_id: null,
      include_byok_in_limit: 0n,
      created_at: BigInt(store.now()),
      updated_at: null,
    }),
  ])
  return id
}

/** A value that all nodes share: made once, whoever comes first. */
export async function sharedSecret(store: Store, name: string, made: string): Promise<string> {
  await store.write([
    store.sql
      .insertInto('settings')
      .values({ name, value: made })
      .onConflict((conflict) => conflict.doNothing()),
  ])
  return (await settingNamed(store, name)) ?? made
}

/** In place of what it was. */
export const settingQuery = ({ sql }: Pick<Store, 'sql'>, name: string, value: string) =>
  sql
    .insertInto('settings')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))

export async function settingNamed(store: Pick<Store, 'sql' | 'rows'>, name: string): Promise<string | undefined> {
  const [row] = await store.rows(store.sql.selectFrom('settings').select('value').where('name', '=', name))
  return row?.value
}
