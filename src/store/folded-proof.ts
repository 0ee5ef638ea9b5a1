/** Proves folded sums: of every span that is declared, each dimension comes to what the ledger's own sums come to. */
import { type RawBuilder, sql } from 'kysely'
import { DAY_MS } from '../core/report-plan.ts'
import { QUARTER_MS } from '../core/usage-sums.ts'
import { FOLDED } from './report-columns.ts'
import type { Store } from './store.ts'
import type { Cell } from './tables.ts'

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
  for (let from = first - (first % BigInt(DAY_MS)); from <= last; from += AT_A_TIME)
    for (const proof of [quartersFrom(from), daysFrom(from)])
      found.push(...(await store.rows({ compile: () => proof.compile(store.sql) })).flatMap(differencesIn))
  return found
}

/** Reads stay short, however long the history is. */
const AT_A_TIME = BigInt(14 * DAY_MS)

const quartersFrom = (from: bigint) =>
  declared(
    'quarter',
    sql`SELECT organisation_id, quarter AS start FROM quarters
      WHERE records = folded AND quarter >= ${from} AND quarter < ${from + AT_A_TIME}`,
  )

const daysFrom = (from: bigint) =>
  declared(
    'day',
    sql`SELECT f.organisation_id, f.day AS start FROM folded_days AS f
      WHERE f.records >= 0 AND f.day >= ${from} AND f.day < ${from + AT_A_TIME} AND NOT EXISTS (
      SELECT 1 FROM quarters AS q WHERE q.organisation_id = f.organisation_id AND q.quarter >= f.day
      AND q.quarter < f.day + ${sql.raw(String(DAY_MS))} AND q.records <> q.folded)`,
  )

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

function declared(span: 'day' | 'quarter', spans: RawBuilder<unknown>): RawBuilder<ProofRow> {
  const dimensions = sql.join([...FOLDED, ...(span === 'day' ? ['all'] : [])].map((name) => sql.raw(`('${name}')`)))
  const length = sql.raw(String(span === 'day' ? DAY_MS : QUARTER_MS))
  const folded = (column: string) =>
    sql`(SELECT COALESCE(SUM(f.${sql.ref(column)}), 0) FROM folded_rollups AS f WHERE f.organisation_id = s.organisation_id
      AND f.dimension = d.column1 AND f.span = ${sql.raw(`'${span}'`)} AND f.start = s.start)`
  const kept = (column: string) =>
    sql`(SELECT COALESCE(SUM(r.${sql.ref(column)}), 0) FROM rollups AS r WHERE r.organisation_id = s.organisation_id
      AND r.quarter >= s.start AND r.quarter < s.start + ${length})`
  const sums = CHECKED.flatMap((column) => [
    sql`CAST(${folded(column)} AS TEXT) AS ${sql.ref(`folded_${column}`)}`,
    sql`CAST(${kept(column)} AS TEXT) AS ${sql.ref(`kept_${column}`)}`,
  ])
  const differs = CHECKED.map((column) => sql`${folded(column)} <> ${kept(column)}`)
  return sql<ProofRow>`SELECT s.organisation_id, d.column1 AS dimension, CAST(${sql.raw(`'${span}'`)} AS TEXT) AS span, s.start,
    ${sql.join(sums)}
    FROM (${spans}) AS s CROSS JOIN (SELECT * FROM (VALUES ${dimensions}) AS v) AS d WHERE ${sql.join(differs, sql` OR `)}`
}

/** The spans are declared no more, so that reports read the records until the job has folded them again. */
export async function foldAnew(
  store: Pick<Store, 'sql' | 'write'>,
  spans: readonly Readonly<Record<string, Cell>>[],
): Promise<void> {
  if (spans.length === 0) return
  await store.write(
    spans.flatMap(({ organisation_id, start }) => {
      const [organisation, from] = [BigInt(organisation_id ?? 0), BigInt(start ?? 0)]
      const day = from - (from % BigInt(DAY_MS))
      return [
        store.sql
          .updateTable('quarters')
          .set({ folded: -1n })
          .where('organisation_id', '=', organisation)
          .where('quarter', '=', from),
        store.sql.deleteFrom('folded_days').where('organisation_id', '=', organisation).where('day', '=', day),
      ]
    }),
  )
}
