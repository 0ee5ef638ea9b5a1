/** What the last proof of the ledger came to: kept, so that people see when there was one, and what it found. */
import { z } from 'zod'
import { settingNamed, settingQuery } from './bootstrap.ts'
import type { Query, Store } from './store.ts'

const Verified = z.object({
  /** When it ended, and how long it took. */
  at: z.int(),
  tookMs: z.int(),
  differences: z.int(),
  /** Of those the ones that a repair corrected. */
  repaired: z.int(),
  rows: z.int(),
})
export type Verified = z.output<typeof Verified>

const NAME = 'last_verify'

/** Undefined: nobody has looked yet. */
export async function lastVerified(store: Pick<Store, 'sql' | 'rows'>): Promise<Verified | undefined> {
  const kept = await settingNamed(store, NAME)
  // What another version kept in other words counts as none.
  return kept === undefined ? undefined : Verified.safeParse(JSON.parse(kept)).data
}

/** When the ledger was last proved, else when it began. */
export async function lastProofOrBirth(store: Pick<Store, 'sql' | 'rows'>): Promise<number> {
  const verified = await lastVerified(store)
  if (verified) return verified.at
  const [first] = await store.rows(store.sql.selectFrom('organisations').select('created_at').orderBy('id').limit(1))
  return Number(first?.created_at ?? 0n)
}

export const keepVerified = (store: Pick<Store, 'sql'>, verified: Verified): Query<unknown> =>
  settingQuery(store, NAME, JSON.stringify(verified))
