/** Rows as RFC 4180 writes them. Text that a spreadsheet would take for a formula is kept from being one. */
import { stringify } from 'csv-stringify/sync'

/**
 * `exact`: decimal text, which is a number to whoever reads it. `json`: JSON text, which stands as it is where rows are
 * JSON, and as text where they are not.
 */
export type Cell = string | number | bigint | null | undefined | { readonly exact: string } | { readonly json: string }

/** What needs quotes is left to the library; most rows need none, and are a good deal faster without it. */
export const csvRows = (rows: readonly (readonly Cell[])[]): string => rows.map(csvRow).join('')

function csvRow(row: readonly Cell[]): string {
  const cells = row.map(textOf)
  for (const cell of cells) if (/[",\r\n]/.test(cell)) return quoted(cells)
  return `${cells.join(',')}\r\n`
}

const quoted = (cells: readonly string[]): string =>
  stringify([cells], { record_delimiter: '\r\n', quoted_match: /[\r\n]/ })

/** A number is told apart from text: `-1` is no formula. */
function textOf(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'string') return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  if (typeof cell !== 'object') return String(cell)
  return 'json' in cell ? cell.json : cell.exact
}
