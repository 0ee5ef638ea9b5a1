/** Model calls of an organisation that other processes on the same database are serving at this moment. */
import { type Store, StoreTooSlow } from './store.ts'

const WITHIN_MS = 1_000

/** Those of living nodes, by the reservations that they hold. Undefined: counting takes too long. */
export async function callsElsewhere(store: Store, organisationId: bigint): Promise<number | undefined> {
  if (store.engine === 'sqlite') return 0
  const living = store.sql.selectFrom('nodes').select('id').where('lease_until', '>', BigInt(store.now()))
  const held = store.sql
    .selectFrom('reservations')
    .select((of) => of.fn.countAll<bigint>().as('count'))
    .where('organisation_id', '=', organisationId)
    .where('kind', '=', 'gateway')
    .where('owner', '<>', BigInt(store.node))
    .where('owner', 'in', living)
  try {
    const [row] = await store.scan(held, WITHIN_MS)
    return Number(row?.count ?? 0n)
  } catch (error) {
    if (error instanceof StoreTooSlow) return undefined
    throw error
  }
}
