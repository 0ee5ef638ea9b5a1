/** The rows of a fold: what their values are called, and how they are written without holding up the writer that serves calls. */
import { type RawBuilder, sql } from 'kysely'
import type { SpanName } from '../core/report-spans.ts'
import { type Folded, NARROW, SUMMED } from './report-columns.ts'
import { type HashDetails, tagText, valueHash } from './report-values.ts'
import type { Query, Store } from './store.ts'

export type FoldedRow = Readonly<Record<string, bigint | string>>

type Place = { readonly dimension: string; readonly span: SpanName; readonly start: number }

export const emptied = (store: Store, organisationId: bigint, places: readonly Place[], claimed: RawBuilder<unknown>) =>
  query(
    store,
    sql`DELETE FROM folded_rollups WHERE organisation_id = ${organisationId} AND (${sql.join(
      places.map(
        ({ dimension, span, start }) => sql`dimension = ${dimension} AND span = ${span} AND start = ${BigInt(start)}`,
      ),
      sql` OR `,
    )}) AND ${claimed}`,
  )

/** A page is one transaction: the writer that serves calls is never held up for long. */
const ROWS_AT_A_TIME = 500

export async function fill(
  store: Store,
  organisationId: bigint,
  rows: readonly FoldedRow[],
  { lock, claimed }: { lock: Query<unknown>; claimed: RawBuilder<unknown> },
): Promise<void> {
  const all = combined(rows)
  const columns = ['organisation_id', 'dimension', 'span', 'start', 'value', ...NARROW, ...SUMMED]
  const names = sql.join(columns.map((column) => sql.ref(column)))
  const word = (text: unknown) => sql`CAST(${String(text)} AS TEXT)`
  const number = (value: bigint) => sql`CAST(${value} AS bigint)`
  const cellsOf = (row: FoldedRow) => {
    const place = [number(organisationId), word(row.dimension), word(row.span), number(BigInt(row.start ?? 0))]
    const names = ['value', ...NARROW].map((column) => word(row[column]))
    return sql`(${sql.join([...place, ...names, ...SUMMED.map((column) => number(BigInt(row[column] ?? 0)))])})`
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

const isPersonal = (dimension: Folded): dimension is 'end_user' | 'tag' =>
  dimension === 'end_user' || dimension === 'tag'

const textOf = (dimension: 'end_user' | 'tag', value: string) => (dimension === 'tag' ? tagText(value) : value)

/** Keys and accounts are named by their numbers, what is personal by its hash. */
export const foldedValue = (
  hash: HashDetails,
  organisationId: bigint,
  dimension: Folded,
  { value }: FoldedRow,
): string =>
  isPersonal(dimension) && value !== ''
    ? valueHash(hash, organisationId, dimension, textOf(dimension, String(value)))
    : String(value)

/** Tags that came in two orders are one set of tags. */
function combined(rows: readonly FoldedRow[]): FoldedRow[] {
  const found = new Map<string, FoldedRow>()
  for (const row of rows) {
    const place = [row.dimension, row.span, String(row.start), row.value]
    const key = JSON.stringify([...place, ...NARROW.map((column) => row[column])])
    const known = found.get(key)
    const added = SUMMED.map((column) => [column, BigInt(known?.[column] ?? 0) + BigInt(row[column] ?? 0)] as const)
    found.set(key, { ...row, ...Object.fromEntries(added) })
  }
  return [...found.values()]
}

/** Each personal text stands once, under the name that folded sums know it by. */
export async function keepLabels(
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

export const query = (store: Store, text: RawBuilder<unknown>): Query<unknown> => ({
  compile: () => text.compile(store.sql),
})

export const read = <Row>(store: Store, text: RawBuilder<unknown>): Promise<Row[]> =>
  store.scan({ compile: () => (text as RawBuilder<Row>).compile(store.sql) }, FOLD_WITHIN_MS)
