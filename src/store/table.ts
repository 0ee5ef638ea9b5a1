/** A table as data: which field of a row lies in which column and in what form. */

/** A value as both databases take and give it: integers are always bigint. */
export type Cell = bigint | string | null

/** A cell that SQLite and JSON take as well: an integer that a number holds exactly is one, which costs less to make. */
export type Plain = Cell | number

/** The type of a column where a database asks for it (SQLite does not). */
export type CellType = 'bigint' | 'text'

export type Form<T> = {
  readonly type: CellType
  readonly write: (value: T) => Cell
  /** Where it is not as `write`. */
  readonly plain?: (value: T) => Plain
  /** Takes a cell, a plain one, or a plain one whose bigint became text on its way. */
  readonly read: (cell: Plain) => T
}

type Column<R, K extends keyof R> = readonly [column: string, form: Form<R[K]>]

type Columns<R> = { readonly [K in keyof R]-?: Column<R, K> }

export type Table<R> = {
  readonly name: string
  readonly columns: readonly string[]
  /** What the columns are called in the rows of the ledger, in the same order. */
  readonly fields: readonly string[]
  /** In the order of `columns`. */
  readonly types: readonly CellType[]
  /** Cells in the order of `columns`. */
  cells(row: R): Cell[]
  plain(row: R): Plain[]
  row(cells: readonly Plain[]): R
}

export const big: Form<bigint> = {
  type: 'bigint',
  write: (value) => value,
  read: (cell) => BigInt(cell as bigint | string),
}

export const bigOrNull: Form<bigint | null> = {
  type: 'bigint',
  write: (value) => value,
  read: (cell) => (cell === null ? null : BigInt(cell)),
}

export const int: Form<number> = {
  type: 'bigint',
  write: (value) => BigInt(value),
  plain: (value) => value,
  read: Number,
}

export const intOrNull: Form<number | null> = {
  type: 'bigint',
  write: (value) => (value === null ? null : BigInt(value)),
  plain: (value) => value,
  read: (cell) => (cell === null ? null : Number(cell)),
}

export const bool: Form<boolean> = {
  type: 'bigint',
  write: (value) => (value ? 1n : 0n),
  plain: (value) => (value ? 1 : 0),
  read: (cell) => Number(cell) === 1,
}

/** Text whose values the program itself chose. */
export const text = <T extends string>(): Form<T> => ({
  type: 'text',
  write: (value) => value,
  read: (cell) => cell as T,
})

export const textOrNull: Form<string | null> = {
  type: 'text',
  write: (value) => value,
  read: (cell) => cell as string | null,
}

/** Text of the program's own, or nothing. */
export const optional = <T extends string>(): Form<T | null> => ({
  type: 'text',
  write: (value) => value,
  read: (cell) => cell as T | null,
})

/** Of a field that may be left out. */
export const textIfAny: Form<string | undefined> = {
  type: 'text',
  write: (value) => value ?? null,
  read: (cell) => (cell === null ? undefined : String(cell)),
}

export const words: Form<readonly string[]> = {
  type: 'text',
  write: (value) => value.join(','),
  read: (cell) => (cell === '' ? [] : String(cell).split(',')),
}

export const percents: Form<readonly number[]> = {
  type: 'text',
  write: (value) => value.join(','),
  read: (cell) => (cell === '' ? [] : String(cell).split(',').map(Number)),
}

export const json = <T>(encode: (value: T) => unknown, decode: (value: never) => T): Form<T> => ({
  type: 'text',
  write: (value) => JSON.stringify(encode(value)),
  read: (cell) => decode(JSON.parse(String(cell)) as never),
})

export function table<R extends object>(name: string, columns: Columns<R>): Table<R> {
  const entries = Object.entries(columns) as [keyof R & string, Column<R, keyof R>][]
  const fields = entries.map(([field]) => field)
  const forms = entries.map(([, [, form]]) => form)
  return {
    name,
    columns: entries.map(([, [column]]) => column),
    fields,
    types: forms.map(({ type }) => type),
    cells: writer(
      fields,
      forms.map(({ write }) => write),
    ),
    plain: writer(
      fields,
      forms.map(({ write, plain }) => plain ?? write),
    ),
    row: reader(
      fields,
      forms.map(({ read }) => read),
    ),
  }
}

type Write<R, C> = (value: R[keyof R]) => C

/** Loops, since every row that is loaded or written passes here. */
function writer<R, C>(fields: readonly (keyof R)[], writes: readonly Write<R, C>[]): (row: R) => C[] {
  return (row) => {
    const cells: C[] = []
    for (let i = 0; i < fields.length; i++) cells.push((writes[i] as Write<R, C>)(row[fields[i] as keyof R]))
    return cells
  }
}

function reader<R>(fields: readonly (keyof R)[], reads: readonly ((cell: Plain) => R[keyof R])[]) {
  return (cells: readonly Plain[]): R => {
    const row: Partial<R> = {}
    for (let i = 0; i < fields.length; i++)
      row[fields[i] as keyof R] = (reads[i] as (typeof reads)[number])(cells[i] as Plain)
    return row as R
  }
}
