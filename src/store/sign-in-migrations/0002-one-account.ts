/** Of two who bring the same account at the same moment, one does; sign-in finds nobody behind an account that is there twice. */
import type { Engine } from '../engine.ts'
import { migrationOf } from '../migrations/ddl.ts'

export const oneAccountMigration = (engine: Engine) =>
  migrationOf([
    `CREATE UNIQUE INDEX account_by_key ON ${engine === 'sqlite' ? '' : 'auth.'}"account" ("providerId", "accountId")`,
  ])
