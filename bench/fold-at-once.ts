/** What the job would fold, within minutes: one statement for each projection and span, on a database that nobody else writes to. */
import { sql } from 'kysely'
import { FOLDED_SPANS, SPAN_MS, type SpanName } from '../src/core/report-spans.ts'
import { PROJECTIONS, projected } from '../src/store/projections.ts'
import { FOLDED, type Folded } from '../src/store/report-columns.ts'
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

/** Names of end users and tags have to be there. */
export async function foldAtOnce(store: Store): Promise<void> {
  for (const dimension of FOLDED) await run(store, quartersBy(dimension))
  for (const projection of PROJECTIONS) {
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

/** Folded from the records. */
const quartersBy = (dimension: Folded) => `INSERT INTO folded_rollups (${columns.join(', ')})
  SELECT u.organisation_id, '${dimension}', 'quarter', u.occurred_at - u.occurred_at % 900000, ${VALUES[dimension]},
    u.model, u.provider, u.context, u.status, COUNT(*), SUM(input_tokens), SUM(cached_tokens), SUM(output_tokens),
    SUM(reasoning_tokens), SUM(COALESCE(cost_nanos, 0)), SUM(charge_nanos), SUM(cache_saving_nanos),
    SUM(CASE WHEN is_byok = 1 THEN COALESCE(cost_nanos, 0) ELSE 0 END), SUM(CASE WHEN cost_nanos IS NULL THEN 1 ELSE 0 END),
    SUM(CASE WHEN source = 'reported' THEN 0 ELSE 1 END), SUM(CASE WHEN source = 'unknown' THEN 1 ELSE 0 END)
  FROM usage_records AS u ${dimension === 'end_user' || dimension === 'tag' ? NAMED : ''} GROUP BY 1, 4, 5, 6, 7, 8, 9`

const VALUES: Readonly<Record<Folded, string>> = {
  api_key: "COALESCE(CAST(u.api_key_id AS TEXT), '')",
  account: "COALESCE(CAST(u.account_id AS TEXT), '')",
  end_user: "COALESCE(e.hash, '')",
  tag: "COALESCE(t.hash, '')",
}
const NAMED = `JOIN call_details AS d ON d.organisation_id = 1 AND d.hash = u.details_hash
  LEFT JOIN dimension_values AS e ON e.organisation_id = 1 AND e.dimension = 'end_user' AND e.value = d.end_user
  LEFT JOIN dimension_values AS t ON t.organisation_id = 1 AND t.dimension = 'tag' AND t.value = d.metadata`

const insertion = (name: string, span: SpanName, start: string, keys: string, from: string) =>
  `INSERT INTO folded_rollups (${columns.join(', ')}) SELECT r.organisation_id, '${name}', '${span}', ${start} - ${start} % ${SPAN_MS[span]} AS s, ${keys}, ${sums}
    FROM ${from} GROUP BY 1, 4, 5, 6, 7, 8, 9 ORDER BY 4, 5, 6, 7, 8, 9`

const run = (store: Store, text: string) => store.write([{ compile: () => sql.raw(text).compile(store.sql) }])
