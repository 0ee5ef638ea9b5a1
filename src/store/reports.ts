/**
 * Sums of usage by bucket and group, read where they are cheapest: folded spans, the longest that fit, and record by record
 * what no fold has seen yet. One statement, so one snapshot: a report is exact and current.
 */
import { type RawBuilder, sql } from 'kysely'
import { partedBy } from '../core/report-plan.ts'
import { projectionFor } from './projections.ts'
import {
  addSums,
  type Folded,
  isFolded,
  NARROW,
  type Narrow,
  type Sums,
  sumColumn,
  sumsOf,
  wideSumColumn,
} from './report-columns.ts'
import { foldedPart, narrowPart, type Part, recordPart, rowsOf, type SumQuery } from './report-parts.ts'
import { changedSince, type Planned, plannedFor, rangeOf } from './report-planned.ts'
import { labelsOf, tagText } from './report-values.ts'
import type { Store } from './store.ts'

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
