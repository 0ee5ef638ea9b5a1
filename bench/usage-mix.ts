/**
 * A year of calls as an organisation of some size has them, within minutes: 20 models at 5 providers, 200 keys, 1,000
 * accounts, 5,000 end users, 40 sets of tags, some errors, estimates and unpriced calls. Few of each have most of the calls.
 */
import { sql } from 'kysely'
import { idRange } from '../src/lib/id.ts'
import { type HashDetails, valueHash } from '../src/store/report-values.ts'
import type { Store } from '../src/store/store.ts'

type Mix = { readonly organisationId: bigint; readonly from: number; readonly to: number; readonly records: number }

const USERS = 5_000
const ACCOUNTS = 1_000
export const KEYS = 200
const CHUNK = 250_000

export async function fillMix(store: Store, { organisationId, from, to, records }: Mix): Promise<void> {
  await run(store, ownersOf(organisationId, from))
  await run(store, [detailsOf(organisationId, from)])
  const { from: first, to: next } = idRange(from, from + 1)
  const spacing = Math.floor((to - from) / records)
  const columns = columnsOf(
    organisationId,
    `${first} + i * ${(next - first) * BigInt(spacing)}`,
    `${from} + i * ${spacing}`,
  )
  for (let at = 0; at < records; at += CHUNK)
    await run(store, [recordsOf(columns, at, Math.min(at + CHUNK, records) - 1)])
  await run(store, SUMS)
}

/** The names that folds give to end users and tags. */
export async function nameMix(store: Store, hash: HashDetails, organisationId: bigint): Promise<void> {
  const rows = [
    ...Array.from({ length: USERS }, (_, n) => ['end_user', `user-${n}@example.com`] as const),
    ...Array.from({ length: 40 }, (_, n) => ['tag', tagsOf(n)] as const),
  ].map(([dimension, value]) => ({
    ...{ organisation_id: organisationId, dimension, value },
    hash: valueHash(hash, organisationId, dimension, value),
  }))
  for (let at = 0; at < rows.length; at += 500)
    await store.write([
      store.sql
        .insertInto('dimension_values')
        .values(rows.slice(at, at + 500))
        .onConflict((conflict) => conflict.doNothing()),
    ])
}

const tagsOf = (n: number) => `{"env":"${n % 2 === 0 ? 'prod' : 'dev'}","team":"team-${n >> 1}"}`

/** Two numbers of 32 bits that look like chance, cut into digits; squared, small ones come more often. */
const h = '((i * 2654435761) % 4294967296)'
const g = '((i * 2246822519 + 12345) % 4294967291)'
const squared = (digits: string, of: number) => `(${digits}) * (${digits}) / ${of}`
const user = squared(`${h} % ${USERS}`, USERS)
const key = `1 + ${squared(`${h} / ${USERS} % 800`, 3_200)}`
const model = squared(`${g} % 100`, 500)
const tags = squared(`${g} / 100 % 56`, 56)
const chance = `(${g} / 5600 % 1000)`

function columnsOf(organisationId: bigint, id: string, at: string): Readonly<Record<string, string>> {
  const account = `1 + u * 7 % ${ACCOUNTS}`
  const input = '200 + c * 9'
  const cost = `(${input}) * (m + 1) * 250`
  return {
    ...{ id, organisation_id: String(organisationId), code: `'Mixture' || CAST(${10n ** 12n} + i AS TEXT)` },
    ...{ occurred_at: at, admitted_at: at, recorded_at: at },
    ...{ api_key_id: 'k', account_id: `CASE WHEN k % 10 = 0 THEN NULL ELSE ${account} END` },
    ...{ context: `CASE WHEN k % 10 = 0 THEN 'system' ELSE 'customer' END`, kind: "'original'" },
    model: `'maker-' || CAST(m % 5 AS TEXT) || '/model-' || CAST(m AS TEXT)`,
    provider: `'provider-' || CAST((m + CASE WHEN c % 10 = 7 THEN 1 ELSE 0 END) % 5 AS TEXT)`,
    status: `CASE WHEN c < 20 THEN 'error' WHEN c < 30 THEN 'cancelled' WHEN c < 35 THEN 'interrupted' ELSE 'ok' END`,
    source: `CASE WHEN c > 980 THEN 'estimated' WHEN c > 975 THEN 'unknown' ELSE 'reported' END`,
    ...{ input_tokens: input, cached_tokens: 'c * 3', output_tokens: '50 + c', reasoning_tokens: 'c / 3' },
    ...{ cost_nanos: `CASE WHEN c = 500 THEN NULL ELSE ${cost} END`, charge_nanos: `${cost} + c` },
    ...{ cache_write_tokens: '0', is_byok: 'CASE WHEN k % 20 = 3 THEN 1 ELSE 0 END', cache_saving_nanos: 'c * 40' },
    latency_ms: '300 + c * 2',
    details_hash: `'mix' || CAST(u AS TEXT) || '-' || CAST(t AS TEXT)`,
    ...{ counts: `'{"input":"1000","output":"100"}'`, flags: "''", usage_type: "'text'" },
    items: `'[{"meter":"input","quantity":"1000","price":"1","per":1000000,"costNanos":"1001","chargeNanos":"1001"}]'`,
    generation: `'{"requestedModel":"acme/model","providerName":"Acme"}'`,
  }
}

