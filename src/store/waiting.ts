/** How much waits in the database: reservations that live, events that nobody was told of, deliveries that are due. */
import { sql } from 'kysely'
import type { Store } from './store.ts'

export type Waiting = { readonly reservations: number; readonly events: number; readonly deliveries: number }

/** Of all processes on the database together. Given up after so many milliseconds. */
export async function countWaiting(store: Store, withinMs: number): Promise<Waiting> {
  const [row] = await store.scan({ compile: () => COUNTS.compile(store.sql) }, withinMs)
  return {
    reservations: Number(row?.reservations ?? 0n),
    events: Number(row?.events ?? 0n),
    deliveries: Number(row?.deliveries ?? 0n),
  }
}

type Counts = { readonly reservations: bigint; readonly events: bigint; readonly deliveries: bigint }

const COUNTS = sql<Counts>`SELECT (SELECT COUNT(*) FROM reservations) AS reservations,
  (SELECT COUNT(*) FROM outbox WHERE dispatched_at IS NULL) AS events,
  (SELECT COUNT(*) FROM deliveries WHERE state = 'pending') AS deliveries`
