/**
 * On PostgreSQL the organisation leads the key of every table whose rows belong to one. Keys that the version before
 * names in its statements stay as indexes, for processes of it that run beside this one; the next version drops them.
 */
import { type Kysely, sql } from 'kysely'
import type { Engine } from '../engine.ts'
import { keepOut, type Run } from '../month-tables.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function organisationFirstMigration(engine: Engine) {
  const { column } = ddlFor(engine)
  const progress = migrationOf([
    column('reservation_progress', 'organisation_id INT'),
    'DELETE FROM reservation_progress WHERE NOT EXISTS (SELECT 1 FROM reservations r WHERE r.id = reservation_id)',
    `UPDATE reservation_progress SET organisation_id =
     (SELECT r.organisation_id FROM reservations r WHERE r.id = reservation_id)`,
  ])
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      // SQLite keeps its keys; that both engines have the same columns is what moves one to the other.
      if (engine === 'sqlite') return progress.up(db)
      const run: Run = (text) =>
        sql
          .raw<Record<string, unknown>>(text)
          .execute(db)
          .then(({ rows }) => rows)
      for (const table of BESIDE_CALLS) await makeLed(run, table)
      // Nobody writes them from here on; what is at work goes on, and the order of a batch is not waited against.
      await keepOut(run, Object.keys(KEYS))
      await progress.up(db)
      await run(OWN_PROGRESS)
      await run(
        `CREATE TRIGGER reservation_progress_own BEFORE INSERT ON reservation_progress FOR EACH ROW
         WHEN (NEW.organisation_id IS NULL) EXECUTE FUNCTION own_progress()`,
      )
      for (const table of ON_CALLS) await makeLed(run, table)
      for (const [table, key] of Object.entries(KEYS)) {
        await run(
          `ALTER TABLE ${table} DROP CONSTRAINT ${table}_pkey, ADD CONSTRAINT ${table}_pkey PRIMARY KEY USING INDEX ${table}_led`,
        )
        if (NAMED_BEFORE.has(table)) await makeUnique(run, { name: `${table}_before`, table, columns: key })
      }
    },
  }
}

/** The keys, behind the organisation. */
const KEYS = {
  token_counts: 'usage_record_id',
  alert_firings: 'budget_id, window_start, threshold, budget_version',
  reservation_progress: 'reservation_id',
  budget_counters: 'budget_id, window_start',
  key_usage: 'api_key_id',
} as const
type Keyed = keyof typeof KEYS

/** Read by everybody while their index is made; nobody who answers a call waits to write them. */
const BESIDE_CALLS: readonly Keyed[] = ['token_counts']
const ON_CALLS: readonly Keyed[] = ['alert_firings', 'reservation_progress', 'budget_counters', 'key_usage']
/** The others are written with a conflict of any key, and read together with their organisation. */
const NAMED_BEFORE: ReadonlySet<string> = new Set<Keyed>(['reservation_progress', 'budget_counters', 'key_usage'])

const makeLed = (run: Run, table: Keyed): Promise<void> =>
  makeUnique(run, { name: `${table}_led`, table, columns: `organisation_id, ${KEYS[table]}` })

type Unique = { readonly name: string; readonly table: string; readonly columns: string }

/** Whoever has many rows may have made it before, with nobody waiting for it. What was not finished is made anew. */
async function makeUnique(run: Run, { name, table, columns }: Unique): Promise<void> {
  const [found] = await run(
    `SELECT 1 AS found FROM pg_index WHERE indexrelid = to_regclass('${name}') AND indrelid = '${table}'::regclass
     AND indisvalid AND pg_get_indexdef(indexrelid) LIKE 'CREATE UNIQUE INDEX % USING btree (${columns})'`,
  )
  if (found) return
  await run(`DROP INDEX IF EXISTS ${name}`)
  await run(`CREATE UNIQUE INDEX ${name} ON ${table} (${columns})`)
}

/** By trigger, since a process of the version before does not know the column. */
const OWN_PROGRESS = `CREATE FUNCTION own_progress() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    SELECT r.organisation_id INTO NEW.organisation_id FROM reservations r WHERE r.id = NEW.reservation_id;
    RETURN NEW;
  END $$`
