/**
 * Folds the records of a quarter hour, and the quarter hours of a day, into sums by API key, account, end user and tags.
 * A span is claimed, emptied, filled page by page and only then declared folded, with the number of records that went
 * in. Whoever stops on the way leaves a span that is not declared, and reports go on reading its records.
 */
import { type RawBuilder, sql } from 'kysely'
import { DAY_MS } from '../core/report-plan.ts'
import { QUARTER_MS } from '../core/usage-sums.ts'
import { keptFrom } from './carried-sums.ts'
import { detailsJoin, FOLDED, type Folded, recordSums, recordValue } from './report-columns.ts'
import { type HashDetails, tagText, valueHash } from './report-values.ts'
import type { Query, Store } from './store.ts'
import { rollups } from './tables.ts'

export type Unfolded = { readonly organisationId: bigint; readonly start: number }

/** Quarter hours that are over and have records that were not folded, newest first. */
export async function unfoldedQuarters(store: Store, at: number, limit: number): Promise<Unfolded[]> {
  // Of a quarter hour whose records are gone the sums are all there is: it is not folded anew from the rest.
  const first = BigInt((await keptFrom(store)) ?? 0)
  const rows = await read<{ organisation_id: bigint; quarter: bigint }>(
    store,
    sql`SELECT organisation_id, quarter FROM quarters WHERE records <> folded AND quarter <= ${BigInt(at - QUARTER_MS)}
      AND quarter >= ${first} ORDER BY quarter DESC LIMIT ${limit}`,
  )
  return rows.map((row) => ({ organisationId: row.organisation_id, start: Number(row.quarter) }))
}

/** Days that are over, whose quarter hours are all folded and which are not folded themselves. */
export async function unfoldedDays(store: Store, at: number, limit: number): Promise<Unfolded[]> {
  const rows = await read<{ organisation_id: bigint; day: bigint }>(
    store,
    sql`SELECT q.organisation_id, q.quarter - q.quarter % ${sql.raw(String(DAY_MS))} AS day FROM quarters AS q
      WHERE q.quarter < ${BigInt(Math.floor(at / DAY_MS) * DAY_MS)}
      AND NOT EXISTS (SELECT 1 FROM folded_days AS f WHERE f.organisation_id = q.organisation_id
        AND f.day = q.quarter - q.quarter % ${sql.raw(String(DAY_MS))} AND f.records >= 0)
      GROUP BY 1, 2 HAVING SUM(CASE WHEN q.records <> q.folded THEN 1 ELSE 0 END) = 0 ORDER BY 2 DESC LIMIT ${limit}`,
  )
  return rows.map((row) => ({ organisationId: row.organisation_id, start: Number(row.day) }))
}

/** Whether the quarter hour is folded now: not, if records came meanwhile or another process claimed it too. */
export async function foldQuarter(store: Store, hash: HashDetails, unfolded: Unfolded): Promise<boolean> {
  const { organisationId, start } = unfolded
  const token = claimToken(store)
  const own = sql`organisation_id = ${organisationId} AND quarter = ${BigInt(start)}`
  const day = BigInt(Math.floor(start / DAY_MS) * DAY_MS)
  const claimed = sql`EXISTS (SELECT 1 FROM quarters WHERE ${own} AND folded = ${token})`
  await store.write([
    query(store, sql`UPDATE quarters SET folded = ${token} WHERE ${own} AND records <> folded`),
    query(
      store,
      sql`DELETE FROM folded_days WHERE organisation_id = ${organisationId} AND day = ${day} AND ${claimed}`,
    ),
    emptied(store, unfolded, 'quarter', FOLDED, claimed),
  ])
  const count = () => countedIn(store, organisationId, start, start + QUARTER_MS)
  const before = await count()
  const spans = { first: BigInt(start), past: BigInt(start + QUARTER_MS) }
  const filling: FoldedRow[] = []
  for (const dimension of FOLDED) {
    const rows = await read<FoldedRow>(store, recordsBy(organisationId, dimension, spans))
    await keepLabels(store, hash, organisationId, dimension, rows)
    for (const row of rows)
      filling.push({ ...row, dimension, value: foldedValue(hash, organisationId, dimension, row) })
  }
  const lock = query(store, sql`UPDATE quarters SET folded = ${token} WHERE ${own} AND folded = ${token}`)
  await fill(store, { ...unfolded, span: 'quarter', rows: filling }, { lock, claimed })
  // Nothing is ever taken away from the records, so the same number before and after is the same set throughout.
  if ((await count()) !== before) return false
  const [changed] = await store.write([
    query(store, sql`UPDATE quarters SET folded = ${before} WHERE ${own} AND folded = ${token}`),
  ])
  return changed === 1
}

