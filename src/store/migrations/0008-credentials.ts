/** Credentials of customers at providers, and what a call on one counts against the limit of its key. */
import type { Engine } from '../engine.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function credentialsMigration(engine: Engine) {
  const { owned, column } = ddlFor(engine)
  return migrationOf([
    // `sealed` is the secret, which nobody can read without the deployment's own key; it is nowhere else.
    owned(
      'credentials',
      `code TEXT NOT NULL, provider TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, sealed TEXT NOT NULL,
       sealed_by TEXT NOT NULL, account_id INT, api_keys TEXT, weight INT NOT NULL, priority INT NOT NULL,
       fallback INT NOT NULL, disabled INT NOT NULL, cooling_until INT, cooling_reason TEXT, last_used_at INT,
       created_at INT NOT NULL, updated_at INT`,
    ),
    'CREATE INDEX credentials_by_owner ON credentials (organisation_id, id)',
    column('usage_records', 'limit_nanos INT'),
    ...COUNTED.flatMap((window) => [
      column('key_usage', `${window}_counted_nanos INT NOT NULL DEFAULT 0`),
      // Until now every call counted what it was charged.
      `UPDATE key_usage SET ${window}_counted_nanos = ${window}_nanos`,
    ]),
  ])
}

const COUNTED = ['total', 'day', 'week', 'month']
