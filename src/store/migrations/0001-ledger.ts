/**
 * The first schema. Integers are 64-bit, money is nano-dollars, instants are milliseconds UTC, JSON is text. Rows that
 * are facts (transactions, usage records, rate cards) refuse UPDATE and DELETE by trigger.
 */
import type { Engine } from '../engine.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export const ledgerMigration = (engine: Engine) =>
  migrationOf([...(engine === 'postgres' ? [REFUSE_CHANGE] : []), ...tables(engine), ...indexes(), ...factsOf(engine)])

function tables(engine: Engine): string[] {
  const { table, owned } = ddlFor(engine)
  return [
    table('settings', 'name TEXT PRIMARY KEY, value TEXT NOT NULL'),
    table(
      'organisations',
      'id INT NOT NULL PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, time_zone TEXT NOT NULL, created_at INT NOT NULL',
    ),
    table('nodes', 'id INT NOT NULL PRIMARY KEY, name TEXT NOT NULL, lease_until INT NOT NULL'),
    owned(
      'accounts',
      `code TEXT NOT NULL, external_id TEXT NOT NULL, name TEXT NOT NULL, email TEXT, metadata TEXT,
       status TEXT NOT NULL, overage TEXT NOT NULL, reserve_mode TEXT, overdraft_nanos INT NOT NULL CHECK (overdraft_nanos >= 0),
       posted_nanos INT NOT NULL, reserved_nanos INT NOT NULL CHECK (reserved_nanos >= 0), last_at INT NOT NULL,
       created_at INT NOT NULL, updated_at INT NOT NULL, UNIQUE (organisation_id, external_id)`,
    ),
    owned(
      'api_keys',
      `hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, label TEXT NOT NULL, account_id INT, disabled INT NOT NULL, deleted_at INT,
       expires_at INT, limit_budget_id INT, include_byok_in_limit INT NOT NULL, created_at INT NOT NULL, updated_at INT`,
    ),
    table(
      'management_keys',
      'hash TEXT PRIMARY KEY, organisation_id INT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, disabled INT NOT NULL, created_at INT NOT NULL',
    ),
    table(
      'key_usage',
      `api_key_id INT NOT NULL PRIMARY KEY, organisation_id INT NOT NULL, total_nanos INT NOT NULL, byok_total_nanos INT NOT NULL,
       day INT NOT NULL, day_nanos INT NOT NULL, byok_day_nanos INT NOT NULL,
       week INT NOT NULL, week_nanos INT NOT NULL, byok_week_nanos INT NOT NULL,
       month INT NOT NULL, month_nanos INT NOT NULL, byok_month_nanos INT NOT NULL`,
    ),
    owned(
      'grants',
      `code TEXT NOT NULL, account_id INT NOT NULL, category TEXT NOT NULL, amount_nanos INT NOT NULL CHECK (amount_nanos > 0),
       remaining_nanos INT NOT NULL CHECK (remaining_nanos >= 0), reserved_nanos INT NOT NULL CHECK (reserved_nanos >= 0 AND reserved_nanos <= remaining_nanos),
       priority INT NOT NULL, effective_at INT NOT NULL, expires_at INT, payment_id TEXT, created_at INT NOT NULL`,
    ),
    owned(
      'transactions',
      `code TEXT NOT NULL, type TEXT NOT NULL, account_id INT NOT NULL, amount_nanos INT NOT NULL CHECK (amount_nanos >= 0), reverses_id INT,
       reservation_id INT, usage_record_id INT, grant_id INT, balance_after_nanos INT NOT NULL, written_off_nanos INT NOT NULL,
       occurred_at INT NOT NULL, booked_at INT NOT NULL, actor TEXT NOT NULL, description TEXT, metadata TEXT, entries TEXT NOT NULL`,
    ),
    ...['reservations', 'ended_reservations'].map((name) =>
      owned(
        name,
        `code TEXT NOT NULL, account_id INT, api_key_id INT, kind TEXT NOT NULL, owner INT, status TEXT NOT NULL,
         amount_nanos INT NOT NULL CHECK (amount_nanos >= 0), quote_nanos INT NOT NULL, admitted_at INT NOT NULL, expires_at INT, dead_at INT,
         allocations TEXT NOT NULL, holds TEXT NOT NULL, context TEXT NOT NULL, fingerprint TEXT, result TEXT`,
      ),
    ),
    table('reservation_progress', 'reservation_id INT NOT NULL PRIMARY KEY, output_tokens INT NOT NULL'),
    owned(
      'usage_records',
      `code TEXT NOT NULL, kind TEXT NOT NULL, context TEXT NOT NULL, account_id INT, transaction_id INT, api_key_id INT,
       model TEXT NOT NULL, provider TEXT NOT NULL, status TEXT NOT NULL, source TEXT NOT NULL,
       input_tokens INT NOT NULL, cached_tokens INT NOT NULL, cache_write_tokens INT NOT NULL, output_tokens INT NOT NULL, reasoning_tokens INT NOT NULL,
       counts TEXT NOT NULL, flags TEXT NOT NULL, rate_card_id TEXT, cost_nanos INT, charge_nanos INT, cost_exact TEXT, charge_exact TEXT,
       items TEXT NOT NULL, is_byok INT NOT NULL, admitted_at INT NOT NULL, occurred_at INT NOT NULL, recorded_at INT NOT NULL,
       latency_ms INT, first_token_ms INT, details_hash TEXT, generation TEXT NOT NULL,
       usage_type TEXT NOT NULL, description TEXT, metadata TEXT, sequence INT, dedupe_key TEXT, payload_hash TEXT`,
    ),
    table(
      'call_details',
      `hash TEXT NOT NULL, organisation_id INT NOT NULL, end_user TEXT, session_id TEXT, user_agent TEXT, referer TEXT, title TEXT,
       metadata TEXT, created_at INT NOT NULL, PRIMARY KEY (organisation_id, hash)`,
    ),
    table(
      'token_counts',
      'usage_record_id INT NOT NULL PRIMARY KEY, organisation_id INT NOT NULL, prompt INT, completion INT',
    ),
    table(
      'rate_cards',
      'id TEXT PRIMARY KEY, source TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, card TEXT NOT NULL, known_from INT NOT NULL',
    ),
    table(
      'idempotency',
      `organisation_id INT NOT NULL, principal TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
       state TEXT NOT NULL, outcome TEXT NOT NULL, created_at INT NOT NULL, PRIMARY KEY (organisation_id, principal, operation, key)`,
    ),
    owned(
      'budgets',
      `code TEXT NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL, scope TEXT NOT NULL, scope_id TEXT NOT NULL, metric TEXT NOT NULL,
       limit_quantity INT NOT NULL CHECK (limit_quantity >= 0), window_kind TEXT NOT NULL, time_zone TEXT NOT NULL, week_start INT NOT NULL,
       anchor_day INT NOT NULL, action TEXT NOT NULL, version INT NOT NULL, deleted_at INT, created_at INT NOT NULL`,
    ),
    table(
      'budget_counters',
      `budget_id INT NOT NULL, window_start INT NOT NULL, window_end INT, organisation_id INT NOT NULL,
       spent INT NOT NULL, reserved INT NOT NULL CHECK (reserved >= 0), PRIMARY KEY (budget_id, window_start)`,
    ),
    owned(
      'plans',
      `code TEXT NOT NULL, name TEXT NOT NULL, amount_nanos INT NOT NULL CHECK (amount_nanos > 0), interval_text TEXT NOT NULL,
       occurrences INT, accumulate INT NOT NULL, is_active INT NOT NULL, created_at INT NOT NULL`,
    ),
    owned(
      'plan_assignments',
      `code TEXT NOT NULL, account_id INT NOT NULL, plan_id INT NOT NULL, starts_at INT NOT NULL, next_at INT,
       granted INT NOT NULL, ended_at INT`,
    ),
    table(
      'rollups',
      `organisation_id INT NOT NULL, quarter INT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL, context TEXT NOT NULL, status TEXT NOT NULL,
       requests INT NOT NULL, input_tokens INT NOT NULL, cached_tokens INT NOT NULL, output_tokens INT NOT NULL, reasoning_tokens INT NOT NULL,
       cost_nanos INT NOT NULL, charge_nanos INT NOT NULL, unpriced INT NOT NULL, estimated INT NOT NULL,
       PRIMARY KEY (organisation_id, quarter, model, provider, context, status)`,
    ),
  ]
}

