/**
 * Set-based SQL over the tables' lists of columns: whatever the number of rows, one statement with one array a column.
 * Each statement has its name, so that a connection parses and plans it once.
 */
import type { ClientBase } from 'pg'
import type { Cell, CellType, Table } from './table.ts'

/** Sends nothing for no keys. `more` are single values, numbered after the key's arrays. */
export type Select<R> = (client: ClientBase, keys: readonly (readonly Cell[])[], ...more: Cell[]) => Promise<R[]>
/** Sends nothing for no rows. */
export type Change<R> = (client: ClientBase, rows: readonly R[]) => Promise<void>

type Selecting = { name: string; from?: string; where?: string; order?: string; lock?: boolean }

/** Rows by key. With `lock` they are locked in the order of `order`, and read as they are once the lock was granted. */
export function selectBy<R>(table: Table<R>, key: readonly string[], how: Selecting): Select<R> {
  const types = typesOf(table, key)
  const text = [
    `SELECT ${table.columns.map((column) => `t.${column}`).join(', ')}`,
    `FROM ${unnest(types)} AS k(${key.join(', ')}) JOIN ${how.from ?? table.name} t ON ${matching(key)}`,
    how.where && `AND ${how.where}`,
    how.order && `ORDER BY ${how.order}`,
    how.lock && 'FOR UPDATE OF t',
  ]
  const send = prepared(how.name, text.filter(Boolean).join(' '))
  return async (client, keys, ...more) => {
    if (keys.length === 0) return []
    return (await send(client, [...arraysOf(keys, types), ...more])).map((cells) => table.row(cells))
  }
}

type Inserting = { name: string; into?: string; conflict?: string }

/** Inserts in the order of the rows, which is the order of the locks on what is inserted. */
export function insert<R>(table: Table<R>, { name, into = table.name, conflict = '' }: Inserting): Change<R> {
  const columns = table.columns.join(', ')
  const text = `INSERT INTO ${into} (${columns}) SELECT * FROM ${unnest(table.types)} ${conflict}`
  return change(name, text, table.types, (row) => table.cells(row))
}

/** Inserts what is missing by its key, and gives it back. */
export function insertMissing<R>(
  table: Table<R>,
  name: string,
): (client: ClientBase, rows: readonly R[]) => Promise<R[]> {
  const columns = table.columns.join(', ')
  const text = `INSERT INTO ${table.name} (${columns}) SELECT * FROM ${unnest(table.types)} ON CONFLICT DO NOTHING RETURNING ${columns}`
  const send = prepared(name, text)
  return async (client, rows) => {
    if (rows.length === 0) return []
    const missing = await send(
      client,
      arraysOf(
        rows.map((row) => table.cells(row)),
        table.types,
      ),
    )
    return missing.map((cells) => table.row(cells))
  }
}

/** Inserts, or takes the place of the row with that key. */
export function replace<R>(table: Table<R>, key: readonly string[], how: Inserting): Change<R> {
  const others = table.columns.filter((column) => !key.includes(column))
  const conflict = `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${others.map((column) => `${column} = excluded.${column}`).join(', ')}`
  return insert(table, { ...how, conflict })
}

/** Inserts, or adds all that is not key to the row with that key. */
export function addTo<R>(table: Table<R>, key: readonly string[], how: Inserting): Change<R> {
  const sums = table.columns.filter((column) => !key.includes(column))
  const added = sums.map((column) => `${column} = ${table.name}.${column} + excluded.${column}`)
  return insert(table, { ...how, conflict: `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${added.join(', ')}` })
}

export function update<R>(table: Table<R>, key: readonly string[], set: readonly string[], name: string): Change<R> {
  const columns = [...key, ...set]
  const types = typesOf(table, columns)
  const text = `UPDATE ${table.name} t SET ${set.map((column) => `${column} = k.${column}`).join(', ')}
    FROM ${unnest(types)} AS k(${columns.join(', ')}) WHERE ${matching(key)}`
  return change(name, text, types, picking(table, columns))
}

export function remove<R>(table: Table<R>, key: readonly string[], name: string): Change<R> {
  const types = typesOf(table, key)
  const text = `DELETE FROM ${table.name} t USING ${unnest(types)} AS k(${key.join(', ')}) WHERE ${matching(key)}`
  return change(name, text, types, picking(table, key))
}

/** A named statement; its rows come as cells. */
export function prepared(name: string, text: string) {
  return async (client: ClientBase, values: readonly Cell[]): Promise<Cell[][]> =>
    (await client.query<Cell[]>({ name: `turnpike_${name}`, text, values: [...values], rowMode: 'array' })).rows
}

/** One array a column, as PostgreSQL writes arrays. */
export function arraysOf(rows: readonly (readonly Cell[])[], types: readonly CellType[]): string[] {
  return types.map((type, column) => {
    const word = type === 'bigint' ? String : quoted
    return `{${rows.map((cells) => (cells[column] == null ? 'NULL' : word(cells[column]))).join(',')}}`
  })
}

const quoted = (cell: Cell): string => `"${String(cell).replace(/["\\]/g, '\\$&')}"`

function change<R>(name: string, text: string, types: readonly CellType[], cellsOf: (row: R) => Cell[]): Change<R> {
  const send = prepared(name, text)
  return async (client, rows) => {
    if (rows.length > 0) await send(client, arraysOf(rows.map(cellsOf), types))
  }
}

const unnest = (types: readonly CellType[]): string =>
  `unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')})`
const matching = (key: readonly string[]): string => key.map((column) => `t.${column} = k.${column}`).join(' AND ')

function typesOf<R>({ name, columns, types }: Table<R>, wanted: readonly string[]): CellType[] {
  return wanted.map((column) => {
    const type = types[columns.indexOf(column)]
    if (!type) throw new Error(`${name} has no column ${column}`)
    return type
  })
}

function picking<R>({ columns, cells }: Table<R>, wanted: readonly string[]): (row: R) => Cell[] {
  const at = wanted.map((column) => columns.indexOf(column))
  return (row) => {
    const all = cells(row)
    return at.map((index) => all[index] ?? null)
  }
}
