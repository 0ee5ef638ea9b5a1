/** The audit log: read by page, or streamed whole as CSV or NDJSON. */
import type { AuditEntry } from '../contract/audit.ts'
import type { AuditRow } from '../core/ledger-rows.ts'
import { instantText } from '../lib/clock.ts'
import { csvRow } from '../lib/csv.ts'
import { auditCount, auditPage } from '../store/audit-log.ts'
import { rangeOf } from './date-range.ts'
import { organisationFor } from './management-keys.ts'
import { paged, pageOf } from './page.ts'
import type { Handlers } from './parts.ts'

export const auditHandlers: Handlers<'listAudit'> = {
  async listAudit(parts, { caller, query, csv, ndjson }) {
    const { actor, action, target, format, from, to } = query
    const { id } = await organisationFor(parts, caller, query.organisationId)
    const range = await rangeOf(parts, id, { startDate: from, endDate: to }, { startDate: 'from', endDate: 'to' })
    const filter = { actor, action, target, ...range }
    const pageAt = (page: Page) => auditPage(parts.store, id, filter, page)
    if (format === undefined ? csv : format === 'csv') return { csv: csvOf(pageAt) }
    if (format === undefined ? ndjson : format === 'ndjson') return { ndjson: ndjsonOf(pageAt) }
    const page = pageOf('audit', query)
    const [rows, total] = await Promise.all([pageAt(page), auditCount(parts.store, id, filter)])
    const { shown, pagination } = paged('audit', page, rows, total)
    return { body: { entries: shown.map(entryOf), pagination } }
  },
}

type Page = ReturnType<typeof pageOf>
type PageAt = (page: Page) => Promise<AuditRow[]>

const ROWS = 500

/** Page by page, so that neither the log nor the client's pace is ever held in memory. */
async function* rowsOf(pageAt: PageAt): AsyncGenerator<AuditRow> {
  let before: bigint | undefined
  for (;;) {
    const rows = await pageAt({ limit: ROWS, offset: 0, before })
    yield* rows.slice(0, ROWS)
    if (rows.length <= ROWS) return
    before = rows[ROWS - 1]?.id
  }
}

const COLUMNS = ['id', 'createdAt', 'actor', 'action', 'target', 'before', 'after', 'requestId'] as const

async function* csvOf(pageAt: PageAt): AsyncGenerator<string> {
  yield csvRow(COLUMNS)
  for await (const row of rowsOf(pageAt)) {
    const { id, createdAt, actor, action, target, requestId } = entryOf(row)
    yield csvRow([id, createdAt, actor, action, target, row.before, row.after, requestId])
  }
}

async function* ndjsonOf(pageAt: PageAt): AsyncGenerator<string> {
  for await (const row of rowsOf(pageAt)) yield `${JSON.stringify(entryOf(row))}\n`
}

const entryOf = ({ code, actor, action, target, before, after, requestId, createdAt }: AuditRow): AuditEntry => ({
  id: `aud_${code}`,
  ...{ actor, action, target, requestId },
  before: before === null ? null : JSON.parse(before),
  after: after === null ? null : JSON.parse(after),
  createdAt: instantText(createdAt),
})
