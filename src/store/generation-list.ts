/** The calls behind a report, newest first by when they occurred, each with all that is kept of it. */
import { sql } from 'kysely'
import type { Span } from '../core/report-plan.ts'
import { QUARTER_MS } from '../core/usage-sums.ts'
import { systemClock } from '../lib/clock.ts'
import {
  type ExportedRecord,
  exportedOf,
  namedOf,
  recordOf,
  recordsOf,
  type StoredRecord,
  shownOf,
} from './record-rows.ts'
import { lookedUp, quartersOf } from './record-spans.ts'
import { type Folded, NARROW, type Narrow } from './report-columns.ts'
import { recordMatches, type ValueFilter } from './report-values.ts'
import { codeRange } from './row-by-code.ts'
import { type Query, type Store, StoreTooSlow } from './store.ts'

export type RecordFilter = {
  readonly narrow: Readonly<Partial<Record<Narrow, readonly string[]>>>
  readonly folded: Readonly<Partial<Record<Folded, ValueFilter>>>
  /** `[start, end)` by when it occurred. */
  readonly start: number
  readonly end: number
  readonly minCostNanos?: bigint | undefined
  readonly minLatencyMs?: number | undefined
  readonly sources?: readonly string[] | undefined
  /** Recorded by then: what comes later is left out. */
  readonly recordedBy?: number | undefined
}

/** The row that a page begins behind. */
export type RecordCursor = { readonly occurredAt: number; readonly id: bigint }
export type RecordPage = { readonly limit: number; readonly offset: number; readonly before: RecordCursor | undefined }

/** Throws `StoreTooSlow` where it takes longer than it may. */
export async function recordPage(
  store: Store,
  organisationId: bigint,
  filter: RecordFilter,
  page: RecordPage,
  withinMs: number,
  walk: Walk = WALK,
): Promise<StoredRecord[]> {
  return (await pageOf(store, organisationId, filter, page, { withinMs, walk, show: shownOf })).map(recordOf)
}

/** The same without what only the whole of a record shows: a million of them are read in one go. */
export async function exportedPage(
  store: Store,
  organisationId: bigint,
  filter: RecordFilter,
  page: RecordPage,
  withinMs: number,
): Promise<ExportedRecord[]> {
  return (await pageOf(store, organisationId, filter, page, { withinMs, walk: WALK, show: namedOf })).map(exportedOf)
}

/** How a value is looked for that few records say. */
export type Walk = {
  /** What many say is found among so many of the newest records. */
  readonly newest: number
  /** Quarter hours that are read at once: at first, and at most; twice as many each time. */
  readonly first: number
  readonly most: number
}
const WALK: Walk = { newest: 500, first: 16, most: 256 }

type Shown<Row> = {
  readonly withinMs: number
  readonly walk: Walk
  show(query: ReturnType<typeof recordsOf>): Query<Row>
}