/** Whether the day is folded now. */
export async function foldDay(store: Store, unfolded: Unfolded): Promise<boolean> {
  const { organisationId, start } = unfolded
  const token = claimToken(store)
  const own = sql`organisation_id = ${organisationId} AND day = ${BigInt(start)}`
  const claimed = sql`EXISTS (SELECT 1 FROM folded_days WHERE ${own} AND records = ${token})`
  await store.write([
    query(
      store,
      sql`INSERT INTO folded_days (organisation_id, day, records) VALUES (${organisationId}, ${BigInt(start)}, ${token})
        ON CONFLICT (organisation_id, day) DO UPDATE SET records = excluded.records WHERE folded_days.records < 0`,
    ),
    emptied(store, unfolded, 'day', ['all', ...FOLDED], claimed),
  ])
  const count = () => countedIn(store, organisationId, start, start + DAY_MS)
  const before = await count()
  const lock = query(store, sql`UPDATE folded_days SET records = ${token} WHERE ${own} AND records = ${token}`)
  const filling: FoldedRow[] = []
  for (const dimension of ['all', ...FOLDED] as const)
    for (const row of await read<FoldedRow>(store, quartersBy(organisationId, dimension, start)))
      filling.push({ ...row, dimension })
  await fill(store, { ...unfolded, span: 'day', rows: filling }, { lock, claimed })
  const whole = sql`NOT EXISTS (SELECT 1 FROM quarters WHERE organisation_id = ${organisationId}
    AND quarter >= ${BigInt(start)} AND quarter < ${BigInt(start + DAY_MS)} AND records <> folded)`
  if ((await count()) !== before) return false
  const [changed] = await store.write([
    query(store, sql`UPDATE folded_days SET records = ${before} WHERE ${own} AND records = ${token} AND ${whole}`),
  ])
  return changed === 1
}

type Dimension = Folded | 'all'
type FoldedRow = Readonly<Record<string, bigint | string>>

const NARROW = ['model', 'provider', 'context', 'status'] as const
const SUMS = rollups.columns.filter(
  (column) => !(['organisation_id', 'quarter', ...NARROW] as string[]).includes(column),
)

/** Below 0, so that it is no number of records; the claims of two processes differ. */
const claimToken = ({ ids }: Store): bigint => -ids.next().id

const sums = (): RawBuilder<unknown> =>
  sql.join(SUMS.map((column) => sql`CAST(SUM(r.${sql.ref(column)}) AS TEXT) AS ${sql.ref(column)}`))

const recordsBy = (organisationId: bigint, dimension: Folded, { first, past }: { first: bigint; past: bigint }) =>
  sql`SELECT r.value, r.model, r.provider, r.context, r.status, ${sums()} FROM (
    SELECT ${recordValue(dimension)} AS value, u.model, u.provider, u.context, u.status, ${recordSums()}
    FROM usage_records AS u ${detailsJoin([dimension])}
    WHERE u.organisation_id = ${organisationId} AND u.occurred_at >= ${first} AND u.occurred_at < ${past}) AS r
    GROUP BY r.value, r.model, r.provider, r.context, r.status`

function quartersBy(organisationId: bigint, dimension: Dimension, start: number) {
  const [first, past] = [BigInt(start), BigInt(start + DAY_MS)]
  const from =
    dimension === 'all'
      ? sql`(SELECT '' AS value, c.* FROM rollups AS c WHERE c.organisation_id = ${organisationId}
          AND c.quarter >= ${first} AND c.quarter < ${past})`
      : sql`(SELECT c.* FROM folded_rollups AS c WHERE c.organisation_id = ${organisationId} AND c.dimension = ${dimension}
          AND c.span = 'quarter' AND c.start >= ${first} AND c.start < ${past})`
  return sql`SELECT r.value, r.model, r.provider, r.context, r.status, ${sums()} FROM ${from} AS r
    GROUP BY r.value, r.model, r.provider, r.context, r.status`
}

async function countedIn(store: Store, organisationId: bigint, first: number, past: number): Promise<bigint> {
  const [row] = await read<{ records: string }>(
    store,
    sql`SELECT CAST(COALESCE(SUM(records), 0) AS TEXT) AS records FROM quarters WHERE organisation_id = ${organisationId}
      AND quarter >= ${BigInt(first)} AND quarter < ${BigInt(past)}`,
  )
  return BigInt(row?.records ?? 0)
}

