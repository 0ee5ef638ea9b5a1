/** Reads whole tables in pages by their key, for proofs, and rewrites single cells of caches. */
import { type RawBuilder, sql } from 'kysely'
import { ledBy } from './engine.ts'
import type { Store } from './store.ts'
import type { Cell, Table } from './table.ts'

const PAGE_ROWS = 2_000

type Reader = Pick<Store, 'engine' | 'sql' | 'rows'>

/** All rows of a table in the order of their key, a page at a time. `key`: the columns that name a row; by default its number. */
export async function* eachPage<R>(
  store: Reader,
  table: Table<R>,
  key: readonly string[] = ledBy(store.engine, ['id']),
): AsyncGenerator<R[]> {
  const columns = listOf(table.columns)
  const order = listOf(key)
  let after: RawBuilder<unknown> | undefined
  for (;;) {
    const query = sql<
      Record<string, Cell>
    >`SELECT ${columns} FROM ${sql.table(table.name)} ${after ?? sql``} ORDER BY ${order} LIMIT ${PAGE_ROWS}`
    const rows = await store.rows({ compile: () => query.compile(store.sql) })
    const last = rows.at(-1)
    if (last) yield rows.map((row) => table.row(table.columns.map((column) => row[column] ?? null)))
    if (!last || rows.length < PAGE_ROWS) return
    after = sql`WHERE (${order}) > (${sql.join(key.map((column) => last[column]))})`
  }
}

/** Rows by their numbers, or by what else names them; the organisations are named since the index begins with them. */
export async function findAll<R>(
  store: Reader,
  table: Table<R>,
  keys: readonly { organisationId: bigint; id: bigint | string }[],
  column = 'id',
): Promise<R[]> {
  if (keys.length === 0) return []
  const organisations = sql.join([...new Set(keys.map(({ organisationId }) => organisationId))])
  const ids = sql.join([...new Set(keys.map(({ id }) => id))])
  const where = sql`organisation_id IN (${organisations}) AND ${sql.ref(column)} IN (${ids})`
  const query = sql<Record<string, Cell>>`SELECT ${listOf(table.columns)} FROM ${sql.table(table.name)} WHERE ${where}`
  const rows = await store.rows({ compile: () => query.compile(store.sql) })
  return rows.map((row) => table.row(table.columns.map((column) => row[column] ?? null)))
}

/** Budgets that still bind. */
export async function livingBudgetIds(store: Reader): Promise<Set<bigint>> {
  const rows = await store.rows(store.sql.selectFrom('budgets').select('id').where('deleted_at', 'is', null))
  return new Set(rows.map(({ id }) => id))
}

/** Reservations of the credits API that were charged more than once. */
export async function chargedTwice(store: Reader): Promise<{ reservationId: bigint; times: bigint }[]> {
  const { fn } = store.sql
  const query = store.sql
    .selectFrom('transactions')
    .select(['reservation_id', fn.countAll<bigint>().as('times')])
    .where('type', '=', 'usage')
    .where('reservation_id', 'is not', null)
    .groupBy('reservation_id')
    .having(fn.countAll(), '>', 1n)
  const rows = await store.rows(query)
  return rows.map(({ reservation_id, times }) => ({ reservationId: reservation_id ?? 0n, times: BigInt(times) }))
}

/**
 * Confirmations whose amount was the charge of their usage, where the two are not the same. A record that a caller told
 * has a charge of its own only then.
 */
export async function mischarged(store: Reader): Promise<{ transactionId: bigint; charged: bigint; told: bigint }[]> {
  const rows = await store.rows(
    store.sql
      .selectFrom('usage_records as u')
      .innerJoin('transactions as t', (join) =>
        join.onRef('t.id', '=', 'u.transaction_id').onRef('t.organisation_id', '=', 'u.organisation_id'),
      )
      .where('u.payload_hash', 'is not', null)
      .where('u.charge_nanos', 'is not', null)
      // Some of their usage went with its month.
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('carried_sums as c')
              .select('c.subject')
              .whereRef('c.organisation_id', '=', 't.organisation_id')
              .where('c.kind', '=', 'told')
              .where('c.subject', '=', sql<string>`CAST(t.id AS TEXT)`),
          ),
        ),
      )
      .groupBy(['t.id', 't.amount_nanos', 't.written_off_nanos'])
      .having(({ eb, fn }) =>
        eb(fn.sum<bigint>('u.charge_nanos'), '!=', eb('t.amount_nanos', '+', eb.ref('t.written_off_nanos'))),
      )
      .select(['t.id', 't.amount_nanos', 't.written_off_nanos'])
      .select(({ fn }) => fn.sum<bigint>('u.charge_nanos').as('told')),
  )
  return rows.map((row) => ({
    transactionId: row.id,
    charged: row.amount_nanos + row.written_off_nanos,
    told: BigInt(row.told),
  }))
}

/** Until when each node has said that it lives. */
export async function leases(store: Reader): Promise<Map<number, number>> {
  const rows = await store.rows(store.sql.selectFrom('nodes').select(['id', 'lease_until']))
  return new Map(rows.map((row) => [Number(row.id), Number(row.lease_until)]))
}

export type Correction = {
  readonly table: string
  readonly row: Readonly<Record<string, Cell>>
  /** By how much each cell is off: added, so that what a live server writes meanwhile is kept. */
  readonly off: Readonly<Record<string, bigint>>
  /** The row may be missing: it is made first, with 0 in these columns. */
  readonly zeros?: readonly string[]
}

export async function correct(store: Pick<Store, 'write' | 'sql'>, corrections: readonly Correction[]): Promise<void> {
  const queries = corrections.flatMap(({ table, row, off, zeros }) => {
    const where = sql.join(
      Object.entries(row).map(([column, cell]) => sql`${sql.ref(column)} = ${cell}`),
      sql` AND `,
    )
    const change = sql.join(
      Object.entries(off).map(([column, by]) => sql`${sql.ref(column)} = ${sql.ref(column)} + ${by}`),
    )
    const update = sql`UPDATE ${sql.table(table)} SET ${change} WHERE ${where}`
    if (!zeros) return [update]
    const names = listOf([...Object.keys(row), ...zeros])
    const cells = sql.join([...Object.values(row), ...zeros.map(() => 0n)])
    return [sql`INSERT INTO ${sql.table(table)} (${names}) VALUES (${cells}) ON CONFLICT DO NOTHING`, update]
  })
  await store.write(queries.map((query) => ({ compile: () => query.compile(store.sql) })))
}

const listOf = (columns: readonly string[]) => sql.join(columns.map((column) => sql.ref(column)))
