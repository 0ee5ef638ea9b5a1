/** The calls behind a report: listed by the same filters, each with all that is kept of it, and all of them as rows. */
import { refuse } from '../contract/errors.ts'
import { QUARTER_MS } from '../core/usage-sums.ts'
import type { Cell } from '../lib/csv.ts'
import { generationCode } from '../lib/id.ts'
import { parseAmount } from '../lib/money.ts'
import { keptFrom } from '../store/carried-sums.ts'
import {
  exportedPage,
  findRecord,
  type RecordCursor,
  type RecordFilter,
  recordCount,
  recordPage,
} from '../store/generation-list.ts'
import type { ExportedRecord } from '../store/record-rows.ts'
import { usageSumsBy } from '../store/reports.ts'
import { filterWords } from './export-name.ts'
import { FOCUS_COLUMNS, focusCells } from './focus.ts'
import { missingOf } from './kept.ts'
import type { ApiParts, Call, Handlers } from './parts.ts'
import { filtersIn, inTime, storeFilter } from './report-filter.ts'
import { type ReportRange, reportRange } from './report-range.ts'
import { pagesBy, type Rows } from './rows.ts'
import { focusOf, RECORD_COLUMNS, recordCells, recordOf } from './shown-record.ts'

export const generationListHandlers: Handlers<'listGenerations' | 'getGenerationRecord'> = {
  async listGenerations(parts, call) {
    const { caller, query, at } = call
    const { organisationId } = caller
    const range = await reportRange(parts, organisationId, at, query)
    const filter = await filterOf(parts, call, range)
    if (call.rows) return { rows: rowsOf(parts, call, range, filter) }
    const { limit = 50 } = query
    const before = query.cursor === undefined ? undefined : cursorFrom(query.cursor)
    const offset = before ? 0 : (query.offset ?? 0)
    const [found, totalCount] = await inTime(WITHIN_MS, 'shorten the range', () =>
      Promise.all([
        recordPage(parts.store, organisationId, filter, { limit: limit + 1, offset, before }, WITHIN_MS),
        countOf(parts, organisationId, filter),
      ]),
    )
    const shown = found.slice(0, limit)
    const last = shown.at(-1)
    const hasMore = found.length > limit
    const nextCursor = hasMore && last ? cursorOf(last) : null
    const generations = shown.map((stored) => recordOf(stored, caller.organisation))
    return { body: { generations, pagination: { limit, offset, totalCount, hasMore, nextCursor } } }
  },

  async getGenerationRecord(parts, { caller, params }) {
    const told = /^usage_([0-9A-Za-z]{20})$/.exec(params.id)?.[1]
    const code = told ?? generationCode(params.id)
    const found = code && (await findRecord(parts.store, caller.organisationId, code, told !== undefined))
    if (!found) throw await missingOf(parts, 'generation_not_found', code ?? '')
    return { body: { generation: recordOf(found, caller.organisation) } }
  },
}

const WITHIN_MS = 15_000

async function filterOf(
  parts: ApiParts,
  { caller, query }: Call<'listGenerations'>,
  { start, end }: ReportRange,
): Promise<RecordFilter> {
  return {
    ...(await storeFilter(parts, caller.organisationId, query)),
    ...{ start, end, minLatencyMs: query.minLatencyMs, sources: query.usageSource },
    minCostNanos: query.minCostUsd === undefined ? undefined : parseAmount(query.minCostUsd),
  }
}

/** By the sums of the report where they know the answer, else by counting. */
async function countOf({ store }: ApiParts, organisationId: bigint, filter: RecordFilter): Promise<number> {
  const { start, end, narrow, folded, minCostNanos, minLatencyMs, sources } = filter
  const from = await keptFrom(store)
  // The sums know calls that are gone from the list.
  const isSummed =
    (from === undefined || start >= from) &&
    Object.keys(folded).length < 2 &&
    [start, end].every((instant) => instant % QUARTER_MS === 0) &&
    [minCostNanos, minLatencyMs, sources].every((each) => each === undefined)
  if (!isSummed) return recordCount(store, organisationId, filter, WITHIN_MS)
  const summed = await usageSumsBy(store, {
    ...{ organisationId, buckets: [{ start, end }], groupBy: [], narrow, folded },
    ...{ withinMs: WITHIN_MS, most: { records: 0, rows: 10 } },
  })
  return 'rows' in summed
    ? Number(summed.rows[0]?.sums.requests ?? 0n)
    : recordCount(store, organisationId, filter, WITHIN_MS)
}

const cursorOf = ({ occurredAt, id }: RecordCursor): string =>
  Buffer.from(`generations:${occurredAt}:${id}`).toString('base64url')

function cursorFrom(text: string): RecordCursor {
  const [, at = '', id = ''] =
    /^generations:([0-9]{1,15}):([0-9]{1,19})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? []
  const cursor = at === '' ? undefined : { occurredAt: Number(at), id: BigInt(id) }
  if (!cursor || cursorOf(cursor) !== text || cursor.id >= 2n ** 63n)
    throw refuse('invalid_request', 'cursor: is none that this list gave', { param: 'cursor' })
  return cursor
}

/** Whatever was recorded by the moment of the request, newest first. */
function rowsOf(
  { store }: ApiParts,
  { caller, query, at }: Call<'listGenerations'>,
  range: ReportRange,
  filter: RecordFilter,
): Rows {
  const { minCostUsd, minLatencyMs, usageSource } = query
  const isFocus = query.columns === 'focus'
  const cellsOf = (stored: ExportedRecord): readonly Cell[] =>
    isFocus ? focusCells(focusOf(stored)) : recordCells(stored)
  return {
    name: [
      ...['generations', ...filterWords({ ...filtersIn(query), minCostUsd, minLatencyMs, usageSource })],
      ...[...range.words, ...(isFocus ? ['focus'] : [])],
    ],
    columns: isFocus ? FOCUS_COLUMNS : RECORD_COLUMNS,
    pages: pagesBy<ExportedRecord, RecordCursor>(
      (before, limit) =>
        exportedPage(
          store,
          caller.organisationId,
          { ...filter, recordedBy: at },
          { limit, offset: 0, before },
          WITHIN_MS,
        ),
      ({ occurredAt, id }) => ({ occurredAt, id }),
      (page) => page.map(cellsOf),
    ),
  }
}
