/**
 * Where the records lie that say a value which few say: in the quarter hours whose folded sums name it, and in those that
 * no fold has seen to the last record. No index leads from a value to records; this costs no write when a call is settled.
 */

import { type RawBuilder, sql } from 'kysely'
import type { Span } from '../core/report-plan.ts'
import { QUARTER_MS } from '../core/usage-sums.ts'
import { DAY_MS } from '../lib/clock.ts'
import { type Folded, hasTag, NARROW, type Narrow } from './report-columns.ts'
import type { ValueFilter } from './report-values.ts'
import type { Store } from './store.ts'

type Said = {
  readonly narrow: Readonly<Partial<Record<Narrow, readonly string[]>>>
  readonly folded: Readonly<Partial<Record<Folded, ValueFilter>>>
}

/** Those with the most values come first: the rarer a value, the fewer its quarter hours. */
const RAREST_FIRST = ['end_user', 'tag', 'account', 'api_key'] as const satisfies readonly Folded[]

/**
 * What can be looked up. Whoever says nothing of himself cannot: a person that was forgotten says nothing either, and is
 * folded under the name of before.
 */
export function lookedUp({ folded }: Pick<Said, 'folded'>): Folded[] {
  const isPersonal = (dimension: Folded) => dimension === 'end_user' || dimension === 'tag'
  return RAREST_FIRST.filter((dimension) => {
    const values = folded[dimension]
    return values && !(isPersonal(dimension) && values.told.includes(''))
  })
}

/** Newest first, at most `most` at once, until the range is through. Each list is of one snapshot. */
export async function* quartersOf(
  store: Store,
  organisationId: bigint,
  said: Said,
  { start, end }: Span,
  { most, left }: { readonly most: number; left(): number },
): AsyncGenerator<readonly number[]> {
  const floor = start - (start % QUARTER_MS)
  let past = Math.ceil(end / QUARTER_MS) * QUARTER_MS
  // A little at first: of several values the database sorts all that there is.
  for (let length = DAY_MS; past > floor; ) {
    const first = Math.max(floor, past - length)
    const query = sql<{ start: bigint }>`${sayingIt(store, organisationId, said, { start: first, end: past }, most)}`
    const rows = await store.scan({ compile: () => query.compile(store.sql) }, left())
    const found = rows.map((row) => Number(row.start))
    if (found.length > 0) yield found
    const last = found.length === most ? found.at(-1) : undefined
    past = last ?? first
    if (last === undefined) length *= 4
  }
}

/**
 * One statement: a quarter hour that is folded anew is empty for a while, and one that was read before as folded must not
 * be read as empty.
 */
function sayingIt(
  store: Store,
  organisationId: bigint,
  said: Said,
  { start, end }: Span,
  most: number,
): RawBuilder<unknown> {
  const [rarest, ...others] = lookedUp(said)
  if (!rarest) throw new Error('nothing is asked for that can be looked up')
  const within = (column: string) =>
    sql`organisation_id = ${organisationId} AND ${sql.ref(column)} >= ${BigInt(start)} AND ${sql.ref(column)} < ${BigInt(end)}`
  const values = (table: string, dimension: Folded) => sql`${sql.ref(`${table}.dimension`)} = ${dimension}
    AND ${sql.ref(`${table}.span`)} = 'quarter' AND ${isNamed(store, organisationId, table, dimension, said)}`
  const narrow = NARROW.flatMap((column) => {
    const asked = said.narrow[column]
    return asked ? [sql`AND r.${sql.ref(column)} IN (${sql.join(asked)})`] : []
  })
  const also = others.map(
    (dimension) => sql`AND EXISTS (SELECT 1 FROM folded_rollups AS o WHERE o.organisation_id = ${organisationId}
      AND o.start = r.start AND ${values('o', dimension)})`,
  )
  return sql`SELECT f.start FROM (SELECT DISTINCT r.start FROM folded_rollups AS r WHERE ${within('start')}
      AND ${values('r', rarest)} ${sql.join([...narrow, ...also], sql` `)} ORDER BY r.start DESC LIMIT ${most}) AS f
    UNION SELECT quarter AS start FROM quarters WHERE ${within('quarter')} AND records <> folded
    ORDER BY 1 DESC LIMIT ${most}`
}

/** Sets of tags are looked up in the same snapshot: a fold may just have met the first calls of one. */
function isNamed(store: Store, organisationId: bigint, table: string, dimension: Folded, said: Said) {
  const { told = [], folded = [], hashed = folded } = said.folded[dimension] ?? {}
  const column = sql.ref(`${table}.value`)
  if (dimension !== 'tag') return hashed.length === 0 ? sql`1 = 0` : sql`${column} IN (${sql.join(hashed)})`
  if (told.length === 0) return sql`1 = 0`
  const holds = sql.join(
    told.map((pair) => hasTag(store, sql.ref('t.value'), pair)),
    sql` OR `,
  )
  const sets = sql`SELECT t.hash FROM dimension_values AS t WHERE t.organisation_id = ${organisationId} AND t.dimension = 'tag' AND (${holds})`
  return store.engine === 'sqlite' ? sql`${column} IN (${sets})` : sql`${column} = ANY(ARRAY(${sets}))`
}
