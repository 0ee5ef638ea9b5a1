/** Who is told of events, how far each telling has come, and what an account was last told of its credit. */
import type { Engine } from '../engine.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function alertsMigration(engine: Engine) {
  const { owned, column } = ddlFor(engine)
  return migrationOf([
    column('organisations', 'low_credit_nanos INT'),
    // What holds for the account: its own, or a copy of its organisation's.
    column('accounts', 'low_credit_nanos INT'),
    column('accounts', 'low_credit_own INT NOT NULL DEFAULT 0'),
    // 0 enough, 1 low, 2 nothing, 3 negative. A new account has nothing, and nobody is told of that.
    column('accounts', 'credit_level INT NOT NULL DEFAULT 2'),
    'UPDATE accounts SET credit_level = CASE WHEN posted_nanos < 0 THEN 3 WHEN posted_nanos = 0 THEN 2 ELSE 0 END',
    column('outbox', 'once_key TEXT'),
    column('outbox', 'dispatch_after INT NOT NULL DEFAULT 0'),
    'CREATE UNIQUE INDEX outbox_once ON outbox (organisation_id, once_key) WHERE once_key IS NOT NULL',
    owned(
      'alert_channels',
      `code TEXT NOT NULL, type TEXT NOT NULL, name TEXT, target TEXT NOT NULL, events TEXT, budget_code TEXT,
       secret TEXT, old_secret TEXT, old_secret_until INT, disabled INT NOT NULL, disabled_reason TEXT,
       deleted_at INT, created_at INT NOT NULL, updated_at INT NOT NULL`,
    ),
    owned(
      'deliveries',
      `code TEXT NOT NULL, event_id INT NOT NULL, channel_id INT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
       state TEXT NOT NULL, attempts INT NOT NULL, next_at INT NOT NULL, lease_until INT NOT NULL, log TEXT NOT NULL, note TEXT,
       created_at INT NOT NULL, ended_at INT, UNIQUE (organisation_id, event_id, channel_id)`,
    ),
    "CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'pending'",
    'CREATE INDEX deliveries_by_channel ON deliveries (organisation_id, channel_id, id)',
    'CREATE INDEX grants_ending ON grants (expires_at) WHERE expires_at IS NOT NULL AND remaining_nanos > 0',
  ])
}