const numbers = (first: number, last: number) =>
  `WITH RECURSIVE n(i) AS (SELECT CAST(${first} AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`

function recordsOf(columns: Readonly<Record<string, string>>, first: number, last: number): string {
  const digits = `SELECT i, ${user} AS u, ${key} AS k, ${model} AS m, ${tags} AS t, ${chance} AS c FROM n`
  const values = Object.values(columns).join(', ')
  return `INSERT INTO usage_records (${Object.keys(columns).join(', ')}) ${numbers(first, last)} SELECT ${values} FROM (${digits}) AS d`
}

/** Those above 40 have none. */
const detailsOf = (organisationId: bigint, at: number) => `INSERT INTO call_details
  (organisation_id, hash, end_user, metadata, created_at) ${numbers(0, USERS * 56 - 1)}
  SELECT ${organisationId}, 'mix' || CAST(i / 56 AS TEXT) || '-' || CAST(i % 56 AS TEXT),
  'user-' || CAST(i / 56 AS TEXT) || '@example.com', CASE WHEN i % 56 >= 40 THEN NULL ELSE
  '{"env":"' || CASE WHEN i % 2 = 0 THEN 'prod' ELSE 'dev' END || '","team":"team-' || CAST(i % 56 / 2 AS TEXT) || '"}' END, ${at} FROM n`

function ownersOf(organisationId: bigint, at: number): string[] {
  const keys = `INSERT INTO api_keys (id, organisation_id, hash, name, label, code, disabled, include_byok_in_limit, created_at)
    ${numbers(1, KEYS)} SELECT i, ${organisationId}, 'keyhash' || CAST(i AS TEXT), 'key ' || CAST(i AS TEXT), 'sk-tp-…', 'KeyOfTheMixture' || CAST(10000 + i AS TEXT), 0, 0, ${at} FROM n`
  const accounts = `INSERT INTO accounts (id, organisation_id, code, external_id, name, status, overage, overdraft_nanos, posted_nanos, reserved_nanos, last_at, created_at, updated_at)
    ${numbers(1, ACCOUNTS)} SELECT i, ${organisationId}, 'MixtureAccount' || CAST(100000 + i AS TEXT), 'customer-' || CAST(i AS TEXT), 'Customer ' || CAST(i AS TEXT), 'open', 'charge', 0, 0, 0, 0, ${at}, ${at} FROM n`
  return [keys, accounts]
}

const quarter = 'occurred_at - occurred_at % 900000'
const SUMS = [
  `INSERT INTO quarters (organisation_id, quarter, records)
    SELECT organisation_id, ${quarter}, COUNT(*) FROM usage_records GROUP BY 1, 2`,
  `INSERT INTO rollups (organisation_id, quarter, model, provider, context, status, requests, input_tokens, cached_tokens,
    output_tokens, reasoning_tokens, cost_nanos, charge_nanos, cache_saving_nanos, byok_cost_nanos, unpriced, estimated, no_usage)
    SELECT organisation_id, ${quarter}, model, provider, context, status, COUNT(*), SUM(input_tokens), SUM(cached_tokens),
    SUM(output_tokens), SUM(reasoning_tokens), SUM(COALESCE(cost_nanos, 0)), SUM(charge_nanos), SUM(cache_saving_nanos),
    SUM(CASE WHEN is_byok = 1 THEN COALESCE(cost_nanos, 0) ELSE 0 END), SUM(CASE WHEN cost_nanos IS NULL THEN 1 ELSE 0 END),
    SUM(CASE WHEN source = 'reported' THEN 0 ELSE 1 END), SUM(CASE WHEN source = 'unknown' THEN 1 ELSE 0 END)
    FROM usage_records GROUP BY 1, 2, 3, 4, 5, 6`,
]

const run = (store: Store, statements: readonly string[]) =>
  store.write(statements.map((text) => ({ compile: () => sql.raw(text).compile(store.sql) })))
