/** Reservations of the credits API that are dead and still hold something of a budget, since nothing touched their accounts. */
import type { Store } from './store.ts'

const AT_ONCE = 500

/** Ends them; how many there were. */
export async function endDead(store: Store, organisationId: bigint, at: number): Promise<number> {
  const dead = await store.rows(
    store.sql
      .selectFrom('reservations')
      .select(['id', 'account_id'])
      .where('organisation_id', '=', organisationId)
      .where('kind', '=', 'api')
      .where('dead_at', '<=', BigInt(at))
      .where('holds', '!=', '[]')
      .orderBy('dead_at')
      .limit(AT_ONCE),
  )
  const one = new Map(dead.map((row) => [row.account_id, row.id]))
  // Whatever touches an account ends what is dead of it first; this command does no more than that, since it comes too late.
  await Promise.all(
    [...one.values()].map((reservationId) =>
      store.post({ type: 'extend', organisationId, at, reservationId, ttlMs: 0, graceMs: 0 }),
    ),
  )
  return dead.length
}
