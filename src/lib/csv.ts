/** Rows as RFC 4180 writes them. Text that a spreadsheet would take for a formula is kept from being one. */
import { stringify } from 'csv-stringify/sync'

/** `exact`: decimal text, which is a number to whoever reads it. */
export type Cell = string | number | bigint | null | undefined | { readonly exact: string }

export const csvRows = (rows: readonly (readonly Cell[])[]): string =>
  stringify(
    rows.map((cells) => cells.map(textOf)),
    { record_delimiter: '\r\n', quoted_match: /[\r\n]/ },
  )

/** A number is told apart from text: `-1` is no formula. */
function textOf(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'string') return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return typeof cell === 'object' ? cell.exact : String(cell)
}
