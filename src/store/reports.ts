/**
 * Sums of usage by bucket and group, read where they are cheapest: folded days, folded quarter hours, and record by record
 * what no fold has seen yet. One statement, so one snapshot: a report is exact and current.
 */
import { type RawBuilder, sql } from 'kysely'
import type { ReportGroup } from '../contract/reports.ts'
import { type Plan, planOf, type Segment, type Span } from '../core/report-plan.ts'
import {
  addSums,
  detailsJoin,
  type Folded,
  isFolded,
  NARROW,
  type Narrow,
  recordSums,
  recordValue,
  type Sums,
  sumColumns,
  sumsOf,
} from './report-columns.ts'
import { labelsOf, recordMatches, tagText, type ValueFilter } from './report-values.ts'
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

export type SumRow = {
  /** Its place in the list. */
  readonly bucket: number
  /** In the order of `groupBy`: numbers of keys and accounts as text, tags as JSON; empty where there is none. */
  readonly key: readonly string[]
  readonly sums: Sums
}

export type Summed =
  | { readonly rows: readonly SumRow[] }
  | { readonly tooMany: 'records' | 'rows'; readonly count: number }

/** A fold that ends between two looks makes a third one necessary; folds end once a quarter hour. */
const LOOKS = 8

/** Throws `StoreTooSlow` where it takes longer than it may. */
export async function usageSumsBy(store: Store, query: SumQuery): Promise<Summed> {
  const dimensions = [...new Set([...query.groupBy.filter(isFolded), ...foldedFilters(query)])]
  const [dimension] = dimensions
  if (dimensions.length > 1) return summedByRecord(store, query, dimensions)
  for (let look = 0; look < LOOKS; look++) {
    const state = await foldStateOf(store, query, dimension)
    const plan = planOf(query.buckets, state.days, state.unfolded)
    const summed = await summedBy(store, query, dimension, plan, state)
    if (summed) return summed
  }
  throw new Error('the folds of a report moved with every look')
}

const foldedFilters = ({ folded }: SumQuery): Folded[] => Object.keys(folded) as Folded[]

const rangeOf = ({ buckets }: SumQuery): Span => ({ start: buckets[0]?.start ?? 0, end: buckets.at(-1)?.end ?? 0 })

type FoldState = { readonly days: ReadonlySet<number>; readonly unfolded: ReadonlySet<number> }

const DAY = sql.raw('86400000')

/** Which days and which quarter hours of the range are folded as they are now. The narrow sums of a quarter always are. */
async function foldStateOf(store: Store, query: SumQuery, dimension: Folded | undefined): Promise<FoldState> {
  const { organisationId } = query
  const { start, end } = rangeOf(query)
  const [days, unfolded] = await Promise.all([
    rowsOf<{ day: bigint }>(
      store,
      query,
      sql`SELECT day FROM folded_days AS f WHERE organisation_id = ${organisationId} AND ${isCurrentDay(start, end)}`,
    ),
    dimension === undefined
      ? []
      : rowsOf<{ quarter: bigint }>(
          store,
          query,
          sql`SELECT quarter FROM quarters WHERE ${isUnfolded(organisationId, start, end)}`,
        ),
  ])
  return {
    days: new Set(days.map(({ day }) => Number(day))),
    unfolded: new Set(unfolded.map(({ quarter }) => Number(quarter))),
  }
}

const isUnfolded = (organisationId: bigint, start: number, end: number) =>
  sql`organisation_id = ${organisationId} AND quarter >= ${BigInt(start)} AND quarter < ${BigInt(end)} AND records <> folded`

/** Folded to its end, and no quarter hour of it has changed since. */
const isCurrentDay = (start: number, end: number) =>
  sql`f.day >= ${BigInt(start)} AND f.day < ${BigInt(end)} AND f.records >= 0 AND NOT EXISTS (
    SELECT 1 FROM quarters AS q WHERE q.organisation_id = f.organisation_id AND q.quarter >= f.day AND q.quarter < f.day + ${DAY} AND q.records <> q.folded)`

