/** What a proof of the ledger came to is kept for those who look at the server; a difference is told as an event. */
import { eventOf } from './core/ledger-events.ts'
import type { Difference } from './jobs/verify.ts'
import { firstOrganisation } from './store/bootstrap.ts'
import { keepVerified, type Verified } from './store/last-verify.ts'
import { eventQuery } from './store/outbox.ts'
import type { Query, Store } from './store/store.ts'

export type Outcome = {
  readonly differences: number
  /** In which they are. */
  readonly tables: readonly string[]
  /** Of those the ones that a repair corrected. */
  readonly repaired: number
  readonly rows: number
  readonly tookMs: number
}

/** The server delivers the event as it does all others: once a day, however often it is looked. */
export async function tellOutcome(store: Pick<Store, 'sql' | 'rows' | 'now' | 'ids' | 'write'>, outcome: Outcome) {
  const { tables, ...counts } = outcome
  const at = store.now()
  const verified: Verified = { ...counts, at }
  await store.write([keepVerified(store, verified), ...(await alarm(store, outcome, at))])
}

/** The names of the tables, each once. */
export const tablesOf = (differences: readonly Difference[]): string[] => [
  ...new Set(differences.map(({ table }) => table)),
]

async function alarm(
  store: Pick<Store, 'sql' | 'rows' | 'ids'>,
  { differences, tables }: Outcome,
  at: number,
): Promise<Query<unknown>[]> {
  const organisation = differences > 0 ? await firstOrganisation(store) : undefined
  if (!organisation) return []
  const data = { differences, tables: [...tables] }
  const event = eventOf('ledger.integrity_failed', data, { organisationId: organisation.id, at, ids: store.ids })
  const onceKey = `ledger.integrity_failed ${new Date(at).toISOString().slice(0, 10)}`
  return [eventQuery(store, { ...event, onceKey })]
}
