/** Which spans a report may read folded: looked up before, and asked again in the statement that reads them. */
import { sql } from 'kysely'
import { firstFrom, planOf, type Segment, type Span } from '../core/report-plan.ts'
import { type FoldedSpan, SPAN_MS, type SpanName, spanStart } from '../core/report-spans.ts'
import type { Projection } from './projections.ts'
import { rowsOf, type SumQuery } from './report-parts.ts'
import type { Store } from './store.ts'

export const rangeOf = ({ buckets }: SumQuery): Span => ({
  start: buckets[0]?.start ?? 0,
  end: buckets.at(-1)?.end ?? 0,
})

export type Planned = {
  readonly projection: Projection
  readonly spans: ReadonlyMap<SpanName, readonly Segment[]>
  /** Quarter hours that no longer span could be had for. */
  readonly rest: readonly Segment[]
  /** Quarter hours with records that no fold has seen, in their order. */
  readonly unfolded: readonly number[]
}

/** Spans are taken to be folded until the database says that one is not. */
export async function plannedFor(store: Store, query: SumQuery, projection: Projection): Promise<Planned> {
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

/** How much of what was planned as folded has changed; 0: nothing. */
export function changedSince(query: SumQuery, { spans, rest, unfolded, projection }: Planned) {
  const declared = declaredOf(spans)
  const lacking = declared.length === 0 ? sql`0` : sql`(SELECT COUNT(*) FROM (${lackingOf(query, declared)}) AS l)`
  if (declared.length === 0 && (projection.folded === undefined || rest.length === 0)) return lacking
  const isKnown = unfolded.length === 0 ? sql`1 = 1` : sql`quarter NOT IN (${sql.raw(unfolded.join(', '))})`
  return sql`${lacking} + (SELECT COUNT(*) FROM quarters WHERE ${isUnfolded(query)} AND ${isKnown})`
}
