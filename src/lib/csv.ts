/** Rows as RFC 4180 writes them. Text that a spreadsheet would take for a formula is kept from being one. */
/**
 * `exact`: decimal text, which is a number to whoever reads it. `json`: JSON text, which stands as it is where rows are
 * JSON, and as text where they are not.
 */
export type Cell = string | number | bigint | null | undefined | { readonly exact: string } | { readonly json: string }

/** A million rows are written here, so each is made in one go; a test holds it against the library that it stands for. */
export function csvRows(rows: readonly (readonly Cell[])[]): string {
  let text = ''
  for (const row of rows) {
    let isFirst = true
    for (const cell of row) {
      if (isFirst) isFirst = false
      else text += ','
      text += textOf(cell)
    }
    text += '\r\n'
  }
  return text
}

/** A number is told apart from text: `-1` is no formula. */
function textOf(cell: Cell): string {
  if (typeof cell === 'string') return quoted(/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell)
  if (cell === null || cell === undefined) return ''
  if (typeof cell !== 'object') return String(cell)
  return 'json' in cell ? quoted(cell.json) : cell.exact
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
