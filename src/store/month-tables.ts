/** The statements that cut a table by month, make a month's part, and put aside what fits none. */

import { type ByMonth, idsOfMonth, type Month, monthAt, monthNamed, monthOf, partOf, restOf } from './months.ts'
import { isHeld } from './postgres-faults.ts'

/** Runs one statement and gives its rows. */
export type Run = (text: string, values?: readonly unknown[]) => Promise<readonly Readonly<Record<string, unknown>>[]>

/** The months of a table that were made, in their order. */
export async function monthsOf(run: Run, table: ByMonth): Promise<Month[]> {
  const rows = await run(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = '${table}'::regclass ORDER BY c.relname`,
  )
  return rows.flatMap(({ name }) => {
    const own = String(name).slice(table.length + 1)
    return /^[0-9]{4}_[0-9]{2}$/.test(own) ? [monthNamed(own)] : []
  })
}

/** A table of the same shape that is no part yet. What refuses to empty it holds from the beginning. */
const likeTable = (table: ByMonth, name: string): string[] => [
  `CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING INDEXES)`,
  `CREATE TRIGGER ${name}_no_truncate BEFORE TRUNCATE ON ${name} EXECUTE FUNCTION refuse_change()`,
]

const makeRest = (table: ByMonth): string[] => [
  ...likeTable(table, restOf(table)),
  `ALTER TABLE ${table} ATTACH PARTITION ${restOf(table)} DEFAULT`,
]

const within = (month: Month): string => {
  const { from, to } = idsOfMonth(month)
  return `id >= ${from} AND id < ${to}`
}

/**
 * Makes a month's part. Rows of it that had no place move there: copied while others go on writing, then, for as long as
 * the second look takes, nobody writes beside them.
 */
export async function makeMonth(run: Run, table: ByMonth, month: Month): Promise<{ moved: number }> {
  const [name, rest] = [partOf(table, month), restOf(table)]
  const { from, to } = idsOfMonth(month)
  for (const text of likeTable(table, name)) await run(text)
  const [found] = await run(`SELECT EXISTS (SELECT 1 FROM ${rest} WHERE ${within(month)})::int AS some`)
  if (Number(found?.some) === 1) await run(`INSERT INTO ${name} SELECT * FROM ${rest} WHERE ${within(month)}`)
  await run(`LOCK TABLE ${rest} IN ACCESS EXCLUSIVE MODE`)
  await run(`INSERT INTO ${name} SELECT * FROM ${rest} r WHERE ${within(month)}
    AND NOT EXISTS (SELECT 1 FROM ${name} n WHERE n.organisation_id = r.organisation_id AND n.id = r.id)`)
  const [counted] = await run(`SELECT count(*)::int AS rows FROM ${name}`)
  const moved = Number(counted?.rows ?? 0)
  if (moved > 0) for (const text of takenOut(rest, within(month))) await run(text)
  await run(`ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`)
  return { moved }
}

/** The first month, up to the current one, whose rows lie in no month. What is late for a month that went stays where it is. */
export async function strayMonth(run: Run, table: ByMonth, kept: number, now: number): Promise<Month | undefined> {
  const [from, to] = [idsOfMonth(monthAt(kept)).from, idsOfMonth(monthAt(now)).to]
  const [row] = await run(`SELECT MIN(id) AS id FROM ${restOf(table)} WHERE id >= ${from} AND id < ${to}`)
  return row?.id === null || row?.id === undefined ? undefined : monthOf(BigInt(String(row.id)))
}

/** Rows that have their place elsewhere by now: history moves, and nothing of it goes. */
const takenOut = (name: string, where: string): string[] => [
  `ALTER TABLE ${name} DISABLE TRIGGER USER`,
  `DELETE FROM ${name} WHERE ${where}`,
  `ALTER TABLE ${name} ENABLE TRIGGER USER`,
]

/** Of a table with nothing in it: cut from that month on, in place of the one part that holds all that was before. */
export async function cutFrom(run: Run, table: ByMonth, first: Month): Promise<void> {
  const [all] = await monthsOf(run, table)
  if (!all || all.start <= first.start) return
  await run(`DROP TABLE ${partOf(table, all)}`)
  for (let month = first; month.start <= all.start; month = monthAt(month.end)) {
    const name = partOf(table, month)
    const { from, to } = idsOfMonth(month)
    for (const text of likeTable(table, name)) await run(text)
    const least = month === first ? 'MINVALUE' : `'${from}'`
    await run(`ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${least}) TO ('${to}')`)
  }
}

/**
 * Makes a table one that is cut by month: what is there becomes the part of everything up to the end of the month, as it
 * lies; only rows that claim to be of later have to move.
 */
export async function cutByMonth(run: Run, table: ByMonth, current: Month): Promise<void> {
  const first = partOf(table, current)
  const { to } = idsOfMonth(current)
  const indexes = await run(
    `SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS text, i.indisunique::int AS only_one
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = '${table}'::regclass`,
  )
  await run(`ALTER TABLE ${table} RENAME TO ${first}`)
  for (const { name } of indexes) await run(`ALTER INDEX ${name} RENAME TO ${name}_${current.name}`)
  await run(`DROP TRIGGER ${table}_append_only ON ${first}`)
  await run(`ALTER TRIGGER ${table}_no_truncate ON ${first} RENAME TO ${first}_no_truncate`)
  await run(
    `CREATE TABLE ${table} (LIKE ${first} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE) PARTITION BY RANGE (id)`,
  )
  await run(`ALTER TABLE ${table} ADD PRIMARY KEY (organisation_id, id)`)
  // What is to be unique and is no part of the key is kept in a table of its own.
  for (const { text, only_one } of indexes) if (Number(only_one) === 0) await run(String(text))
  await run(`CREATE TEMP TABLE later ON COMMIT DROP AS SELECT * FROM ${first} WHERE id >= ${to}`)
  await run(`DELETE FROM ${first} WHERE id >= ${to}`)
  await run(`ALTER TABLE ${table} ATTACH PARTITION ${first} FOR VALUES FROM (MINVALUE) TO ('${to}')`)
  for (const text of makeRest(table)) await run(text)
  await run(`INSERT INTO ${table} SELECT * FROM later`)
  await run('DROP TABLE later')
  await run(
    `CREATE TRIGGER ${table}_append_only BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_change()`,
  )
  await run(`CREATE TRIGGER ${table}_no_truncate BEFORE TRUNCATE ON ${table} EXECUTE FUNCTION refuse_change()`)
}

/** Given up before PostgreSQL would look for a deadlock and fail somebody's batch; then tried again. */
const WAIT_MS = 400
const PAUSE_SECONDS = 0.6
const TRIES = 100

/**
 * Keeps everybody out of the tables until the transaction ends. Whoever is at work goes on: nobody waits longer for us
 * than a moment at a time.
 */
export const keepOut = (run: Run, tables: readonly string[]): Promise<void> =>
  lockAll(
    run,
    tables.map((table) => `LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`),
  )

/** Takes all these locks, or none for as long as somebody is in the way of one. */
export async function lockAll(run: Run, locks: readonly string[]): Promise<void> {
  await run('SAVEPOINT keep_out')
  for (let tried = 1; ; tried++) {
    try {
      await waitShortly(run)
      for (const lock of locks) await run(lock)
      break
    } catch (error) {
      await run('ROLLBACK TO SAVEPOINT keep_out')
      if (!isHeld(error) || tried >= TRIES) throw error
      await run(`SELECT pg_sleep(${PAUSE_SECONDS})`)
    }
  }
  await run('RELEASE SAVEPOINT keep_out')
}

/** From here on what somebody else holds is not waited for. */
export const waitShortly = (run: Run) => run(`SET LOCAL lock_timeout = ${WAIT_MS}`)
