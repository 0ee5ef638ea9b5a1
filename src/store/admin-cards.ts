/**
 * Rate cards that were set through the API. They are appended alone: another price is another row, and so is a withdrawal,
 * which ends those before it.
 */
import type { RateCard } from '../core/rate-card.ts'
import { instantText } from '../lib/clock.ts'
import type { Query, Store } from './store.ts'

/** All of them, oldest first, withdrawn ones with their end. */
export async function adminCards(store: Store): Promise<RateCard[]> {
  const rows = await store.rows(
    store.sql.selectFrom('rate_cards').selectAll().where('source', '=', 'admin').orderBy('known_from').orderBy('id'),
  )
  const cards: RateCard[] = []
  for (const { id, provider, model, card, known_from } of rows) {
    const kept = JSON.parse(card) as Omit<RateCard, 'id' | 'source' | 'provider' | 'model'>
    const knownFrom = instantText(Number(known_from))
    if (kept.status === 'removed') end(cards, provider, model, knownFrom)
    else cards.push({ ...kept, id, source: 'admin', provider, model, knownFrom })
  }
  return cards
}

function end(cards: RateCard[], provider: string, model: string, at: string): void {
  for (const [index, card] of cards.entries())
    if (card.provider === provider && card.model === model && card.validTo === undefined)
      cards[index] = { ...card, validTo: at }
}

type Kept = Pick<RateCard, 'id' | 'provider' | 'model' | 'lines' | 'validFrom' | 'status'>

/** `beside` is written in the same step. */
export async function keepAdminCard(
  store: Store,
  { id, provider, model, ...card }: Kept,
  at: number,
  beside: readonly Query<unknown>[],
): Promise<void> {
  const row = { id, source: 'admin', provider, model, card: JSON.stringify({ currency: 'USD', ...card }) }
  await store.write([store.sql.insertInto('rate_cards').values({ ...row, known_from: BigInt(at) }), ...beside])
}
