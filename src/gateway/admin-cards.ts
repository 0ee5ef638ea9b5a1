/** The rate cards that were set through the API, as calls read them: from memory, read again when they change. */
import type { RateCard } from '../core/rate-card.ts'
import { adminCards } from '../store/admin-cards.ts'
import type { Store } from '../store/store.ts'

export type AdminCards = {
  /** Of an endpoint by its id. The same list for as long as nothing has changed. */
  of(endpointId: string): readonly RateCard[]
  list(): readonly RateCard[]
  /** Reads them again: after a change here, and now and then for those that other nodes made. */
  refresh(): Promise<void>
}

const NONE: readonly RateCard[] = []

export async function createAdminCards(store: Store): Promise<AdminCards> {
  let all: readonly RateCard[] = []
  let byEndpoint: ReadonlyMap<string, readonly RateCard[]> = new Map()
  const cards: AdminCards = {
    of: (endpointId) => byEndpoint.get(endpointId) ?? NONE,
    list: () => all,
    async refresh() {
      const found = await adminCards(store)
      if (JSON.stringify(found) === JSON.stringify(all)) return
      all = found
      byEndpoint = Map.groupBy(found, ({ provider, model }) => `${provider}/${model}`)
    },
  }
  await cards.refresh()
  return cards
}
