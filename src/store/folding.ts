/**
 * Folds the records of a quarter hour into sums by API key, account, end user and tags, and those, with the ledger's own
 * sums, into longer spans, each from the next shorter. A span is claimed, emptied, filled page by page and only then
 * declared folded, with the number of records that went in. Whoever stops on the way leaves a span that is not declared,
 * and reports go on reading what it would have been made of.
 */
import { type RawBuilder, sql } from 'kysely'
import { FOLDED_SPANS, type FoldedSpan, SPAN_MS, type SpanName, spanStart } from '../core/report-spans.ts'
import { QUARTER_MS } from '../core/usage-sums.ts'
import { keptFrom } from './carried-sums.ts'
import { emptied, type FoldedRow, fill, foldedValue, keepLabels, query, read } from './folded-rows.ts'
import { PROJECTIONS, type Projection, projected } from './projections.ts'
import { detailsJoin, FOLDED, type Folded, recordSums, recordValue, SUMMED } from './report-columns.ts'
import type { HashDetails } from './report-values.ts'
import type { Store } from './store.ts'

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

/** Spans that are over, whose records are all folded into the next shorter ones, and which are not folded themselves. */
export async function unfoldedSpans(store: Store, span: FoldedSpan, at: number, limit: number): Promise<Unfolded[]> {
  const length = sql.raw(String(SPAN_MS[span]))
  const below = FOLDED_SPANS[FOLDED_SPANS.indexOf(span) - 1]
  const parts = below
    ? sql`(SELECT organisation_id, start, records FROM folded_spans WHERE span = ${below} AND records >= 0)`
    : sql`(SELECT organisation_id, quarter AS start, records FROM quarters WHERE records = folded)`
  const rows = await read<{ organisation_id: bigint; start: bigint }>(
    store,
    sql`SELECT s.organisation_id, s.start FROM (
        SELECT p.organisation_id, p.start - p.start % ${length} AS start, SUM(p.records) AS records FROM ${parts} AS p
        WHERE p.start < ${BigInt(spanStart(span, at))} GROUP BY 1, 2) AS s
      WHERE NOT EXISTS (SELECT 1 FROM folded_spans AS f WHERE f.organisation_id = s.organisation_id AND f.span = ${span}
        AND f.start = s.start AND f.records >= 0)
      AND s.records = (SELECT SUM(q.records) FROM quarters AS q WHERE q.organisation_id = s.organisation_id
        AND q.quarter >= s.start AND q.quarter < s.start + ${length})
      ORDER BY s.start DESC LIMIT ${limit}`,
  )
  return rows.map((row) => ({ organisationId: row.organisation_id, start: Number(row.start) }))
}

/** Whether the quarter hour is folded now: not, if records came meanwhile or another process claimed it too. */
export async function foldQuarter(store: Store, hash: HashDetails, unfolded: Unfolded): Promise<boolean> {
  const { organisationId, start } = unfolded
  const token = claimToken(store)
  const own = sql`organisation_id = ${organisationId} AND quarter = ${BigInt(start)}`
  const claimed = sql`EXISTS (SELECT 1 FROM quarters WHERE ${own} AND folded = ${token})`
  await store.write([
    query(store, sql`UPDATE quarters SET folded = ${token} WHERE ${own} AND records <> folded`),
    query(store, sql`DELETE FROM folded_spans WHERE ${isAround(organisationId, start)} AND ${claimed}`),
    emptied(
      store,
      organisationId,
      FOLDED.map((dimension) => ({ dimension, span: 'quarter', start })),
      claimed,
    ),
  ])
  const count = () => countedIn(store, organisationId, start, start + QUARTER_MS)
  const before = await count()
  const spans = { first: BigInt(start), past: BigInt(start + QUARTER_MS) }
  const filling: FoldedRow[] = []
  for (const dimension of FOLDED) {
    const rows = await read<FoldedRow>(store, recordsBy(organisationId, dimension, spans))
    await keepLabels(store, hash, organisationId, dimension, rows)
    const place = { dimension, span: 'quarter', start: BigInt(start) }
    for (const row of rows) filling.push({ ...row, ...place, value: foldedValue(hash, organisationId, dimension, row) })
  }
  const lock = query(store, sql`UPDATE quarters SET folded = ${token} WHERE ${own} AND folded = ${token}`)
  await fill(store, organisationId, filling, { lock, claimed })
  // Nothing is ever taken away from the records, so the same number before and after is the same set throughout.
  if ((await count()) !== before) return false
  const [changed] = await store.write([
    query(store, sql`UPDATE quarters SET folded = ${before} WHERE ${own} AND folded = ${token}`),
  ])
  return changed === 1
}

