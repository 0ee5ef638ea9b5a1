/** The audit log: read by page, or streamed whole as CSV or NDJSON. */
import type { AuditEntry } from '../contract/audit.ts'
import type { AuditRow } from '../core/ledger-rows.ts'
import { instantText } from '../lib/clock.ts'
import type { Cell } from '../lib/csv.ts'
import { auditCount, auditPage } from '../store/audit-log.ts'
import { rangeOf } from './date-range.ts'
import { exportName } from './export-name.ts'
import { organisationFor } from './management-keys.ts'
import { paged, pageOf } from './page.ts'
import type { Handlers } from './parts.ts'
import { pagesBy } from './rows.ts'

export const auditHandlers: Handlers<'listAudit'> = {
  async listAudit(parts, { caller, query, rows }) {
    const { actor, action, target, from, to } = query
    const { id } = await organisationFor(parts, caller, query.organisationId)
    const range = await rangeOf(parts, id, { startDate: from, endDate: to }, { startDate: 'from', endDate: 'to' })
    const filter = { actor, action, target, ...range }
    const pageAt = (page: Page) => auditPage(parts.store, id, filter, page)
    const { organisationId } = query
    const name = exportName({ table: 'audit', filters: { organisationId, actor, action, target }, from, to })
    if (rows) return { rows: { name, ...rowsOf(pageAt) } }
    const page = pageOf('audit', query)
    const [found, total] = await Promise.all([pageAt(page), auditCount(parts.store, id, filter)])
    const { shown, pagination } = paged('audit', page, found, total)
    return { body: { entries: shown.map(entryOf), pagination } }
  },
}

type Page = ReturnType<typeof pageOf>
type PageAt = (page: Page) => Promise<AuditRow[]>

const COLUMNS = ['id', 'createdAt', 'actor', 'action', 'target', 'before', 'after', 'requestId'] as const

/** Page by page, so that neither the log nor the client's pace is ever held in memory. */
const rowsOf = (pageAt: PageAt) => ({
  columns: COLUMNS,
  pages: pagesBy<AuditRow, bigint>(
    (before, limit) => pageAt({ limit: limit - 1, offset: 0, before }),
    ({ id }) => id,
    (page) => page.map(cellsOf),
  ),
})

const cellsOf = (row: AuditRow): Cell[] => {
  const { id, createdAt, actor, action, target, requestId } = entryOf(row)
  const json = (text: string | null) => (text === null ? null : { json: text })
  return [id, createdAt, actor, action, target, json(row.before), json(row.after), requestId]
}

const entryOf = ({ code, actor, action, target, before, after, requestId, createdAt }: AuditRow): AuditEntry => ({
  id: `aud_${code}`,
  ...{ actor, action, target, requestId },
  before: before === null ? null : JSON.parse(before),
  after: after === null ? null : JSON.parse(after),
  createdAt: instantText(createdAt),
})