/** Undefined: what was planned as folded is not any more. */
async function summedBy(
  store: Store,
  query: SumQuery,
  dimension: Folded | undefined,
  plan: Plan,
  state: FoldState,
): Promise<Summed | undefined> {
  const parts = [
    ...(plan.days.length > 0 ? [foldedPart(query, dimension, 'day', plan.days)] : []),
    ...(plan.quarters.length > 0
      ? [
          dimension === undefined
            ? narrowPart(query, plan.quarters)
            : foldedPart(query, dimension, 'quarter', plan.quarters),
        ]
      : []),
    ...(plan.records.length > 0 && dimension ? [recordPart(store, query, [dimension], plan.records)] : []),
  ]
  const { rows, stale, tooMany } = await gathered(store, query, parts, changedSince(query, dimension, plan, state))
  if (stale) return undefined
  if (tooMany) return tooMany
  return { rows: await merged(store, query, rows) }
}

/** How much of what was planned as folded has changed; 0: nothing. */
function changedSince(query: SumQuery, dimension: Folded | undefined, plan: Plan, state: FoldState) {
  const { organisationId } = query
  const { start, end } = rangeOf(query)
  const planned = [...state.unfolded]
  const isKnown = planned.length === 0 ? sql`1 = 1` : sql`quarter NOT IN (${sql.raw(planned.join(', '))})`
  const quarters =
    dimension === undefined
      ? sql`0`
      : sql`(SELECT COUNT(*) FROM quarters WHERE ${isUnfolded(organisationId, start, end)} AND ${isKnown})`
  if (plan.days.length === 0) return quarters
  const days = plan.days.flatMap((segment) => daysOf(segment))
  const current = sql`(SELECT COUNT(*) FROM folded_days AS f WHERE f.organisation_id = ${organisationId}
    AND f.day IN (${sql.raw(days.join(', '))}) AND ${isCurrentDay(start, end)})`
  return sql`${quarters} + ${sql.raw(String(new Set(days).size))} - ${current}`
}

function daysOf({ start, end }: Segment): number[] {
  return Array.from({ length: (end - start) / 86_400_000 }, (_, index) => start + index * 86_400_000)
}

async function summedByRecord(store: Store, query: SumQuery, dimensions: readonly Folded[]): Promise<Summed> {
  const { organisationId, most, buckets } = query
  const { start, end } = rangeOf(query)
  const [found] = await rowsOf<{ count: string }>(
    store,
    query,
    sql`SELECT CAST(COALESCE(SUM(records), 0) AS TEXT) AS count FROM quarters
      WHERE organisation_id = ${organisationId} AND quarter >= ${BigInt(start)} AND quarter < ${BigInt(end)}`,
  )
  const count = Number(found?.count ?? 0)
  if (count > most.records) return { tooMany: 'records', count }
  const segments = buckets.map((span, bucket) => ({ ...span, bucket }))
  const parts = [recordPart(store, query, dimensions, segments)]
  const { rows, tooMany } = await gathered(store, query, parts, sql`0`)
  return tooMany ?? { rows: await merged(store, query, rows) }
}

type Part = RawBuilder<unknown>
type Gathered = {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly stale: boolean
  readonly tooMany?: Summed
}

async function gathered(
  store: Store,
  query: SumQuery,
  parts: readonly Part[],
  changed: RawBuilder<unknown>,
): Promise<Gathered> {
  const { most } = query
  const keys = query.groupBy.map((_, index) => sql.ref(`key${index}`))
  const columns = sql.join([sql.ref('bucket'), ...keys, sql.ref('source')])
  const rows = await rowsOf<Record<string, unknown>>(
    store,
    query,
    sql`WITH r AS (${sql.join(parts, sql` UNION ALL `)}), changed AS (SELECT ${changed} AS stale)
      SELECT changed.stale, sums.* FROM changed LEFT JOIN (
        SELECT ${columns}, ${sumColumns()} FROM r GROUP BY ${columns} LIMIT ${most.rows + 1}) AS sums ON 1 = 1`,
  )
  const stale = rows.some((row) => row.stale !== 0n)
  const found = rows.filter(({ bucket }) => bucket !== null)
  if (found.length > most.rows) return { rows: [], stale, tooMany: { tooMany: 'rows', count: found.length } }
  return { rows: found, stale }
}

