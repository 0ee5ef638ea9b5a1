/** Migrations run at start, forward only; a migration that this version does not know refuses to start. */
import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Engine } from './engine.ts'
import type { MIGRATION_NAMES } from './migration-names.ts'
import { ledgerMigration } from './migrations/0001-ledger.ts'
import { eventsMigration } from './migrations/0002-events.ts'
import { creditRateMigration } from './migrations/0003-credit-rate.ts'
import { budgetsMigration } from './migrations/0004-budgets.ts'
import { alertsMigration } from './migrations/0005-alerts.ts'
import { reportsMigration } from './migrations/0006-reports.ts'
import { keysMigration } from './migrations/0007-keys.ts'
import { credentialsMigration } from './migrations/0008-credentials.ts'
import { membersMigration } from './migrations/0009-members.ts'
import { monthsMigration } from './migrations/0010-months.ts'
import { spansMigration } from './migrations/0011-spans.ts'
import { organisationFirstMigration } from './migrations/0012-organisation-first.ts'
import { StoreUnusable } from './store.ts'

export const migrations = (engine: Engine): Record<(typeof MIGRATION_NAMES)[number], Migration> => ({
  '0001-ledger': ledgerMigration(engine),
  '0002-events': eventsMigration(engine),
  '0003-credit-rate': creditRateMigration,
  '0004-budgets': budgetsMigration(engine),
  '0005-alerts': alertsMigration(engine),
  '0006-reports': reportsMigration(engine),
  '0007-keys': keysMigration(engine),
  '0008-credentials': credentialsMigration(engine),
  '0009-members': membersMigration(engine),
  '0010-months': monthsMigration(engine),
  '0011-spans': spansMigration(engine),
  '0012-organisation-first': organisationFirstMigration(engine),
})

/** All that this version knows, in their order. */

export const migrate = (db: Kysely<unknown>, engine: Engine): Promise<void> => migrateTo(migrations(engine), db)

/** `schema`: where PostgreSQL keeps the tables and the list of what was run; it is made where it is missing. */
export async function migrateTo(known: Record<string, Migration>, db: Kysely<unknown>, schema?: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => known },
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  })
  const { error, results } = await migrator.migrateToLatest()
  if (!error) return
  const text = error instanceof Error ? error.message : String(error)
  const unknown = /previously executed migration (\S+) is missing/.exec(text)?.[1]
  if (unknown)
    throw new StoreUnusable(
      `the database was migrated by a newer Turnpike (${unknown}, this one knows ${Object.keys(known).at(-1)}). Start that version; nothing was changed`,
    )
  const failed = results?.find(({ status }) => status === 'Error')?.migrationName
  throw new StoreUnusable(`migration ${failed ?? ''} failed: ${text}`, { cause: error })
}
