/** Rows as RFC 4180 writes them. Text that a spreadsheet would take for a formula is kept from being one. */

export type CsvCell =
  | string
  | number
  /** Written as it stands: the text of a number, whose sign makes no formula. */
  | { readonly plain: string }
  | null
  | undefined

export const csvRow = (cells: readonly CsvCell[]): string => `${cells.map(cellOf).join(',')}\r\n`

/** A number is told apart from text: `-1` is no formula. */
function cellOf(cell: CsvCell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'number') return String(cell)
  if (typeof cell === 'object') return cell.plain
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
