/**
 * Sums of usage by bucket and group, read where they are cheapest: folded spans, the longest that fit, and record by record
 * what no fold has seen yet. One statement, so one snapshot: a report is exact and current.
 */
import { type RawBuilder, sql } from 'kysely'
import type { ReportGroup } from '../contract/reports.ts'
import { firstFrom, partedBy, planOf, type Segment, type Span } from '../core/report-plan.ts'
import { type FoldedSpan, SPAN_MS, type SpanName, spanStart } from '../core/report-spans.ts'
import { type Projection, projectionFor } from './projections.ts'
import {
  addSums,
  detailsJoin,
  type Folded,
  isFolded,
  NARROW,
  type Narrow,
  recordSums,
  recordValue,
  SUMMED,
  type Sums,
  sumColumn,
  sumsOf,
  wideSumColumn,
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
  const projection = projectionFor(dimension, narrowColumns(query))
  for (let look = 0; look < LOOKS; look++) {
    const plan = await plannedFor(store, query, projection)
    const summed = await summedBy(store, query, dimension, plan)
    if (summed) return summed
  }
  throw new Error('the folds of a report moved with every look')
}

const foldedFilters = ({ folded }: SumQuery): Folded[] => Object.keys(folded) as Folded[]

const narrowColumns = ({ groupBy, narrow }: SumQuery): Narrow[] =>
  NARROW.filter((column) => groupBy.includes(column) || narrow[column] !== undefined)

const rangeOf = ({ buckets }: SumQuery): Span => ({ start: buckets[0]?.start ?? 0, end: buckets.at(-1)?.end ?? 0 })

type Planned = {
  readonly projection: Projection
  readonly spans: ReadonlyMap<SpanName, readonly Segment[]>
  /** Quarter hours that no longer span could be had for. */
  readonly rest: readonly Segment[]
  /** Quarter hours with records that no fold has seen, in their order. */
  readonly unfolded: readonly number[]
}

/** Spans are taken to be folded until the database says that one is not. */
async function plannedFor(store: Store, query: SumQuery, projection: Projection): Promise<Planned> {
  const unfolded = await unfoldedIn(store, query)
  const [missing, now] = [new Set<string>(), store.now()]
  const isUsable = (name: SpanName, start: number): boolean => {
    if (name === 'quarter') return isUsable('hour', spanStart('hour', start))
    const past = start + SPAN_MS[name]
    return past <= now && !missing.has(`${name} ${start}`) && !((unfolded[firstFrom(unfolded, start)] ?? past) < past)
  }
  // Quarter hours by key, account, end user and tags are folded by themselves.
  const names = projection.spans.filter((name) => name !== 'quarter' || projection.folded === undefined)
  for (;;) {
    const plan = planOf(query.buckets, names, isUsable)
    const declared = declaredOf(plan.spans)
    const lacking = declared.length === 0 ? [] : await rowsOf<Lacking>(store, query, lackingOf(query, declared))
    if (lacking.length === 0) return { ...plan, projection, unfolded }
    for (const { span, start } of lacking) missing.add(`${span} ${start}`)
  }
}

async function unfoldedIn(store: Store, query: SumQuery): Promise<number[]> {
  const rows = await rowsOf<{ quarter: bigint }>(
    store,
    query,
    sql`SELECT quarter FROM quarters WHERE ${isUnfolded(query)} ORDER BY quarter`,
  )
  return rows.map(({ quarter }) => Number(quarter))
}

function isUnfolded(query: SumQuery) {
  const { start, end } = rangeOf(query)
  return sql`organisation_id = ${query.organisationId} AND quarter >= ${BigInt(start)} AND quarter < ${BigInt(end)} AND records <> folded`
}

type Lacking = { readonly span: string; readonly start: bigint }
type Declared = readonly [span: FoldedSpan, start: number]

/** The spans that have to be declared, one by one; a quarter hour is with its hour. */
function declaredOf(spans: Planned['spans']): Declared[] {
  const found: Declared[] = []
  for (const [name, segments] of spans) {
    const span = name === 'quarter' ? 'hour' : name
    let last = -1
    for (const { start, end } of segments)
      for (let at = spanStart(span, start); at < end; at += SPAN_MS[span]) {
        if (at !== last) found.push([span, at])
        last = at
      }
  }
  return found
}

/** Those that are not declared; one without any record never is. */
const lackingOf = ({ organisationId }: SumQuery, declared: readonly Declared[]) =>
  sql`SELECT w.column1 AS span, w.column2 AS start FROM (VALUES ${sql.raw(
    declared.map(([span, start]) => `('${span}', ${start}, ${start + SPAN_MS[span]})`).join(', '),
  )}) AS w
    WHERE NOT EXISTS (SELECT 1 FROM folded_spans AS f WHERE f.organisation_id = ${organisationId} AND f.span = w.column1
      AND f.start = w.column2 AND f.records >= 0)
    AND EXISTS (SELECT 1 FROM quarters AS q WHERE q.organisation_id = ${organisationId} AND q.quarter >= w.column2
      AND q.quarter < w.column3)`

