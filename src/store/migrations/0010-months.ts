/**
 * Sums of months that were dropped, which a proof begins with. On PostgreSQL records and transactions are cut by month
 * from here on: the table that was there becomes the part of everything up to the end of this month.
 */
import { type Kysely, sql } from 'kysely'
import type { Engine } from '../engine.ts'
import { cutByMonth, keepOut, makeMonth, type Run } from '../month-tables.ts'
import { BY_MONTH, MONTHS_AHEAD, monthAt } from '../months.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function monthsMigration(engine: Engine) {
  const { table, appendOnly } = ddlFor(engine)
  const carried = migrationOf([
    table(
      'carried_sums',
      `organisation_id INT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, month TEXT NOT NULL, sums TEXT NOT NULL,
       PRIMARY KEY (organisation_id, kind, subject, month)`,
    ),
    ...appendOnly(['carried_sums']),
  ])
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await carried.up(db)
      if (engine === 'sqlite') return
      await migrationOf([
        table(
          'usage_keys',
          `organisation_id INT NOT NULL, dedupe_key TEXT NOT NULL, usage_record_id INT NOT NULL, code TEXT NOT NULL,
           transaction_id INT, payload_hash TEXT, PRIMARY KEY (organisation_id, dedupe_key)`,
        ),
        ...appendOnly(['usage_keys']),
      ]).up(db)
      await cutAll((text) =>
        sql
          .raw<Record<string, unknown>>(text)
          .execute(db)
          .then(({ rows }) => rows),
      )
    },
  }
}

async function cutAll(run: Run): Promise<void> {
  // Processes of the version before may be at work.
  await keepOut(run, BY_MONTH)
  await run('SET LOCAL lock_timeout = 0')
  await run(`INSERT INTO usage_keys ${KEYS_OF} FROM usage_records t WHERE dedupe_key IS NOT NULL`)
  const [clock] = await run("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS today")
  const today = Date.parse(String(clock?.today))
  for (const table of BY_MONTH) {
    await cutByMonth(run, table, monthAt(today))
    for (let later = 1; later <= MONTHS_AHEAD; later++) await makeMonth(run, table, monthAt(today, later))
  }
  await run(KEEP_KEY)
  await run(
    `CREATE TRIGGER usage_records_keep_key AFTER INSERT ON usage_records FOR EACH ROW
     WHEN (NEW.dedupe_key IS NOT NULL) EXECUTE FUNCTION keep_usage_key()`,
  )
}

const KEYS_OF = 'SELECT t.organisation_id, t.dedupe_key, t.id, t.code, t.transaction_id, t.payload_hash'

/** By trigger, so that whoever inserts keeps the promise: also a process of the version before, beside this one. */
const KEEP_KEY = `CREATE FUNCTION keep_usage_key() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO usage_keys VALUES
      (NEW.organisation_id, NEW.dedupe_key, NEW.id, NEW.code, NEW.transaction_id, NEW.payload_hash);
    RETURN NULL;
  END $$`
