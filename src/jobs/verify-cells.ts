/** Findings in the words of the database: tables, columns and cells. */
import type { Finding } from '../core/proof-findings.ts'
import type { Cell, Table } from '../store/table.ts'

/** A finding in the words of the database. */
export type CellFinding = Pick<Finding, 'table' | 'stored' | 'computed'> & {
  readonly row: Readonly<Record<string, Cell>>
  readonly column: string
}

export function inCells<R extends object>(table: Table<R>, { row, field, stored, computed }: Finding<R>): CellFinding {
  const columnOf = (name: string) => table.columns[table.fields.indexOf(name)] ?? name
  const cells = Object.entries(row).map(([name, value]) => [columnOf(name), cellOf(value)] as const)
  return { table: table.name, row: Object.fromEntries(cells), column: columnOf(field), stored, computed }
}

const cellOf = (value: unknown): Cell => (typeof value === 'number' ? BigInt(value) : (value as Cell))

export const rowName = (row: CellFinding['row']): string =>
  Object.entries(row)
    .map(([column, cell]) => `${column}=${cell}`)
    .join(' ')

export const nameOf = ({ table, row, column, stored, computed }: CellFinding): string =>
  JSON.stringify([table, rowName(row), column, String(stored), String(computed)])
