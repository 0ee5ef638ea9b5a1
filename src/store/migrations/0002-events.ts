/** What is to be told (the outbox) and who changed what (the audit log). */
import type { Engine } from '../engine.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function eventsMigration(engine: Engine) {
  const { owned, appendOnly } = ddlFor(engine)
  return migrationOf([
    owned(
      'outbox',
      'code TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, created_at INT NOT NULL, dispatched_at INT',
    ),
    'CREATE INDEX outbox_waiting ON outbox (organisation_id, id) WHERE dispatched_at IS NULL',
    owned(
      'audit_log',
      `code TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL, before TEXT, after TEXT,
       request_id TEXT, created_at INT NOT NULL`,
    ),
    'CREATE INDEX audit_log_by_target ON audit_log (organisation_id, target, id)',
    ...appendOnly(['audit_log']),
  ])
}
