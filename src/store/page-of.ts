/** Lists as the API shows them: newest first, a page behind a cursor or an offset, and how many there are in all. */
import { type SelectQueryBuilder, sql } from 'kysely'
import type { Store } from './store.ts'

export type PageOf = { readonly limit: number; readonly offset: number; readonly before: bigint | undefined }

/** `id`: the column of the numbers, as the query calls it. One row more than the limit, so that the caller sees whether there are more. */
export async function pageOf<DB, T extends keyof DB, Row>(
  store: Store,
  matching: SelectQueryBuilder<DB, T, Row>,
  { limit, offset, before }: PageOf,
  id = 'id',
): Promise<{ rows: Row[]; total: number }> {
  const number = sql<bigint>`${sql.ref(id)}`
  const [rows, [count]] = await Promise.all([
    store.rows(
      (before === undefined ? matching : matching.where(number, '<', before))
        .orderBy(number, 'desc')
        .limit(limit + 1)
        .offset(offset),
    ),
    store.rows(
      matching
        .clearSelect()
        .select((of) => of.fn.countAll<bigint>().as('total'))
        .$castTo<{ total: bigint }>(),
    ),
  ])
  return { rows, total: Number(count?.total ?? 0) }
}
