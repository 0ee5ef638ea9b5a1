/** Rows as RFC 4180 writes them, with the API's own names and exact decimals. */
import { stringify } from 'csv-stringify/sync'
import { type Cell, cellAt } from './cell.ts'
import { membersOf } from './pages.ts'

export type CsvPrinter = (rows: readonly unknown[]) => string

/** The columns are those of the contract, then what the first row has beside them. */
export function csvPrinter(members: readonly string[]): CsvPrinter {
  let columns: readonly string[] | undefined
  return (rows) => {
    const isFirst = columns === undefined
    columns ??= [...new Set([...members, ...Object.keys(membersOf(rows[0])).filter((name) => name !== 'decimal')])]
    const names = columns
    const lines = rows.map((row) => names.map((name) => safe(cellAt(row, [name]))))
    return stringify(isFirst ? [[...names], ...lines] : lines, { record_delimiter: 'windows', quoted_match: /[\r\n]/ })
  }
}

/** A spreadsheet would take this text for a formula. */
const FORMULA = /^[=+\-@\t\r]/

const safe = (cell: Cell | undefined): string => {
  if (cell === undefined) return ''
  return !cell.isNumber && FORMULA.test(cell.text) ? `'${cell.text}` : cell.text
}
