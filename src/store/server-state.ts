/** The database as those who run the server want to know it: what was migrated, how large it is, who else uses it. */
import { sql } from 'kysely'
import { MIGRATION_NAMES } from './migration-names.ts'
import { type Store, StoreTooSlow } from './store.ts'
import { leases } from './whole-tables.ts'

export type MigrationState = {
  readonly applied: readonly string[]
  /** This version brings them, and they have not been run. */
  readonly open: readonly string[]
  /** A newer version has run them. */
  readonly unknown: readonly string[]
}

export async function migrationState(store: Pick<Store, 'engine' | 'sql' | 'rows'>): Promise<MigrationState> {
  const rows = await store.rows({ compile: () => APPLIED.compile(store.sql) })
  const applied = rows.map(({ name }) => name)
  const known: readonly string[] = MIGRATION_NAMES
  return {
    applied,
    open: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  }
}

const APPLIED = sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`

/** Null: it takes too long to find out. */
export async function databaseBytes(store: Pick<Store, 'engine' | 'sql' | 'rows' | 'scan'>): Promise<number | null> {
  const query = { compile: () => SIZES[store.engine].compile(store.sql) }
  try {
    const [row] = store.engine === 'sqlite' ? await store.rows(query) : await store.scan(query, WITHIN_MS)
    return row ? Number(row.bytes) : null
  } catch (error) {
    if (error instanceof StoreTooSlow) return null
    throw error
  }
}

const WITHIN_MS = 2_000

const SIZES = {
  sqlite: sql<{ bytes: bigint }>`SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()`,
  postgres: sql<{ bytes: bigint }>`SELECT pg_database_size(current_database()) AS bytes`,
}

export type LivingNode = { readonly node: number; readonly isThis: boolean; readonly leaseUntil: number }

/** Undefined where a database has one process alone. */
export async function livingNodes(store: Store): Promise<LivingNode[] | undefined> {
  if (store.engine === 'sqlite') return undefined
  const now = store.now()
  return [...(await leases(store))]
    .filter(([, leaseUntil]) => leaseUntil > now)
    .map(([node, leaseUntil]) => ({ node, isThis: node === store.node, leaseUntil }))
    .sort((a, b) => a.node - b.node)
}