/** Every longer span that a quarter hour lies in. */
export const isAround = (organisationId: bigint, quarter: number) =>
  sql`organisation_id = ${organisationId} AND (${sql.join(
    FOLDED_SPANS.map((span) => sql`span = ${span} AND start = ${BigInt(spanStart(span, quarter))}`),
    sql` OR `,
  )})`

/** Whether the span is folded now. */
export async function foldSpan(store: Store, span: FoldedSpan, unfolded: Unfolded): Promise<boolean> {
  const { organisationId, start } = unfolded
  const [token, past] = [claimToken(store), start + SPAN_MS[span]]
  const own = sql`organisation_id = ${organisationId} AND span = ${span} AND start = ${BigInt(start)}`
  const claimed = sql`EXISTS (SELECT 1 FROM folded_spans WHERE ${own} AND records = ${token})`
  const sources = sourcesOf(span, start)
  await store.write([
    query(
      store,
      sql`INSERT INTO folded_spans (organisation_id, span, start, records) VALUES (${organisationId}, ${span}, ${BigInt(start)}, ${token})
        ON CONFLICT (organisation_id, span, start) DO UPDATE SET records = excluded.records WHERE folded_spans.records < 0`,
    ),
    emptied(
      store,
      organisationId,
      sources.map(({ projection, ...place }) => ({ ...place, dimension: projection.name })),
      claimed,
    ),
  ])
  const whole = isWhole(organisationId, span, start)
  // Whatever changes from here on takes the claim away.
  const [found] = await read<{ records: string }>(
    store,
    sql`SELECT CAST(SUM(records) AS TEXT) AS records FROM quarters WHERE organisation_id = ${organisationId}
      AND quarter >= ${BigInt(start)} AND quarter < ${BigInt(past)} HAVING ${whole}`,
  )
  if (!found) return false
  const records = BigInt(found.records)
  const lock = query(store, sql`UPDATE folded_spans SET records = ${token} WHERE ${own} AND records = ${token}`)
  const filling: FoldedRow[] = []
  for (const some of readTogether(sources))
    filling.push(
      ...(await read<FoldedRow>(
        store,
        sql.join(
          some.map((each) => rowsFrom(organisationId, each)),
          sql` UNION ALL `,
        ),
      )),
    )
  await fill(store, organisationId, filling, { lock, claimed })
  if ((await countedIn(store, organisationId, start, past)) !== records) return false
  const [changed] = await store.write([
    query(store, sql`UPDATE folded_spans SET records = ${records} WHERE ${own} AND records = ${token} AND ${whole}`),
  ])
  return changed === 1
}

/** All that the span is made of is folded, to the last record. */
function isWhole(organisationId: bigint, span: FoldedSpan, start: number): RawBuilder<unknown> {
  const within = (column: string) =>
    sql`organisation_id = ${organisationId} AND ${sql.ref(column)} >= ${BigInt(start)} AND ${sql.ref(column)} < ${BigInt(start + SPAN_MS[span])}`
  const quarters = sql`NOT EXISTS (SELECT 1 FROM quarters WHERE ${within('quarter')} AND records <> folded)`
  const below = FOLDED_SPANS[FOLDED_SPANS.indexOf(span) - 1]
  if (!below) return quarters
  return sql`${quarters} AND (SELECT SUM(records) FROM quarters WHERE ${within('quarter')})
    = (SELECT SUM(records) FROM folded_spans WHERE ${within('start')} AND span = ${below} AND records >= 0)`
}