async function pageOf<Row extends { readonly id: bigint }>(
  store: Store,
  organisationId: bigint,
  filter: RecordFilter,
  page: RecordPage,
  { withinMs, walk, show }: Shown<Row>,
): Promise<Row[]> {
  if (lookedUp(filter).length === 0) return store.scan(show(pagedIn(store, organisationId, filter, page)), withinMs)
  const left = timeLeft(withinMs)
  const ids = await walkedIds(store, organisationId, filter, page, { ...walk, left })
  if (ids.length === 0) return []
  const rows = await store.scan(show(recordsOf(store, organisationId).where('u.id', 'in', ids)), left())
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

function pagedIn(
  store: Store,
  organisationId: bigint,
  filter: RecordFilter,
  { limit, offset, before }: RecordPage,
  spans?: readonly Span[],
): ReturnType<typeof recordsOf> {
  // One upper bound: of two, the database may begin at the wrong one, and read again all that came before.
  const end = endOf(filter, before)
  let query = matchingIn(store, organisationId, { ...filter, end }, spans)
  if (before) {
    const occurredAt = spans ? sql`u.occurred_at + 0` : sql`u.occurred_at`
    query = query.where(sql<boolean>`(${occurredAt}, u.id) < (${BigInt(before.occurredAt)}, ${before.id})`)
  }
  return query.orderBy('u.occurred_at', 'desc').orderBy('u.id', 'desc').limit(limit).offset(offset)
}

const endOf = (filter: RecordFilter, before: RecordCursor | undefined): number =>
  before ? Math.min(filter.end, before.occurredAt + 1) : filter.end

/** Of the page, newest first: among the newest records of all, then only where records can lie that are asked for. */
async function walkedIds(
  store: Store,
  organisationId: bigint,
  filter: RecordFilter,
  { limit, offset, before }: RecordPage,
  walk: Walking,
): Promise<bigint[]> {
  const ids: bigint[] = []
  const take = async (spans: readonly Span[]) => {
    const page = { limit: offset + limit - ids.length, offset: 0, before }
    const query = pagedIn(store, organisationId, filter, page, spans).select('u.id')
    for (const { id } of await store.scan(query, walk.left())) ids.push(id)
  }
  const { start, end } = { ...filter, end: endOf(filter, before) }
  const cut = await newestFrom(store, organisationId, { start, end }, walk)
  await take([{ start: cut ?? start, end }])
  if (cut !== undefined)
    for await (const spans of spansWith(store, organisationId, filter, { start, end: cut }, walk)) {
      if (ids.length >= offset + limit) break
      await take(spans)
    }
  return ids.slice(offset)
}

type Walking = Walk & { left(): number }

/** The instant from which on there are as many as are looked through first; none, if there are not. */
async function newestFrom(
  store: Store,
  organisationId: bigint,
  { start, end }: Span,
  { newest, left }: Walking,
): Promise<number | undefined> {
  const query = store.sql
    .selectFrom('usage_records')
    .select('occurred_at')
    .where('organisation_id', '=', organisationId)
    .where('occurred_at', '>=', BigInt(start))
    .where('occurred_at', '<', BigInt(end))
    .orderBy('occurred_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .offset(newest)
  const [row] = await store.scan(query, left())
  return row && Number(row.occurred_at)
}

async function* spansWith(
  store: Store,
  organisationId: bigint,
  filter: RecordFilter,
  range: Span,
  { first, most, left }: Walking,
): AsyncGenerator<readonly Span[]> {
  let length = first
  for await (const found of quartersOf(store, organisationId, filter, range, { most, left }))
    for (let from = 0; from < found.length; ) {
      yield found.slice(from, from + length).map((quarter) => ({
        start: Math.max(quarter, range.start),
        end: Math.min(quarter + QUARTER_MS, range.end),
      }))
      from += length
      length = Math.min(length * 2, most)
    }
}

/** All statements of an answer together may take no longer. */
function timeLeft(withinMs: number): () => number {
  const until = systemClock.elapsed() + withinMs
  return () => {
    const left = until - systemClock.elapsed()
    if (left < 1) throw new StoreTooSlow(`the read took longer than ${withinMs} ms`)
    return left
  }
}

export async function recordCount(
  store: Store,
  organisationId: bigint,
  filter: RecordFilter,
  withinMs: number,
  walk: Walk = WALK,
): Promise<number> {
  const left = timeLeft(withinMs)
  const count = async (spans?: readonly Span[]) => {
    const query = matchingIn(store, organisationId, filter, spans).select((of) => of.fn.countAll<bigint>().as('total'))
    const [row] = await store.scan(query, left())
    return Number(row?.total ?? 0)
  }
  if (lookedUp(filter).length === 0) return count()
  let total = 0
  for await (const spans of spansWith(store, organisationId, filter, filter, { ...walk, left }))
    total += await count(spans)
  return total
}

export async function findRecord(
  store: Store,
  organisationId: bigint,
  code: string,
  isTold: boolean,
): Promise<StoredRecord | undefined> {
  const range = codeRange(code)
  if (!range) return undefined
  const query = recordsOf(store, organisationId)
    .where('u.id', '>=', range.from)
    .where('u.id', '<', range.to)
    .where('u.code', '=', code)
    .where('u.payload_hash', isTold ? 'is not' : 'is', null)
  const [row] = await store.rows(shownOf(query))
  return row && recordOf(row)
}

/** `spans`: where to look; they lie in the range. */
function matchingIn(store: Store, organisationId: bigint, filter: RecordFilter, spans?: readonly Span[]) {
  const { narrow, folded, start, end, minCostNanos, minLatencyMs, sources, recordedBy } = filter
  let query = recordsOf(store, organisationId, spans)
  if (!spans) query = query.where('u.occurred_at', '>=', BigInt(start)).where('u.occurred_at', '<', BigInt(end))
  for (const column of NARROW) {
    const values = narrow[column]
    if (values) query = query.where(`u.${column}`, 'in', values)
  }
  for (const [dimension, values] of Object.entries(folded))
    query = query.where(sql<boolean>`${recordMatches(store, dimension as Folded, values)}`)
  if (minCostNanos !== undefined) query = query.where('u.cost_nanos', '>=', minCostNanos)
  if (minLatencyMs !== undefined) query = query.where('u.latency_ms', '>=', BigInt(minLatencyMs))
  if (sources) query = query.where('u.source', 'in', sources)
  if (recordedBy !== undefined) query = query.where('u.recorded_at', '<=', BigInt(recordedBy))
  return query
}