/** Undefined: what was planned as folded is not any more. */
async function summedBy(
  store: Store,
  query: SumQuery,
  dimension: Folded | undefined,
  plan: Planned,
): Promise<Summed | undefined> {
  const parts = [
    ...[...plan.spans].flatMap(([name, segments]) =>
      segments.length > 0 ? [foldedPart(store, query, plan.projection, name, segments)] : [],
    ),
    ...restParts(store, query, dimension, plan),
  ]
  const { rows, stale, tooMany } = await gathered(store, query, parts, changedSince(query, plan))
  if (stale) return undefined
  if (tooMany) return tooMany
  return { rows: await merged(store, query, rows) }
}

/** The ledger's own sums are always current; what is folded from records may not have seen the last of them. */
function restParts(store: Store, query: SumQuery, dimension: Folded | undefined, { rest, unfolded }: Planned): Part[] {
  if (rest.length === 0) return []
  if (dimension === undefined) return [narrowPart(store, query, rest)]
  const { same, other } = partedBy(unfolded, rest)
  return [
    ...(same.length > 0 ? [foldedPart(store, query, { name: dimension, folded: dimension }, 'quarter', same)] : []),
    ...(other.length > 0 ? [recordPart(store, query, [dimension], other)] : []),
  ]
}

/** How much of what was planned as folded has changed; 0: nothing. */
function changedSince(query: SumQuery, { spans, rest, unfolded, projection }: Planned) {
  const declared = declaredOf(spans)
  const lacking = declared.length === 0 ? sql`0` : sql`(SELECT COUNT(*) FROM (${lackingOf(query, declared)}) AS l)`
  if (declared.length === 0 && (projection.folded === undefined || rest.length === 0)) return lacking
  const isKnown = unfolded.length === 0 ? sql`1 = 1` : sql`quarter NOT IN (${sql.raw(unfolded.join(', '))})`
  return sql`${lacking} + (SELECT COUNT(*) FROM quarters WHERE ${isUnfolded(query)} AND ${isKnown})`
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
  const statement = (sums: RawBuilder<unknown>) =>
    sql`WITH r AS (${sql.join(parts, sql` UNION ALL `)}), changed AS (SELECT ${changed} AS stale)
      SELECT changed.stale, sums.* FROM changed LEFT JOIN (
        SELECT ${columns}, ${sums} FROM r GROUP BY ${columns} LIMIT ${most.rows + 1}) AS sums ON 1 = 1`
  const read = (sums: RawBuilder<unknown>) => rowsOf<Record<string, unknown>>(store, query, statement(sums))
  const rows = await read(sumColumn()).catch((error: unknown) => {
    if (!(error instanceof Error && error.message.includes('integer overflow'))) throw error
    return read(wideSumColumn())
  })
  const stale = rows.some((row) => row.stale !== 0n)
  const found = rows.filter(({ bucket }) => bucket !== null)
  if (found.length > most.rows) return { rows: [], stale, tooMany: { tooMany: 'rows', count: found.length } }
  return { rows: found, stale }
}

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

function narrowPart(store: Store, query: SumQuery, segments: readonly Segment[]): Part {
  const keys = keysOf(query, 'c', 1, () => EMPTY)
  const within = sql`c.organisation_id = ${query.organisationId} AND c.quarter >= s.first AND c.quarter < s.past`
  const { from, where } = joined(store, segments, ['rollups', 'c'], within)
  return sql`SELECT ${keys}, ${KEPT} FROM ${from} WHERE ${where} ${narrowWhere(query, 'c')}`
}

function foldedPart(
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
function recordPart(store: Store, query: SumQuery, dimensions: readonly Folded[], segments: readonly Segment[]): Part {
  const named = dimensions.flatMap((dimension) => {
    const filter = query.folded[dimension]
    return filter ? [sql`AND ${recordMatches(store, dimension, filter)}`] : []
  })
  const within = sql`u.organisation_id = ${query.organisationId} AND u.occurred_at >= s.first AND u.occurred_at < s.past`
  const { from, where } = joined(store, segments, ['usage_records', 'u'], within)
  return sql`SELECT ${keysOf(query, 'u', 0, recordValue)}, u.status, ${recordSums()} FROM ${from} ${detailsJoin(dimensions)}
    WHERE ${where} ${sql.join(named, sql` `)} ${narrowWhere(query, 'u')}`
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
  const isOneSource = rows.every(({ source }) => source === rows[0]?.source)
  const found = rows.map((row): SumRow => {
    const key = groupBy.map((group, index) => {
      const value = String(row[`key${index}`] ?? '')
      if (!isPersonal[index] || value === '') return value
      if (row.source === 1n) return labels.get(value) ?? ''
      return group === 'tag' ? tagText(value) : value
    })
    return { bucket: Number(row.bucket), key, sums: sumsOf(String(row.sums)) }
  })
  return isOneSource && !isPersonal.includes(true) ? found : joinedRows(found)
}

/** Rows that say the same, as one. */
function joinedRows(rows: readonly SumRow[]): SumRow[] {
  const sums = new Map<string, SumRow>()
  for (const row of rows) {
    const name = JSON.stringify([row.bucket, ...row.key])
    const known = sums.get(name)
    sums.set(name, known ? { ...row, sums: addSums(known.sums, row.sums) } : row)
  }
  return [...sums.values()]
}

const rowsOf = <Row>(
  store: Store,
  { withinMs }: Pick<SumQuery, 'withinMs'>,
  query: RawBuilder<unknown>,
): Promise<Row[]> => store.scan({ compile: () => (query as RawBuilder<Row>).compile(store.sql) }, withinMs)
