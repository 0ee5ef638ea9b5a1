/**
 * What reports are made of: sums by API key, account, end user and tags, folded from the records of a quarter hour and
 * of a day, and how many records each was folded from. Personal text stands once, so that it can be taken away.
 */
import type { Engine } from '../engine.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function reportsMigration(engine: Engine) {
  const { table, column } = ddlFor(engine)
  // The rows of a span lie together, where the engine lets the key say how rows lie.
  const byKey = engine === 'sqlite' ? ', WITHOUT ROWID' : ''
  return migrationOf([
    column('usage_records', 'cache_saving_nanos INT NOT NULL DEFAULT 0'),
    'CREATE INDEX usage_records_by_time ON usage_records (organisation_id, occurred_at, id)',
    column('rollups', 'cache_saving_nanos INT NOT NULL DEFAULT 0'),
    column('rollups', 'byok_cost_nanos INT NOT NULL DEFAULT 0'),
    column('rollups', 'no_usage INT NOT NULL DEFAULT 0'),
    table(
      'quarters',
      `organisation_id INT NOT NULL, quarter INT NOT NULL, records INT NOT NULL, folded INT NOT NULL DEFAULT 0,
       PRIMARY KEY (organisation_id, quarter)`,
    ),
    'CREATE INDEX quarters_unfolded ON quarters (organisation_id, quarter) WHERE records <> folded',
    table(
      'folded_days',
      'organisation_id INT NOT NULL, day INT NOT NULL, records INT NOT NULL, PRIMARY KEY (organisation_id, day)',
    ),
    `${table(
      'folded_rollups',
      `organisation_id INT NOT NULL, dimension TEXT NOT NULL, span TEXT NOT NULL, start INT NOT NULL, value TEXT NOT NULL,
       model TEXT NOT NULL, provider TEXT NOT NULL, context TEXT NOT NULL, status TEXT NOT NULL,
       requests INT NOT NULL, input_tokens INT NOT NULL, cached_tokens INT NOT NULL, output_tokens INT NOT NULL, reasoning_tokens INT NOT NULL,
       cost_nanos INT NOT NULL, charge_nanos INT NOT NULL, cache_saving_nanos INT NOT NULL, byok_cost_nanos INT NOT NULL,
       unpriced INT NOT NULL, estimated INT NOT NULL, no_usage INT NOT NULL,
       PRIMARY KEY (organisation_id, dimension, span, start, value, model, provider, context, status)`,
    )}${byKey}`,
    'CREATE INDEX folded_rollups_by_value ON folded_rollups (organisation_id, dimension, value, span, start)',
    table(
      'dimension_values',
      `organisation_id INT NOT NULL, dimension TEXT NOT NULL, hash TEXT NOT NULL, value TEXT NOT NULL,
       PRIMARY KEY (organisation_id, dimension, hash)`,
    ),
    BEFORE,
  ])
}

/** Records that were there before count as not folded yet. */
const BEFORE = `INSERT INTO quarters (organisation_id, quarter, records)
  SELECT organisation_id, occurred_at - occurred_at % 900000, COUNT(*) FROM usage_records
  GROUP BY organisation_id, occurred_at - occurred_at % 900000`
