/** What is over by an instant but not booked yet: no rule waits for a job, and no read either. */
import type { Store } from './store.ts'
import type { Cell } from './tables.ts'
import { reservations } from './tables.ts'

export type Due = { freed?: bigint; lost?: bigint }

/** By account: what dead reservations free, and what grants that are over lose. */
export async function dueBy(
  store: Store,
  organisationId: bigint,
  accountIds: readonly bigint[],
  at: number,
): Promise<Map<bigint, Due>> {
  const [{ freed, released }, over] = await Promise.all([
    heldByDead(store, organisationId, accountIds, at),
    store.rows(
      store.sql
        .selectFrom('grants')
        .select(['id', 'account_id', 'remaining_nanos', 'reserved_nanos'])
        .where('organisation_id', '=', organisationId)
        .where('account_id', 'in', accountIds)
        .where('remaining_nanos', '>', 0n)
        .where('expires_at', '<=', BigInt(at)),
    ),
  ])
  const due = new Map<bigint, Due>([...freed].map(([id, nanos]) => [id, { freed: nanos }]))
  for (const grant of over) {
    const held = grant.reserved_nanos - (released.get(grant.id) ?? 0n)
    const known = due.get(grant.account_id)
    due.set(grant.account_id, { ...known, lost: (known?.lost ?? 0n) + grant.remaining_nanos - held })
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