/** What is folded of a span, and from which rows. */
type Source = {
  readonly projection: Projection
  readonly span: SpanName
  readonly start: number
  /** Undefined: the ledger's own sums. */
  readonly from: { readonly dimension: string; readonly span: SpanName } | undefined
}

/** With an hour go its quarter hours, where a projection has any of its own beside those that are folded from records. */
const sourcesOf = (span: FoldedSpan, start: number): Source[] =>
  PROJECTIONS.filter(({ spans }) => spans.includes(span)).flatMap((projection): Source[] => {
    const { name, folded, spans } = projection
    const below = FOLDED_SPANS[FOLDED_SPANS.indexOf(span) - 1]
    if (below && spans.includes(below)) return [{ projection, span, start, from: { dimension: name, span: below } }]
    if (folded) return [{ projection, span, start, from: { dimension: folded, span: 'quarter' } }]
    const quarters = spans.includes('quarter') ? [0, 1, 2, 3].map((n) => start + n * QUARTER_MS) : []
    return [
      { projection, span, start, from: undefined },
      ...quarters.map((each) => ({ projection, span: 'quarter' as const, start: each, from: undefined })),
    ]
  })

/** Short ones in one read; of a day by key, account, end user or tags each by itself. */
function readTogether(sources: readonly Source[]): Source[][] {
  const [long, short] = [[] as Source[][], [] as Source[]]
  for (const source of sources)
    if (source.span === 'day' && source.from?.span === 'quarter') long.push([source])
    else short.push(source)
  return short.length > 0 ? [short, ...long] : long
}

function rowsFrom(organisationId: bigint, { projection, span, start, from }: Source) {
  const within = (column: string) =>
    sql`r.organisation_id = ${organisationId} AND r.${sql.ref(column)} >= ${BigInt(start)} AND r.${sql.ref(column)} < ${BigInt(start + SPAN_MS[span])}`
  const rows = from
    ? sql`folded_rollups AS r WHERE ${within('start')} AND r.dimension = ${from.dimension} AND r.span = ${from.span}`
    : sql`rollups AS r WHERE ${within('quarter')}`
  const place = sql`CAST(${projection.name} AS TEXT) AS dimension, CAST(${span} AS TEXT) AS span, CAST(${BigInt(start)} AS bigint) AS start`
  return sql`SELECT ${place}, ${projected(projection)}, ${sums()} FROM ${rows} GROUP BY 4, 5, 6, 7, 8`
}

/** Below 0, so that it is no number of records; the claims of two processes differ. */
const claimToken = ({ ids }: Store): bigint => -ids.next().id

const sums = (): RawBuilder<unknown> =>
  sql.join(SUMMED.map((column) => sql`CAST(SUM(r.${sql.ref(column)}) AS TEXT) AS ${sql.ref(column)}`))

const recordsBy = (organisationId: bigint, dimension: Folded, { first, past }: { first: bigint; past: bigint }) =>
  sql`SELECT r.value, r.model, r.provider, r.context, r.status, ${sums()} FROM (
    SELECT ${recordValue(dimension)} AS value, u.model, u.provider, u.context, u.status, ${recordSums()}
    FROM usage_records AS u ${detailsJoin([dimension])}
    WHERE u.organisation_id = ${organisationId} AND u.occurred_at >= ${first} AND u.occurred_at < ${past}) AS r
    GROUP BY r.value, r.model, r.provider, r.context, r.status`

async function countedIn(store: Store, organisationId: bigint, first: number, past: number): Promise<bigint> {
  const [row] = await read<{ records: string }>(
    store,
    sql`SELECT CAST(COALESCE(SUM(records), 0) AS TEXT) AS records FROM quarters WHERE organisation_id = ${organisationId}
      AND quarter >= ${BigInt(first)} AND quarter < ${BigInt(past)}`,
  )
  return BigInt(row?.records ?? 0)
}
