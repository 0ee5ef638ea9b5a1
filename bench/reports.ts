/** Reports and exports on a filled database: what a dashboard asks, again and again, and every call as CSV. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { pagesBy, rowText } from '../src/api/rows.ts'
import { RECORD_COLUMNS, recordCells } from '../src/api/shown-record.ts'
import { type BucketKind, bucketsIn } from '../src/core/report-plan.ts'
import { createFolds } from '../src/jobs/fold.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createDetailsHash } from '../src/lib/details-hash.ts'
import { systemRandom } from '../src/lib/random.ts'
import { type ExportedRecord, exportedPage, type RecordCursor } from '../src/store/generation-list.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { defaultLimits } from '../src/store/postgres-connection.ts'
import { numbered } from '../src/store/report-values.ts'
import { type SumQuery, usageSumsBy } from '../src/store/reports.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { createDatabase, startPostgres } from '../test/setup/postgres.ts'
import { fillUsage } from '../test/usage-fill.ts'
import { createSamples, type Summary } from './statistics.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
const days = 30
const organisationId = 1n
const keys = Array.from({ length: 200 }, (_, n) => BigInt(n + 1))
const withinMs = 60_000
/** As the API asks for them. */
const most = { records: 250_000, rows: 50_000 }

export type ReportsResult = {
  readonly engine: Store['engine']
  readonly records: number
  readonly fillSeconds: number
  readonly foldSeconds: number
  readonly reports: readonly { readonly name: string; readonly summary: Summary }[]
  readonly export: { readonly rowsPerSecond: number; readonly heapMb: number; readonly mb: number }
}

type Options = { readonly records: number; readonly times: number; readonly postgres: boolean }

export async function benchReports({ records, times, postgres }: Options): Promise<ReportsResult> {
  const { store, end: clear } = postgres ? await onPostgres() : await onSqlite()
  try {
    const end = Math.floor(store.now() / dayMs) * dayMs
    const start = end - days * dayMs
    const spacing = Math.floor((days * dayMs) / records)
    const fillSeconds = await seconds(() => fillUsage(store, { organisationId, from: start, records, spacing, keys }))
    const foldSeconds = await seconds(() => foldAll(store))
    // As the databases do by themselves sooner or later.
    await store.write([{ compile: () => sql.raw('ANALYZE').compile(store.sql) }])
    const reports = []
    for (const [name, query] of queries(start, end))
      reports.push({ name, summary: await measured(store, query, times) })
    const csv = await exported(store, { start, end })
    return { engine: store.engine, records, fillSeconds, foldSeconds, reports, export: csv }
  } finally {
    await store.close()
    await clear()
  }
}

type Opened = { readonly store: Store; end(): Promise<void> }

async function onSqlite(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-bench-'))
  const store = await openSqlite({ file: join(folder, 'turnpike.db'), clock: systemClock, random: systemRandom })
  return { store, end: async () => rmSync(folder, { recursive: true, force: true }) }
}

/** Filling takes longer than any statement of a server. */
const patient = { ...defaultLimits, statementSeconds: 3600 }

async function onPostgres(): Promise<Opened> {
  const server = await startPostgres()
  const url = await createDatabase(server.url)
  const store = await openPostgres({ url, clock: systemClock, random: systemRandom, limits: patient })
  return { store, end: server.stop }
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now()
  await work()
  return (performance.now() - from) / 1000
}

async function foldAll(store: Store): Promise<void> {
  const folds = createFolds({ store, hashDetails: createDetailsHash('bench') })
  for (let more = 1; more > 0; ) {
    const { quarters, spans } = await folds.run()
    more = quarters + spans
  }
}

function queries(start: number, end: number): [name: string, query: SumQuery][] {
  const ask = (bucket: BucketKind, zone: string, more: Partial<SumQuery>, from = start, to = end): SumQuery => ({
    ...{
      organisationId,
      buckets: bucketsIn({ start: from, end: to }, bucket, zone, 1_000) ?? [],
      groupBy: [],
      narrow: {},
    },
    ...{ folded: {}, withinMs, most, ...more },
  })
  const oneKey = { folded: { api_key: numbered([7n]) } }
  return [
    ['30 days by day', ask('day', 'UTC', {})],
    ['30 days by day, by model', ask('day', 'UTC', { groupBy: ['model'] })],
    ['30 days by day in Kathmandu, by model', ask('day', 'Asia/Kathmandu', { groupBy: ['model'] })],
    ['30 days by month, by model and provider', ask('month', 'UTC', { groupBy: ['model', 'provider'] })],
    ['30 days by day, by status', ask('day', 'UTC', { groupBy: ['status'] })],
    ['30 days less 9 hours by month, by model', ask('month', 'UTC', { groupBy: ['model'] }, start, end - 9 * hourMs)],
    ['30 days by hour', ask('hour', 'UTC', {})],
    ['30 days by month, by API key', ask('month', 'UTC', { groupBy: ['api_key'] })],
    ['30 days by day, one API key', ask('day', 'UTC', oneKey)],
    ['one day, by API key and end user', ask('day', 'UTC', { groupBy: ['api_key', 'end_user'] }, end - dayMs)],
  ]
}

async function measured(store: Store, query: SumQuery, times: number): Promise<Summary> {
  const samples = createSamples(times)
  await usageSumsBy(store, query)
  for (let n = 0; n < times; n++) samples.add((await seconds(() => usageSumsBy(store, query))) * 1000)
  return samples.summary()
}

async function exported(store: Store, span: { start: number; end: number }): Promise<ReportsResult['export']> {
  const pages = pagesBy<ExportedRecord, RecordCursor>(
    (before, limit) =>
      exportedPage(store, organisationId, { ...span, narrow: {}, folded: {} }, { limit, offset: 0, before }, withinMs),
    ({ occurredAt, id }) => ({ occurredAt, id }),
    (page) => page.map(recordCells),
  )
  const before = process.memoryUsage().heapUsed
  let [rows, bytes, heap] = [-1, 0, 0]
  const taken = await seconds(async () => {
    for await (const text of rowText({ name: [], columns: RECORD_COLUMNS, pages }, 'csv')) {
      rows += text.split('\r\n').length - 1
      bytes += text.length
      heap = Math.max(heap, process.memoryUsage().heapUsed - before)
    }
  })
  return { rowsPerSecond: rows / taken, heapMb: heap / 1e6, mb: bytes / 1e6 }
}