const indexes = (): string[] => [
  'CREATE INDEX api_keys_by_organisation ON api_keys (organisation_id, id)',
  'CREATE INDEX grants_living ON grants (account_id) WHERE (remaining_nanos > 0 OR reserved_nanos > 0)',
  'CREATE UNIQUE INDEX grants_by_payment ON grants (organisation_id, payment_id) WHERE payment_id IS NOT NULL',
  'CREATE UNIQUE INDEX plan_assignments_active ON plan_assignments (organisation_id, account_id) WHERE ended_at IS NULL',
  'CREATE INDEX plan_assignments_due ON plan_assignments (next_at) WHERE next_at IS NOT NULL',
  'CREATE INDEX transactions_by_account ON transactions (organisation_id, account_id, id)',
  'CREATE INDEX transactions_by_grant ON transactions (grant_id) WHERE grant_id IS NOT NULL',
  'CREATE INDEX transactions_reversing ON transactions (reverses_id) WHERE reverses_id IS NOT NULL',
  "CREATE INDEX reservations_mortal ON reservations (account_id, dead_at) WHERE kind = 'api'",
  'CREATE INDEX usage_records_by_account ON usage_records (organisation_id, account_id, id) WHERE account_id IS NOT NULL',
  'CREATE UNIQUE INDEX usage_records_by_key ON usage_records (organisation_id, dedupe_key) WHERE dedupe_key IS NOT NULL',
  'CREATE INDEX usage_records_told ON usage_records (transaction_id, payload_hash) WHERE payload_hash IS NOT NULL',
]

/** History is not edited: a correction is a new row. */
const factsOf = (engine: Engine): string[] => ddlFor(engine).appendOnly(['transactions', 'usage_records', 'rate_cards'])

const REFUSE_CHANGE = `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$`
