/** Which rows batches come to, found out beforehand, so that a baseline has nothing to do but write them. */
import { apply } from '../src/core/ledger.ts'
import { emptyRows, emptyWritten, type Rows } from '../src/core/ledger-batch.ts'
import type { Account, Grant } from '../src/core/ledger-rows.ts'
import type { KeyUsage } from '../src/core/usage-rows.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createIds } from '../src/lib/id.ts'
import { systemRandom } from '../src/lib/random.ts'
import type { Batch } from './ledger-loop.ts'
import type { Pair } from './ledger-pairs.ts'

export type Owners = { accounts: readonly Account[]; grants: readonly Grant[]; keyUsage: readonly KeyUsage[] }

/** Of each batch the rows it changed, and which they are. */
export function rowsOf(owners: Owners, pairs: readonly Pair[], batches: readonly Batch[]): Rows[] {
  const rows = emptyRows()
  for (const account of owners.accounts) rows.accounts.set(account.id, account)
  for (const grant of owners.grants)
    rows.grants.set(grant.accountId, [...(rows.grants.get(grant.accountId) ?? []), grant])
  for (const usage of owners.keyUsage) rows.keyUsage.set(usage.apiKeyId, usage)
  const ids = createIds({ clock: systemClock, random: systemRandom, node: 1023 })
  return batches.map((batch) => {
    rows.written = emptyWritten()
    const commands = batch.map((n) => {
      const { reserve, settle } = pairs[n >> 1] as Pair
      return n % 2 === 1 ? settle : reserve
    })
    const refused = apply(rows, commands, ids).find(({ ok }) => !ok)
    if (refused) throw new Error('the ledger refused what it did not refuse before')
    return changedOf(rows)
  })
}

/** A kept row is never changed again, so that it may stay where it is. */
function changedOf({ accounts, grants, reservations, keyUsage, written }: Rows): Rows {
  return {
    ...emptyRows(),
    accounts: picked(written.accounts, accounts),
    grants: new Map(grants),
    reservations: picked(written.newReservations.union(written.endedReservations), reservations),
    keyUsage: picked(written.keyUsage, keyUsage),
    written,
  }
}

const picked = <K, V>(keys: Iterable<K>, rows: ReadonlyMap<K, V>): Map<K, V> =>
  new Map([...keys].flatMap((key) => [...(rows.has(key) ? [[key, rows.get(key) as V] as const] : [])]))
