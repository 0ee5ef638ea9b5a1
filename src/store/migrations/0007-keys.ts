/** Keys have an id that outlives their secret, what they may call, and when they were last used. */
import { hash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { codeAt, idRange, idTime } from '../../lib/id.ts'
import type { Engine } from '../engine.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function keysMigration(engine: Engine) {
  const { column } = ddlFor(engine)
  const shared = (table: string) => [
    column(table, "code TEXT NOT NULL DEFAULT ''"),
    column(table, 'previous_hash TEXT'),
    column(table, 'previous_until INT'),
    column(table, 'last_used_at INT'),
    `CREATE UNIQUE INDEX ${table}_by_previous ON ${table} (previous_hash) WHERE previous_hash IS NOT NULL`,
  ]
  const statements = migrationOf([
    ...shared('api_keys'),
    column('api_keys', 'allowed_models TEXT'),
    column('api_keys', 'include_usage INT NOT NULL DEFAULT 0'),
    column('api_keys', 'default_user TEXT'),
    column('api_keys', 'default_metadata TEXT'),
    ...shared('management_keys'),
    column('management_keys', 'id INT NOT NULL DEFAULT 0'),
    column('management_keys', "label TEXT NOT NULL DEFAULT 'mk-tp-...'"),
    column('management_keys', 'updated_at INT'),
    column('management_keys', 'deleted_at INT'),
    'CREATE INDEX management_keys_by_organisation ON management_keys (organisation_id, id)',
    // PostgreSQL's key begins with the organisation already.
    ...(engine === 'sqlite' ? ['CREATE INDEX audit_log_by_time ON audit_log (organisation_id, id)'] : []),
  ])
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await statements.up(db)
      await nameKeys(db)
    },
  }
}

/** Keys that were there before get the ids that they would have been made with. Numbers travel as text: a driver may count in floats. */
async function nameKeys(db: Kysely<unknown>): Promise<void> {
  const keys = await sql<{ hash: string; id: string }>`SELECT hash, CAST(id AS TEXT) AS id FROM api_keys`.execute(db)
  for (const { hash: name, id } of keys.rows)
    await sql`UPDATE api_keys SET code = ${codeAt(idTime(BigInt(id)), seedOf(name))} WHERE hash = ${name}`.execute(db)
  const managers = await sql<{
    hash: string
    at: string
  }>`SELECT hash, CAST(created_at AS TEXT) AS at FROM management_keys ORDER BY created_at, hash`.execute(db)
  for (const [index, { hash: name, at }] of managers.rows.entries()) {
    const id = idRange(Number(at), Number(at)).from + BigInt(index)
    await sql`UPDATE management_keys SET id = CAST(${id.toString()} AS BIGINT), code = ${codeAt(idTime(id), seedOf(name))} WHERE hash = ${name}`.execute(
      db,
    )
  }
}

const seedOf = (text: string): Uint8Array => hash('sha256', `id of ${text}`, 'buffer')
