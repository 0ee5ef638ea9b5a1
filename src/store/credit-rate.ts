/** What one credit is worth while this process runs, kept with every transaction that any of its commands writes. */
import type { Store } from './store.ts'

/** A command that has a price of its own keeps it: what is done about a reservation is done at that one's. */
export function atCreditRate(store: Store, creditUsd: string): Store {
  if (creditUsd === '1') return store
  return { ...store, post: (command) => store.post({ creditUsd, ...command }) }
}
