/** What the job would fold, within minutes: one statement for each projection and span, on a database that nobody else writes to. */
import { sql } from 'kysely'
import { FOLDED_SPANS, SPAN_MS, type SpanName } from '../src/core/report-spans.ts'
import { PROJECTIONS, projected } from '../src/store/projections.ts'
import type { Store } from '../src/store/store.ts'
import { rollups } from '../src/store/tables.ts'

const SUMS = rollups.columns.slice(6)
const sums = SUMS.map((column) => `SUM(r.${column})`).join(', ')
const columns = [
  'organisation_id',
  'dimension',
  'span',
  'start',
  'value',
  'model',
  'provider',
  'context',
  'status',
  ...SUMS,
]

/** Quarter hours by key, account, end user and tags have to be there. */
export async function foldAtOnce(store: Store, only: (name: string) => boolean = () => true): Promise<void> {
  for (const projection of PROJECTIONS) {
    if (!only(projection.name)) continue
    const { name, folded, spans } = projection
    for (const span of spans.toReversed()) {
      if (span === 'quarter' && folded) continue
      const below = spans[spans.indexOf(span) + 1]
      const from = folded
        ? `folded_rollups AS r WHERE r.organisation_id = 1 AND r.dimension = '${below ? name : folded}' AND r.span = '${below ?? 'quarter'}'`
        : below
          ? `folded_rollups AS r WHERE r.organisation_id = 1 AND r.dimension = '${name}' AND r.span = '${below}'`
          : 'rollups AS r WHERE r.organisation_id = 1'
      const keys = projected(projection).compile(store.sql).sql
      const start = `r.${folded || below ? 'start' : 'quarter'}`
      await run(store, insertion(name, span, start, keys, from))
    }
  }
  await run(store, `UPDATE quarters SET folded = records`)
  for (const span of FOLDED_SPANS)
    await run(
      store,
      `INSERT INTO folded_spans (organisation_id, span, start, records) SELECT organisation_id, '${span}', quarter - quarter % ${SPAN_MS[span]} AS s, SUM(records)
        FROM quarters GROUP BY 1, 3 HAVING quarter - quarter % ${SPAN_MS[span]} + ${SPAN_MS[span]} <= ${store.now()}`,
    )
}

const insertion = (name: string, span: SpanName, start: string, keys: string, from: string) =>
  `INSERT INTO folded_rollups (${columns.join(', ')}) SELECT r.organisation_id, '${name}', '${span}', ${start} - ${start} % ${SPAN_MS[span]} AS s, ${keys}, ${sums}
    FROM ${from} GROUP BY 1, 4, 5, 6, 7, 8, 9 ORDER BY 4, 5, 6, 7, 8, 9`

const run = (store: Store, text: string) => store.write([{ compile: () => sql.raw(text).compile(store.sql) }])
