/** Which rows batches come to, found out beforehand, so that a baseline has nothing to do but write them. */
import { apply } from '../src/core/ledger.ts'
import { type Account, emptyRows, emptyWritten, type Grant, type KeyUsage, type Rows } from '../src/core/ledger-rows.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createIds } from '../src/lib/id.ts'
import { systemRandom } from '../src/lib/random.ts'
import type { Batch } from './ledger-loop.ts'
import type { Pair } from './ledger-pairs.ts'

export type Owners = { accounts: readonly Account[]; grants: readonly Grant[]; keyUsage: readonly KeyUsage[] }

/** One after the other; each is to be used before the next is asked for. */
export function* rowsOf(owners: Owners, pairs: readonly Pair[], batches: readonly Batch[]): Generator<Rows> {
  const rows = emptyRows()
  for (const account of owners.accounts) rows.accounts.set(account.id, account)
  for (const grant of owners.grants) rows.grants.set(grant.accountId, [...(rows.grants.get(grant.accountId) ?? []), grant])
  for (const usage of owners.keyUsage) rows.keyUsage.set(usage.apiKeyId, usage)
  const ids = createIds({ clock: systemClock, random: systemRandom, node: 1023 })
  for (const batch of batches) {
    const commands = batch.map((n) => {
      const { reserve, settle } = pairs[n >> 1] as Pair
      return n % 2 === 1 ? settle : reserve
    })
    for (const outcome of apply(rows, commands, ids)) if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome)}`)
    yield rows
    rows.written = emptyWritten()
  }
}