/** The spans as rows, in the number of their bucket. */
const spans = (segments: readonly Segment[]) =>
  sql`(VALUES ${sql.raw(segments.map(({ bucket, start, end }) => `(${bucket}, CAST(${start} AS bigint), CAST(${end} AS bigint))`).join(', '))})`

/** In this order, so that each span looks into the index for itself. */
const joined = (segments: readonly Segment[], table: RawBuilder<unknown>) =>
  sql`(SELECT column1 AS bucket, column2 AS first, column3 AS past FROM ${spans(segments)} AS v) AS s CROSS JOIN ${table}`

const SUMMED = [
  ...(['requests', 'input_tokens', 'cached_tokens', 'output_tokens', 'reasoning_tokens', 'cost_nanos'] as const),
  ...(['charge_nanos', 'cache_saving_nanos', 'byok_cost_nanos', 'unpriced', 'estimated', 'no_usage'] as const),
]
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

function narrowPart(query: SumQuery, segments: readonly Segment[]): Part {
  const keys = keysOf(query, 'c', 1, () => EMPTY)
  return sql`SELECT ${keys}, ${KEPT} FROM ${joined(segments, sql`rollups AS c`)}
    WHERE c.organisation_id = ${query.organisationId} AND c.quarter >= s.first AND c.quarter < s.past ${narrowWhere(query, 'c')}`
}

function foldedPart(
  query: SumQuery,
  dimension: Folded | undefined,
  span: 'day' | 'quarter',
  segments: readonly Segment[],
): Part {
  const filter = dimension && query.folded[dimension]
  const values = filter ? sql`AND ${amongst(sql`c.value`, filter.folded)}` : EMPTY
  const keys = keysOf(query, 'c', 1, () => sql`c.value`)
  return sql`SELECT ${keys}, ${KEPT} FROM ${joined(segments, sql`folded_rollups AS c`)}
    WHERE c.organisation_id = ${query.organisationId} AND c.dimension = ${dimension ?? 'all'} AND c.span = ${span}
    AND c.start >= s.first AND c.start < s.past ${values} ${narrowWhere(query, 'c')}`
}

/** Record by record. */
function recordPart(store: Store, query: SumQuery, dimensions: readonly Folded[], segments: readonly Segment[]): Part {
  const named = dimensions.flatMap((dimension) => {
    const filter = query.folded[dimension]
    return filter ? [sql`AND ${recordMatches(store, dimension, filter)}`] : []
  })
  return sql`SELECT ${keysOf(query, 'u', 0, recordValue)}, u.status, ${recordSums()}
    FROM ${joined(segments, sql`usage_records AS u`)} ${detailsJoin(dimensions)}
    WHERE u.organisation_id = ${query.organisationId} AND u.occurred_at >= s.first AND u.occurred_at < s.past
    ${sql.join(named, sql` `)} ${narrowWhere(query, 'u')}`
}

/** Personal values become text again, and rows that then say the same become one. */
async function merged(store: Store, { organisationId, groupBy }: SumQuery, rows: Gathered['rows']): Promise<SumRow[]> {
  const isPersonal = groupBy.map((group) => group === 'end_user' || group === 'tag')
  const labels = await labelsOf(
    store,
    organisationId,
    rows.flatMap((row) =>
      row.source === 1n ? groupBy.flatMap((_, index) => (isPersonal[index] ? [String(row[`key${index}`])] : [])) : [],
    ),
  )
  const sums = new Map<string, SumRow>()
  for (const row of rows) {
    const key = groupBy.map((group, index) => {
      const value = String(row[`key${index}`] ?? '')
      if (!isPersonal[index] || value === '') return value
      if (row.source === 1n) return labels.get(value) ?? ''
      return group === 'tag' ? tagText(value) : value
    })
    const bucket = Number(row.bucket)
    const name = JSON.stringify([bucket, ...key])
    const known = sums.get(name)
    sums.set(name, { bucket, key, sums: known ? addSums(known.sums, sumsOf(row)) : sumsOf(row) })
  }
  return [...sums.values()]
}

const rowsOf = <Row>(
  store: Store,
  { withinMs }: Pick<SumQuery, 'withinMs'>,
  query: RawBuilder<unknown>,
): Promise<Row[]> => store.scan({ compile: () => (query as RawBuilder<Row>).compile(store.sql) }, withinMs)
