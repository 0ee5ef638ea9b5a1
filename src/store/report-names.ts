/** Keys and accounts by their public names and by their numbers. */
import type { Store } from './store.ts'

/** Null for empty text, which stands for none; numbers of those that exist. */
export async function keyIds(
  store: Store,
  organisationId: bigint,
  hashes: readonly string[],
): Promise<(bigint | null)[]> {
  const named = hashes.filter((hash) => hash !== '')
  const rows =
    named.length === 0
      ? []
      : await store.rows(
          store.sql
            .selectFrom('api_keys')
            .select('id')
            .where('organisation_id', '=', organisationId)
            .where('hash', 'in', named),
        )
  return [...rows.map(({ id }) => id), ...(named.length < hashes.length ? [null] : [])]
}

/** By `acc_…`; null for empty text, which stands for none. */
export async function accountIds(
  store: Store,
  organisationId: bigint,
  names: readonly string[],
): Promise<(bigint | null)[]> {
  const codes = names.flatMap((name) => /^acc_(.+)$/.exec(name)?.[1] ?? [])
  const rows =
    codes.length === 0
      ? []
      : await store.rows(
          store.sql
            .selectFrom('accounts')
            .select('id')
            .where('organisation_id', '=', organisationId)
            .where('code', 'in', codes),
        )
  return [...rows.map(({ id }) => id), ...(names.includes('') ? [null] : [])]
}

const NAMES_AT_A_TIME = 1_000

/** The public names behind numbers: hashes of keys, `acc_…` of accounts. */
export async function namesOf(
  store: Store,
  organisationId: bigint,
  dimension: 'api_key' | 'account',
  numbers: readonly string[],
): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  const ids = [...new Set(numbers)].filter((number) => number !== '').map(BigInt)
  for (let from = 0; from < ids.length; from += NAMES_AT_A_TIME) {
    const page = ids.slice(from, from + NAMES_AT_A_TIME)
    const rows =
      dimension === 'api_key'
        ? await store.rows(
            store.sql
              .selectFrom('api_keys')
              .select(['id', 'hash as name'])
              .where('organisation_id', '=', organisationId)
              .where('id', 'in', page),
          )
        : await store.rows(
            store.sql
              .selectFrom('accounts')
              .select(['id', 'code as name'])
              .where('organisation_id', '=', organisationId)
              .where('id', 'in', page),
          )
    for (const { id, name } of rows) names.set(String(id), dimension === 'api_key' ? name : `acc_${name}`)
  }
  return names
}
