/** How tables are written for both engines: 64-bit integers, strict columns, the organisation in front. */
import { type Kysely, sql } from 'kysely'
import type { Engine } from '../engine.ts'

export type Ddl = {
  table(name: string, columns: string): string
  /** A table whose rows belong to an organisation: the columns begin behind `id` and `organisation_id`. */
  owned(name: string, columns: string): string
  /** What is there may be read and added to, never changed or taken away. */
  appendOnly(names: readonly string[]): string[]
  /** One more column of a table that is there: name, type, default. */
  column(table: string, definition: string): string
}

export function ddlFor(engine: Engine): Ddl {
  const isSqlite = engine === 'sqlite'
  const typed = (text: string) =>
    text
      .replace(/\bINT\b/g, isSqlite ? 'INTEGER' : 'BIGINT')
      .replace(/\s+/g, ' ')
      .trim()
  const table = (name: string, columns: string) =>
    `CREATE TABLE ${name} (${typed(columns)})${isSqlite ? ' STRICT' : ''}`
  // SQLite keeps rows in the order of their number; elsewhere the organisation leads, so that tables can be distributed.
  const id = isSqlite ? 'id INTEGER PRIMARY KEY' : 'id BIGINT NOT NULL'
  const key = isSqlite ? '' : ', PRIMARY KEY (organisation_id, id)'
  return {
    table,
    owned: (name, columns) => table(name, `${id}, organisation_id INT NOT NULL, ${columns}${key}`),
    appendOnly: (names) => names.flatMap(isSqlite ? refusedBySqlite : refusedByPostgres),
    column: (name, definition) => `ALTER TABLE ${name} ADD COLUMN ${typed(definition)}`,
  }
}

const refusedBySqlite = (name: string): string[] =>
  ['UPDATE', 'DELETE'].map(
    (verb) =>
      `CREATE TRIGGER ${name}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${name} BEGIN SELECT RAISE(ABORT, '${name} is append-only'); END`,
  )

/** `refuse_change()` is there since the first migration. */
const refusedByPostgres = (name: string): string[] => [
  `CREATE TRIGGER ${name}_append_only BEFORE UPDATE OR DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION refuse_change()`,
  `CREATE TRIGGER ${name}_no_truncate BEFORE TRUNCATE ON ${name} EXECUTE FUNCTION refuse_change()`,
]

/** A migration of statements alone. */
export const migrationOf = (statements: readonly string[]) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
})
