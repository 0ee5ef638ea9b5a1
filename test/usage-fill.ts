/** Many records within seconds: the database multiplies one by itself, and sums are made of them as the ledger would. */
import { sql } from 'kysely'
import { idRange } from '../src/lib/id.ts'
import type { Store } from '../src/store/store.ts'
import { quarters, rollups, usageRecords } from '../src/store/tables.ts'

export type Filling = {
  readonly organisationId: bigint
  readonly from: number
  readonly records: number
  /** Milliseconds between two. */
  readonly spacing: number
  readonly keys?: readonly bigint[]
}

/** Each costs 1,001 nano-dollars and takes the next of the keys. */
export async function fillUsage(store: Store, { organisationId, from, records, spacing, keys = [] }: Filling) {
  const { from: first, to } = idRange(from, from + 1)
  const step = ((to - first) * BigInt(spacing)) as bigint
  const own: Readonly<Record<string, string>> = {
    id: `${first} + i * ${step}`,
    organisation_id: String(organisationId),
    code: `'Filling' || CAST(${10n ** 12n} + i AS TEXT)`,
    occurred_at: `${from} + i * ${spacing}`,
    admitted_at: `${from} + i * ${spacing}`,
    recorded_at: `${from} + i * ${spacing}`,
    api_key_id:
      keys.length === 0
        ? 'CAST(NULL AS bigint)'
        : `CASE i % ${keys.length} ${keys.map((key, n) => `WHEN ${n} THEN ${key}`).join(' ')} END`,
    model: `'acme/model-' || CAST(i % 5 AS TEXT)`,
    ...{ kind: "'original'", context: "'system'", provider: "'acme'", status: "'ok'", source: "'reported'" },
    ...{ input_tokens: '1000', output_tokens: '100', cost_nanos: '1001', charge_nanos: '1001', latency_ms: '900' },
    ...{ counts: `'{"input":"1000","output":"100"}'`, flags: "''", usage_type: "'text'" },
    items: `'[{"meter":"input","quantity":"1000","price":"1","per":1000000,"costNanos":"1001","chargeNanos":"1001"}]'`,
    generation: `'{"requestedModel":"acme/model","providerName":"Acme"}'`,
    ...Object.fromEntries(
      ['cached_tokens', 'cache_write_tokens', 'reasoning_tokens', 'is_byok', 'cache_saving_nanos'].map((c) => [c, '0']),
    ),
  }
  const columns = usageRecords.columns.filter((column) => own[column] !== undefined)
  const values = columns.map((column) => own[column])
  for (let first = 0; first < records; first += AT_ONCE) {
    const last = Math.min(first + AT_ONCE, records) - 1
    const numbers = `WITH RECURSIVE n(i) AS (SELECT CAST(${first} AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`
    await run(store, [
      `INSERT INTO usage_records (${columns.join(', ')}) ${numbers} SELECT ${values.join(', ')} FROM n`,
    ])
  }
  await run(store, SUMS)
}

/** A transaction that holds ten million rows would need room for all of them twice. */
const AT_ONCE = 250_000

const quarter = 'occurred_at - occurred_at % 900000'
/** Of an organisation that had no records before. */
const SUMS = [
  `INSERT INTO ${quarters.name} (organisation_id, quarter, records)
    SELECT organisation_id, ${quarter}, COUNT(*) FROM usage_records GROUP BY 1, 2`,
  `INSERT INTO ${rollups.name} (organisation_id, quarter, model, provider, context, status, requests, input_tokens, cached_tokens,
    output_tokens, reasoning_tokens, cost_nanos, charge_nanos, unpriced, estimated)
    SELECT organisation_id, ${quarter}, model, provider, context, status, COUNT(*), SUM(input_tokens), 0, SUM(output_tokens), 0,
    SUM(cost_nanos), SUM(charge_nanos), 0, 0 FROM usage_records GROUP BY 1, 2, 3, 4, 5, 6`,
]

const run = (store: Store, statements: readonly string[]) =>
  store.write(statements.map((text) => ({ compile: () => sql.raw(text).compile(store.sql) })))
