/** Budgets that people set: thresholds, templates, rules that are to come; what was told of them. */
import type { Engine } from '../engine.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function budgetsMigration(engine: Engine) {
  const { table, column, appendOnly } = ddlFor(engine)
  return migrationOf([
    ...[
      'scope_name TEXT',
      "thresholds TEXT NOT NULL DEFAULT ''",
      'reserve_mode TEXT',
      'template_id INT',
      'since INT NOT NULL DEFAULT 0',
      'coming TEXT',
      'updated_at INT',
    ].map((definition) => column('budgets', definition)),
    ...[
      'overshoot INT NOT NULL DEFAULT 0',
      'version INT NOT NULL DEFAULT 0',
      "fired TEXT NOT NULL DEFAULT ''",
      'blocked_at INT',
    ].map((definition) => column('budget_counters', definition)),
    'CREATE INDEX budgets_living ON budgets (organisation_id, source, id) WHERE deleted_at IS NULL',
    // One budget of its own for each end user of a template, whoever meets them first.
    `CREATE UNIQUE INDEX budgets_of_template ON budgets (organisation_id, template_id, scope_id)
     WHERE template_id IS NOT NULL AND deleted_at IS NULL`,
    table(
      'alert_firings',
      `budget_id INT NOT NULL, window_start INT NOT NULL, threshold INT NOT NULL, budget_version INT NOT NULL,
       organisation_id INT NOT NULL, value INT NOT NULL, at INT NOT NULL, event_id INT NOT NULL,
       PRIMARY KEY (budget_id, window_start, threshold, budget_version)`,
    ),
    ...appendOnly(['alert_firings']),
    "CREATE INDEX reservations_dying ON reservations (organisation_id, dead_at) WHERE kind = 'api'",
  ])
}
