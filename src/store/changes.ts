/** What changed without anybody's doing here: prices that are used for the first time, and what an organisation spends. */
import { sql } from 'kysely'
import type { RateCard } from '../core/rate-card.ts'
import type { Store } from './store.ts'

export type UsedCard = Pick<RateCard, 'id' | 'provider' | 'model' | 'lines'>
export type NewPrice = { readonly before: UsedCard; readonly after: UsedCard }

/** Cards first used within `[from, to)` of models that another card was used for before. One of certain hours is no change. */
export async function newPrices(store: Store, from: number, to: number): Promise<NewPrice[]> {
  const rows = await store.rows(
    store.sql
      .selectFrom('rate_cards')
      .selectAll()
      .where('known_from', '>=', BigInt(from))
      .where('known_from', '<', BigInt(to))
      .orderBy('known_from'),
  )
  const changed = await Promise.all(
    rows.map(async (row) => {
      const after = cardOf(row)
      const before = after.windows ? undefined : await cardBefore(store, row)
      return before && { before, after }
    }),
  )
  return changed.filter((each) => each !== undefined)
}

/** More than one price has certain hours. */
const MOST_BEFORE = 50

async function cardBefore(store: Store, { provider, model, known_from }: KnownCard): Promise<UsedCard | undefined> {
  const earlier = await store.rows(
    store.sql
      .selectFrom('rate_cards')
      .selectAll()
      .where('provider', '=', provider)
      .where('model', '=', model)
      .where('known_from', '<', known_from)
      .orderBy('known_from', 'desc')
      .limit(MOST_BEFORE),
  )
  return earlier.map(cardOf).find(({ windows }) => !windows)
}

type CardRow = { readonly id: string; readonly provider: string; readonly model: string; readonly card: string }
type KnownCard = CardRow & { readonly known_from: bigint }

const cardOf = ({ id, provider, model, card }: CardRow): UsedCard & Pick<RateCard, 'windows'> => ({
  ...(JSON.parse(card) as Pick<RateCard, 'lines' | 'windows'>),
  ...{ id, provider, model },
})

export type Spend = { readonly day: bigint; readonly weekBefore: bigint; readonly since: number | undefined }

const [DAY_MS, QUARTER_MS] = [86_400_000, 900_000]

/** Charges of the last 24 hours and of the seven days before them, to the quarter hour, and since when there are any. */
export async function spendOf(store: Store, organisationId: bigint, at: number): Promise<Spend> {
  const today = Math.floor(at / QUARTER_MS) * QUARTER_MS - DAY_MS
  const sum = (condition: ReturnType<typeof sql>) =>
    sql<string>`CAST(COALESCE(SUM(CASE WHEN ${condition} THEN charge_nanos ELSE 0 END), 0) AS TEXT)`
  const recent = store.sql
    .selectFrom('rollups')
    .where('organisation_id', '=', organisationId)
    .where('quarter', '>=', BigInt(today - 7 * DAY_MS))
    .select([sum(sql`quarter >= ${BigInt(today)}`).as('day'), sum(sql`quarter < ${BigInt(today)}`).as('week_before')])
  const first = store.sql
    .selectFrom('rollups')
    .where('organisation_id', '=', organisationId)
    .select((of) => of.fn.min('quarter').as('since'))
  const [[row], [begun]] = await Promise.all([store.rows(recent), store.rows(first)])
  return {
    day: BigInt(row?.day ?? 0),
    weekBefore: BigInt(row?.week_before ?? 0),
    since: begun?.since == null ? undefined : Number(begun.since),
  }
}
