/** What is over by an instant but not booked yet: no rule waits for a job, and no read either. */
import type { Store } from './store.ts'
import type { Cell } from './table.ts'
import { reservations } from './tables.ts'

export type Due = {
  freed?: bigint
  /** Free parts of grants that are over, and what all living grants hold: what the account owes is repaid from them first. */
  over?: bigint
  remaining?: bigint
}

/** What an account loses by it: neither makes a balance negative nor a negative one deeper. */
export function lossOf({ over = 0n, remaining = 0n }: Due, posted: bigint): bigint {
  if (over === 0n) return 0n
  const debt = remaining - posted
  return over > debt ? over - debt : 0n
}

/** By account: what dead reservations free, and of which grants that are over something is left. */
export async function dueBy(
  store: Store,
  organisationId: bigint,
  accountIds: readonly bigint[],
  at: number,
): Promise<Map<bigint, Due>> {
  const [{ freed, released }, living] = await Promise.all([
    heldByDead(store, organisationId, accountIds, at),
    store.rows(
      store.sql
        .selectFrom('grants')
        .select(['id', 'account_id', 'remaining_nanos', 'reserved_nanos', 'expires_at'])
        .where('organisation_id', '=', organisationId)
        .where('account_id', 'in', accountIds)
        .where('remaining_nanos', '>', 0n)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('grants as over')
              .select('over.id')
              .whereRef('over.account_id', '=', 'grants.account_id')
              .where('over.remaining_nanos', '>', 0n)
              .where('over.expires_at', '<=', BigInt(at)),
          ),
        ),
    ),
  ])
  const due = new Map<bigint, Due>([...freed].map(([id, nanos]) => [id, { freed: nanos }]))
  for (const grant of living) {
    const { over = 0n, remaining = 0n, ...known } = due.get(grant.account_id) ?? {}
    const isOver = grant.expires_at !== null && grant.expires_at <= BigInt(at)
    const held = grant.reserved_nanos - (released.get(grant.id) ?? 0n)
    due.set(grant.account_id, {
      ...known,
      over: over + (isOver ? grant.remaining_nanos - held : 0n),
      remaining: remaining + grant.remaining_nanos,
    })
  }
  return due
}

/** What reservations that are dead by now still hold: of their accounts, and of grants. */
export async function heldByDead(
  store: Store,
  organisationId: bigint,
  accountIds: readonly bigint[],
  at: number,
): Promise<{ freed: Map<bigint, bigint>; released: Map<bigint, bigint> }> {
  const [freed, released] = [new Map<bigint, bigint>(), new Map<bigint, bigint>()]
  if (accountIds.length === 0) return { freed, released }
  const dead = await store.rows(
    store.sql
      .selectFrom('reservations')
      .selectAll()
      .where('organisation_id', '=', organisationId)
      .where('account_id', 'in', accountIds)
      .where('kind', '=', 'api')
      .where('dead_at', '<=', BigInt(at)),
  )
  const addTo = (sums: Map<bigint, bigint>, id: bigint, nanos: bigint) => sums.set(id, (sums.get(id) ?? 0n) + nanos)
  for (const row of dead) {
    const { accountId, amount, allocations } = reservations.row(
      reservations.columns.map((column) => (row as Record<string, Cell>)[column] ?? null),
    )
    if (accountId === null) continue
    addTo(freed, accountId, amount)
    for (const { grantId, nanos } of allocations) if (grantId !== null) addTo(released, grantId, nanos)
  }
  return { freed, released }
}
