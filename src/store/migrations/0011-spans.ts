/**
 * Sums are folded for hours, four hours, days, four, 16 and 64 days, and also without what few reports ask for. What was
 * folded by day has no such sums and is folded anew; quarter hours stay as they are.
 */
import type { Engine } from '../engine.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function spansMigration(engine: Engine) {
  const { table } = ddlFor(engine)
  const byKey = engine === 'sqlite' ? ', WITHOUT ROWID' : ''
  return migrationOf([
    `${table(
      'folded_spans',
      `organisation_id INT NOT NULL, span TEXT NOT NULL, start INT NOT NULL, records INT NOT NULL,
       PRIMARY KEY (organisation_id, span, start)`,
    )}${byKey}`,
    // The table itself stays, for processes of before that still run beside this one; they read quarter hours.
    'DELETE FROM folded_days',
  ])
}
