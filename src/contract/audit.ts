/** The audit log: who changed what, when, and what it was before. Nothing of it is ever changed. */
import { z } from 'zod'
import { Instant, id, PageQuery, Pagination } from './common.ts'

const Change = z.record(z.string(), z.unknown()).nullable()

const AuditEntry = z
  .object({
    id: id('aud'),
    actor: z.string().meta({ description: '`operator`, or `management:` and the name of the key.' }),
    action: z.string().meta({ description: 'Noun and verb, e.g. `key.update`.' }),
    target: z.string().meta({ description: 'The id of what was changed.' }),
    before: Change.meta({ description: 'What of it was otherwise; null: there was nothing.' }),
    after: Change.meta({ description: 'What of it is from then on; null: there is nothing.' }),
    requestId: z.string().nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.output<typeof AuditEntry>

const when = z.string().max(64).optional()

export const AuditQuery = PageQuery.extend({
  actor: z.string().max(512).optional().meta({ description: 'Who, e.g. `operator` or `management:finance`.' }),
  action: z.string().max(100).optional().meta({ description: 'One action, or a noun for all that is done to it.' }),
  target: z.string().max(512).optional().meta({ description: 'The id of what was changed.' }),
  from: when.meta({ description: 'A date, whole in the time zone of the organisation, or an instant.' }),
  to: when.meta({ description: 'A date, inclusive, or an instant, exclusive.' }),
  organisationId: z.string().max(512).optional().meta({ description: 'Another one than its own is for the operator.' }),
  format: z.enum(['json', 'csv', 'ndjson'], 'expected json, csv or ndjson').optional(),
})

export const AuditList = z.object({ entries: z.array(AuditEntry), pagination: Pagination })
