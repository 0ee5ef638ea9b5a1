/** Rate cards as they were used: kept at their first use, so that a charge stays explained whatever becomes of the catalogue. */
import type { RateCard } from '../core/rate-card.ts'
import type { Store } from './store.ts'

export type RateCards = {
  /** Resolves when these cards are kept; at once for cards that this process kept before. */
  keep(cards: readonly (RateCard | undefined)[]): Promise<void> | undefined
  find(id: string): Promise<RateCard | undefined>
}

export function createRateCards(store: Store): RateCards {
  const kept = new Map<string, Promise<unknown>>()
  return {
    keep(cards) {
      const fresh = cards.filter((card) => card !== undefined).filter(({ id }) => !kept.has(id))
      if (fresh.length === 0) return undefined
      const writing = store.write(
        fresh.map(({ id, source, provider, model, ...card }) =>
          store.sql
            .insertInto('rate_cards')
            .values({ id, source, provider, model, card: JSON.stringify(card), known_from: BigInt(store.now()) })
            .onConflict((conflict) => conflict.doNothing()),
        ),
      )
      for (const { id } of fresh) kept.set(id, writing)
      writing.catch(() => {
        for (const { id } of fresh) kept.delete(id)
      })
      return writing.then(() => {})
    },
    async find(id) {
      const [row] = await store.rows(store.sql.selectFrom('rate_cards').selectAll().where('id', '=', id))
      return (
        row &&
        ({
          ...(JSON.parse(row.card) as object),
          id,
          source: row.source,
          provider: row.provider,
          model: row.model,
        } as RateCard)
      )
    },
  }
}
