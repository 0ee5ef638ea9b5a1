/** What a report adds up, in the words of SQL: rows of folded spans, of the ledger's own sums, and of records one by one. */
import { type RawBuilder, sql } from 'kysely'
import type { ReportGroup } from '../contract/reports.ts'
import type { Segment, Span } from '../core/report-plan.ts'
import type { SpanName } from '../core/report-spans.ts'
import type { Projection } from './projections.ts'
import {
  detailsJoin,
  type Folded,
  isFolded,
  NARROW,
  type Narrow,
  recordSums,
  recordValue,
  SUMMED,
} from './report-columns.ts'
import { recordMatches, type ValueFilter } from './report-values.ts'
import type { Store } from './store.ts'

export type SumQuery = {
  readonly organisationId: bigint
  readonly buckets: readonly Span[]
  readonly groupBy: readonly ReportGroup[]
  /** Any of the values of each; what is not named is not asked for. */
  readonly narrow: Readonly<Partial<Record<Narrow, readonly string[]>>>
  readonly folded: Readonly<Partial<Record<Folded, ValueFilter>>>
  readonly withinMs: number
  /** More records than this are not summed one by one, more rows are not answered. */
  readonly most: { readonly records: number; readonly rows: number }
}

export type Part = RawBuilder<unknown>

/** The spans as rows, in the number of their bucket. */
const spans = (segments: readonly Segment[]) =>
  sql`(VALUES ${sql.raw(segments.map(({ bucket, start, end }) => `(${bucket}, ${start}, ${end})`).join(', '))})`

/**
 * Each span looks into the index for itself: SQLite keeps to the order of a cross join, PostgreSQL would rather read all
 * there is once, were the rows of a span not asked for behind a fence.
 */
export const joined = (
  store: Pick<Store, 'engine'>,
  segments: readonly Segment[],
  [name, as]: readonly [name: string, as: 'c' | 'u'],
  within: RawBuilder<unknown>,
) => {
  const [table, alias] = [sql.raw(`${name} AS ${as}`), sql.raw(as)]
  const each = sql`(SELECT column1 AS bucket, column2 AS first, column3 AS past FROM ${spans(segments)} AS v) AS s`
  return store.engine === 'sqlite'
    ? { from: sql`${each} CROSS JOIN ${table}`, where: within }
    : {
        from: sql`${each} CROSS JOIN LATERAL (SELECT * FROM ${table} WHERE ${within} OFFSET 0) AS ${alias}`,
        where: sql`1 = 1`,
      }
}

const KEPT = sql.raw(['c.status', ...SUMMED.map((column) => `c.${column}`)].join(', '))

/** The columns that are grouped by, and where a row says what its value means. */
function keysOf(
  { groupBy }: SumQuery,
  table: 'c' | 'u',
  source: 0 | 1,
  value: (dimension: Folded) => RawBuilder<unknown>,
) {
  const keys = groupBy.map((group, index) => {
    const own = isFolded(group) ? value(group) : sql.ref(`${table}.${group}`)
    return sql`${own} AS ${sql.ref(`key${index}`)}`
  })
  return sql.join([sql`s.bucket`, ...keys, sql.raw(`${source} AS source`)])
}

const narrowWhere = ({ narrow }: SumQuery, table: 'c' | 'u') =>
  sql.join(
    NARROW.flatMap((column) => {
      const values = narrow[column]
      return values === undefined ? [] : [sql`AND ${amongst(sql.ref(`${table}.${column}`), values)}`]
    }),
    sql` `,
  )

const amongst = (column: RawBuilder<unknown>, values: readonly (string | bigint)[]) =>
  values.length === 0 ? sql`1 = 0` : sql`${column} IN (${sql.join(values)})`

const EMPTY = sql``

export function narrowPart(store: Store, query: SumQuery, segments: readonly Segment[]): Part {
  const keys = keysOf(query, 'c', 1, () => EMPTY)
  const within = sql`c.organisation_id = ${query.organisationId} AND c.quarter >= s.first AND c.quarter < s.past`
  const { from, where } = joined(store, segments, ['rollups', 'c'], within)
  return sql`SELECT ${keys}, ${KEPT} FROM ${from} WHERE ${where} ${narrowWhere(query, 'c')}`
}

export function foldedPart(
  store: Store,
  query: SumQuery,
  { name, folded }: Pick<Projection, 'name' | 'folded'>,
  span: SpanName,
  segments: readonly Segment[],
): Part {
  const filter = folded && query.folded[folded]
  const values = filter ? sql`AND ${amongst(sql`c.value`, filter.folded)}` : EMPTY
  const keys = keysOf(query, 'c', 1, () => sql`c.value`)
  const within = sql`c.organisation_id = ${query.organisationId} AND c.dimension = ${name} AND c.span = ${span}
    AND c.start >= s.first AND c.start < s.past ${values} ${narrowWhere(query, 'c')}`
  const { from, where } = joined(store, segments, ['folded_rollups', 'c'], within)
  return sql`SELECT ${keys}, ${KEPT} FROM ${from} WHERE ${where}`
}

/** Record by record. */
export function recordPart(
  store: Store,
  query: SumQuery,
  dimensions: readonly Folded[],
  segments: readonly Segment[],
): Part {
  const named = dimensions.flatMap((dimension) => {
    const filter = query.folded[dimension]
    return filter ? [sql`AND ${recordMatches(store, dimension, filter)}`] : []
  })
  const within = sql`u.organisation_id = ${query.organisationId} AND u.occurred_at >= s.first AND u.occurred_at < s.past`
  const { from, where } = joined(store, segments, ['usage_records', 'u'], within)
  return sql`SELECT ${keysOf(query, 'u', 0, recordValue)}, u.status, ${recordSums()} FROM ${from} ${detailsJoin(dimensions)}
    WHERE ${where} ${sql.join(named, sql` `)} ${narrowWhere(query, 'u')}`
}

export const rowsOf = <Row>(
  store: Store,
  { withinMs }: Pick<SumQuery, 'withinMs'>,
  query: RawBuilder<unknown>,
): Promise<Row[]> => store.scan({ compile: () => (query as RawBuilder<Row>).compile(store.sql) }, withinMs)
