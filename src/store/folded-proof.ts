/** Proves folded sums: of every span that is declared, each dimension comes to what the ledger's own sums come to. */

import { type RawBuilder, sql } from 'kysely'
import { FOLDED_SPANS, SPAN_MS, type SpanName, spanStart } from '../core/report-spans.ts'
import { DAY_MS } from '../lib/clock.ts'
import { isAround } from './folding.ts'
import { PROJECTIONS } from './projections.ts'
import type { Store } from './store.ts'
import type { Cell } from './table.ts'

type Reader = Pick<Store, 'sql' | 'rows'>

/** A sum over the rows of one dimension in one span. */
export type Misfolded = {
  readonly row: Readonly<Record<'organisation_id' | 'dimension' | 'span' | 'start', Cell>>
  readonly column: string
  readonly stored: bigint
  readonly computed: bigint
}

export async function misfolded(store: Reader): Promise<Misfolded[]> {
  const ends = sql<{
    first: bigint | null
    last: bigint | null
  }>`SELECT MIN(quarter) AS first, MAX(quarter) AS last FROM quarters`
  const [{ first = null, last = null } = {}] = await store.rows({ compile: () => ends.compile(store.sql) })
  const found: Misfolded[] = []
  if (first === null || last === null) return found
  for (const span of ['quarter', ...FOLDED_SPANS] as const)
    for (let from = BigInt(spanStart(span, Number(first))); from <= last; from += AT_A_TIME)
      for (const proof of proofsOf(span, from))
        found.push(...(await store.rows({ compile: () => proof.compile(store.sql) })).flatMap(differencesIn))
  return found
}

/** Reads stay short, however long the history is; so long is the longest span. */
const AT_A_TIME = BigInt(64 * DAY_MS)

/** Quarter hours are declared by themselves, where they are folded from records, or with their hour. */
function proofsOf(span: SpanName, from: bigint): RawBuilder<ProofRow>[] {
  const past = from + AT_A_TIME
  const isCurrent = (table: string, start: string, length: number) =>
    sql.raw(`NOT EXISTS (SELECT 1 FROM quarters AS q WHERE q.organisation_id = ${table}.organisation_id
      AND q.quarter >= ${start} AND q.quarter < ${start} + ${length} AND q.records <> q.folded)`)
  const spans = (name: SpanName) =>
    sql`SELECT f.organisation_id, f.start FROM folded_spans AS f WHERE f.records >= 0 AND f.span = ${sql.raw(`'${name}'`)}
      AND f.start >= ${from} AND f.start < ${past} AND ${isCurrent('f', 'f.start', SPAN_MS[name])}`
  if (span !== 'quarter')
    return [
      declared(
        span,
        spans(span),
        PROJECTIONS.filter((each) => each.spans.includes(span)),
      ),
    ]
  const folded = sql`SELECT organisation_id, quarter AS start FROM quarters
    WHERE records = folded AND quarter >= ${from} AND quarter < ${past}`
  const withHours = sql`SELECT p.organisation_id, p.quarter AS start FROM quarters AS p JOIN (${spans('hour')}) AS h
    ON h.organisation_id = p.organisation_id AND h.start = p.quarter - p.quarter % ${sql.raw(String(SPAN_MS.hour))}`
  const own = PROJECTIONS.filter(({ spans }) => spans.includes('quarter'))
  return [
    declared(
      span,
      folded,
      own.filter((each) => each.folded !== undefined),
    ),
    declared(
      span,
      withHours,
      own.filter((each) => each.folded === undefined),
    ),
  ]
}

const differencesIn = ({ organisation_id = null, dimension = null, span = null, start = null, ...sums }: ProofRow) =>
  CHECKED.flatMap((column) => {
    const [stored, computed] = [BigInt(sums[`folded_${column}`] ?? 0), BigInt(sums[`kept_${column}`] ?? 0)]
    return stored === computed ? [] : [{ row: { organisation_id, dimension, span, start }, column, stored, computed }]
  })

type ProofRow = Readonly<Record<string, Cell>>

const CHECKED = [
  'charge_nanos',
  'cost_nanos',
  'requests',
  'input_tokens',
  'output_tokens',
  'cache_saving_nanos',
] as const

function declared(
  span: SpanName,
  spans: RawBuilder<unknown>,
  projections: readonly { readonly name: string }[],
): RawBuilder<ProofRow> {
  const dimensions = sql.join(projections.map(({ name }) => sql.raw(`('${name}')`)))
  const sums = (table: string) =>
    sql.join(CHECKED.map((column) => sql`COALESCE(SUM(${sql.ref(`${table}.${column}`)}), 0) AS ${sql.ref(column)}`))
  const shown = CHECKED.flatMap((column) => [
    sql`CAST(COALESCE(f.${sql.ref(column)}, 0) AS TEXT) AS ${sql.ref(`folded_${column}`)}`,
    sql`CAST(COALESCE(k.${sql.ref(column)}, 0) AS TEXT) AS ${sql.ref(`kept_${column}`)}`,
  ])
  const differs = CHECKED.map((column) => sql`COALESCE(f.${sql.ref(column)}, 0) <> COALESCE(k.${sql.ref(column)}, 0)`)
  return sql<ProofRow>`WITH s AS MATERIALIZED (${spans}), d AS (SELECT column1 AS dimension FROM (VALUES ${dimensions}) AS v),
    k AS (SELECT s.organisation_id, s.start, ${sums('r')} FROM s CROSS JOIN rollups AS r WHERE r.organisation_id = s.organisation_id
      AND r.quarter >= s.start AND r.quarter < s.start + ${sql.raw(String(SPAN_MS[span]))} GROUP BY s.organisation_id, s.start),
    f AS (SELECT s.organisation_id, s.start, d.dimension, ${sums('c')} FROM s CROSS JOIN d CROSS JOIN folded_rollups AS c
      WHERE c.organisation_id = s.organisation_id AND c.dimension = d.dimension AND c.span = ${sql.raw(`'${span}'`)}
      AND c.start = s.start GROUP BY s.organisation_id, s.start, d.dimension)
    SELECT s.organisation_id, d.dimension, CAST(${sql.raw(`'${span}'`)} AS TEXT) AS span, s.start, ${sql.join(shown)}
    FROM s CROSS JOIN d LEFT JOIN k ON k.organisation_id = s.organisation_id AND k.start = s.start
    LEFT JOIN f ON f.organisation_id = s.organisation_id AND f.start = s.start AND f.dimension = d.dimension
    WHERE ${sql.join(differs, sql` OR `)}`
}

/** The spans are declared no more, so that reports read the records until the job has folded them again. */
export async function foldAnew(
  store: Pick<Store, 'sql' | 'write'>,
  spans: readonly Readonly<Record<string, Cell>>[],
  /** Of quarter hours before this the records are gone: they are not folded anew. */
  kept = 0n,
): Promise<void> {
  if (spans.length === 0) return
  await store.write(
    spans.flatMap(({ organisation_id, start }) => {
      const [organisation, from] = [BigInt(organisation_id ?? 0), BigInt(start ?? 0)]
      const around = sql`DELETE FROM folded_spans WHERE ${isAround(organisation, Number(from))}`
      return [
        store.sql
          .updateTable('quarters')
          .set({ folded: -1n })
          .where('organisation_id', '=', organisation)
          .where('quarter', '=', from)
          .where('quarter', '>=', kept),
        { compile: () => around.compile(store.sql) },
      ]
    }),
  )
}