const emptied = (
  store: Store,
  { organisationId, start }: Unfolded,
  span: 'day' | 'quarter',
  dimensions: readonly Dimension[],
  claimed: RawBuilder<unknown>,
) =>
  query(
    store,
    sql`DELETE FROM folded_rollups WHERE organisation_id = ${organisationId} AND dimension IN (${sql.join(dimensions)})
      AND span = ${span} AND start = ${BigInt(start)} AND ${claimed}`,
  )

type Filling = Unfolded & { readonly span: 'day' | 'quarter'; readonly rows: readonly FoldedRow[] }

/** A page is one transaction: the writer that serves calls is never held up for long. */
const ROWS_AT_A_TIME = 500

async function fill(
  store: Store,
  { organisationId, start, span, rows }: Filling,
  { lock, claimed }: { lock: Query<unknown>; claimed: RawBuilder<unknown> },
): Promise<void> {
  const all = combined(rows)
  const columns = ['organisation_id', 'dimension', 'span', 'start', 'value', ...NARROW, ...SUMS]
  const names = sql.join(columns.map((column) => sql.ref(column)))
  const word = (text: unknown) => sql`CAST(${String(text)} AS TEXT)`
  const number = (value: bigint) => sql`CAST(${value} AS bigint)`
  const cellsOf = (row: FoldedRow) => {
    const place = [number(organisationId), word(row.dimension), word(span), number(BigInt(start))]
    const names = ['value', ...NARROW].map((column) => word(row[column]))
    return sql`(${sql.join([...place, ...names, ...SUMS.map((column) => number(BigInt(row[column] ?? 0)))])})`
  }
  const insert = (some: readonly FoldedRow[]) =>
    sql`INSERT INTO folded_rollups (${names}) SELECT v.* FROM (VALUES ${sql.join(some.map(cellsOf))}) AS v WHERE ${claimed}`
  for (const page of inPages(all, ROWS_AT_A_TIME))
    await store.write([lock, ...inPages(page, ROWS_A_STATEMENT).map((some) => query(store, insert(some)))])
}

/** A database elsewhere is asked once for so many rows, not once for each. */
const ROWS_A_STATEMENT = 100

const inPages = <T>(all: readonly T[], length: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / length) }, (_, page) => all.slice(page * length, (page + 1) * length))

const isPersonal = (dimension: Dimension): dimension is 'end_user' | 'tag' =>
  dimension === 'end_user' || dimension === 'tag'

const textOf = (dimension: 'end_user' | 'tag', value: string) => (dimension === 'tag' ? tagText(value) : value)

/** Keys and accounts are named by their numbers, what is personal by its hash. */
const foldedValue = (hash: HashDetails, organisationId: bigint, dimension: Folded, { value }: FoldedRow): string =>
  isPersonal(dimension) && value !== ''
    ? valueHash(hash, organisationId, dimension, textOf(dimension, String(value)))
    : String(value)

/** Tags that came in two orders are one set of tags. */
function combined(rows: readonly FoldedRow[]): FoldedRow[] {
  const found = new Map<string, FoldedRow>()
  for (const row of rows) {
    const key = JSON.stringify([row.dimension, row.value, ...NARROW.map((column) => row[column])])
    const known = found.get(key)
    const added = SUMS.map((column) => [column, BigInt(known?.[column] ?? 0) + BigInt(row[column] ?? 0)] as const)
    found.set(key, { ...row, ...Object.fromEntries(added) })
  }
  return [...found.values()]
}

/** Each personal text stands once, under the name that folded sums know it by. */
async function keepLabels(
  store: Store,
  hash: HashDetails,
  organisationId: bigint,
  dimension: Folded,
  rows: readonly FoldedRow[],
): Promise<void> {
  if (!isPersonal(dimension)) return
  const texts = [...new Set(rows.map(({ value }) => String(value)).filter((value) => value !== ''))]
  const labels = texts.map((value) => {
    const text = textOf(dimension, value)
    return {
      organisation_id: organisationId,
      dimension,
      hash: valueHash(hash, organisationId, dimension, text),
      value: text,
    }
  })
  for (let from = 0; from < labels.length; from += ROWS_AT_A_TIME)
    await store.write([
      store.sql
        .insertInto('dimension_values')
        .values(labels.slice(from, from + ROWS_AT_A_TIME))
        .onConflict((conflict) => conflict.doNothing()),
    ])
}

const FOLD_WITHIN_MS = 20_000

const query = (store: Store, text: RawBuilder<unknown>): Query<unknown> => ({ compile: () => text.compile(store.sql) })

const read = <Row>(store: Store, text: RawBuilder<unknown>): Promise<Row[]> =>
  store.scan({ compile: () => (text as RawBuilder<Row>).compile(store.sql) }, FOLD_WITHIN_MS)
