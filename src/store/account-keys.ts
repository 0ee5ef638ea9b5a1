/** The API keys of an account, all at once. */
import type { Query, Store } from './store.ts'

/** The hashes of its keys. */
export async function keysOf(store: Store, organisationId: bigint, accountId: bigint): Promise<string[]> {
  const keys = await store.rows(
    store.sql
      .selectFrom('api_keys')
      .select('hash')
      .where('organisation_id', '=', organisationId)
      .where('account_id', '=', accountId),
  )
  return keys.map(({ hash }) => hash)
}

/** Revokes the keys of an account. Gives the hashes of their secrets. */
export async function disableKeysOf(
  store: Store,
  organisationId: bigint,
  accountId: bigint,
  { at, audit }: { at: number; audit: (keys: readonly string[]) => Query<unknown> },
): Promise<string[]> {
  const keys = await store.rows(
    store.sql
      .selectFrom('api_keys')
      .select(['hash', 'previous_hash', 'code'])
      .where('organisation_id', '=', organisationId)
      .where('account_id', '=', accountId)
      .where('disabled', '=', 0n)
      .orderBy('id'),
  )
  if (keys.length === 0) return []
  await store.write([
    store.sql
      .updateTable('api_keys')
      .set({ disabled: 1n, updated_at: BigInt(at) })
      .where('organisation_id', '=', organisationId)
      .where('account_id', '=', accountId)
      .where('disabled', '=', 0n),
    audit(keys.map(({ code }) => code)),
  ])
  return keys.flatMap(({ hash, previous_hash: previous }) => (previous === null ? [hash] : [hash, previous]))
}
