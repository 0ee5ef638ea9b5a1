/** What is known of months that were dropped, read back: for proofs, and for what adds up all that ever was. */
import { sql } from 'kysely'
import type { CarriedSum } from '../core/carried-sums.ts'
import { settingNamed, settingQuery } from './bootstrap.ts'
import type { Store } from './store.ts'
import { carriedSums } from './tables.ts'
import { eachPage } from './whole-tables.ts'

type Reader = Pick<Store, 'engine' | 'sql' | 'rows'>

const KEY = ['organisation_id', 'kind', 'subject', 'month']

export const eachCarried = (store: Reader): AsyncGenerator<CarriedSum[]> => eachPage(store, carriedSums, KEY)

/** `forgotten_until`: as `kept_from`, for what hangs on those rows in other tables. */
type Instant = 'kept_from' | 'forgotten_until'

/** Records and transactions of calls before this instant are gone; undefined: everything is there. */
export async function keptFrom(
  store: Pick<Store, 'sql' | 'rows'>,
  name: Instant = 'kept_from',
): Promise<number | undefined> {
  const value = await settingNamed(store, name)
  return value === undefined ? undefined : Number(value)
}

export async function setInstant(store: Pick<Store, 'sql' | 'rows'>, name: Instant, at: number): Promise<void> {
  await store.rows(settingQuery(store, name, String(at)))
}

/** What the transactions that are gone came to, by their type: a row for each month. */
export const carriedCredit = (store: Pick<Store, 'sql'>, organisationId: bigint) =>
  store.sql
    .selectFrom('carried_sums')
    .where('organisation_id', '=', organisationId)
    .where('kind', '=', 'credit')
    .select(['subject as type', sql<string>`'0'`.as('dollars'), 'sums as nanos'])

/** How grants ended whose last transaction is gone. */
export async function carriedEnds(
  store: Pick<Store, 'sql' | 'rows'>,
  organisationId: bigint,
  ids: readonly bigint[],
): Promise<Map<bigint, 'expired' | 'void'>> {
  const rows = await store.rows(
    store.sql
      .selectFrom('carried_sums')
      .select(['subject', 'sums'])
      .where('organisation_id', '=', organisationId)
      .where('kind', '=', 'grant_end')
      .where('subject', 'in', ids.map(String)),
  )
  return new Map(
    rows.map(({ subject, sums }) => [
      BigInt(subject),
      (JSON.parse(sums) as { type: string }).type === 'void' ? 'void' : 'expired',
    ]),
  )
}
