/**
 * Answers as rows: tables as text/csv, or one JSON object a line. Rows are made as they are read, so that a million take
 * no more memory than a page, and a client that leaves ends the reading.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { type Cell, csvRows } from '../lib/csv.ts'

export type RowFormat = 'csv' | 'ndjson'

export type Rows = {
  /** Says what is in it: the words of the file's name, see `exportName`. */
  readonly name: readonly string[]
  readonly columns: readonly string[]
  /** Cells in the order of the columns. */
  readonly pages: AsyncIterable<readonly (readonly Cell[])[]>
}

export const ROW_TYPES: Readonly<Record<RowFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
}

/** A path that ends like a file is asked for as that file. */
export const ROW_ENDINGS: Readonly<Record<string, RowFormat>> = {
  '.csv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
}

export const formatOfPath = (path: string): RowFormat | undefined => ROW_ENDINGS[/\.\w+$/.exec(path)?.[0] ?? '']

/** `format` in the query comes before `Accept`. */
export function rowFormat(query: { readonly format?: unknown }, headers: IncomingHttpHeaders): RowFormat | undefined {
  if (query.format !== undefined) return query.format === 'csv' || query.format === 'ndjson' ? query.format : undefined
  const accepted = headers.accept ?? ''
  if (/^\s*text\/csv\b/i.test(accepted)) return 'csv'
  return /^\s*application\/(?:x-)?(?:ndjson|jsonl|jsonlines)\b/i.test(accepted) ? 'ndjson' : undefined
}

export async function* rowText({ columns, pages }: Rows, format: RowFormat): AsyncGenerator<string> {
  if (format === 'csv') yield csvRows([columns])
  for await (const page of pages)
    if (page.length > 0) yield format === 'csv' ? csvRows(page) : page.map((row) => lineOf(columns, row)).join('')
}

/** Exact amounts are text, as in `decimal`. */
const lineOf = (columns: readonly string[], row: readonly Cell[]): string =>
  `${JSON.stringify(Object.fromEntries(columns.map((column, index) => [column, jsonOf(row[index])])))}\n`

function jsonOf(cell: Cell): unknown {
  if (cell === null || cell === undefined) return null
  if (typeof cell === 'bigint') return Number(cell)
  if (typeof cell !== 'object') return cell
  return 'json' in cell ? JSON.parse(cell.json) : cell.exact
}

const MOST_NAME = 220

export const fileName = ({ name }: Rows, format: RowFormat): string => {
  const words = name.map((word) => word.replace(/[^A-Za-z0-9.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, ''))
  return `${words
    .filter((word) => word !== '')
    .join('_')
    .slice(0, MOST_NAME)}.${format}`
}

/** Walks a list by its own pages, until one comes that is not full. */
export async function* pagesBy<R, C>(
  pageAt: (after: C | undefined, limit: number) => Promise<readonly R[]>,
  cursorOf: (row: R) => C,
  cellsOf: (page: readonly R[]) => readonly (readonly Cell[])[] | Promise<readonly (readonly Cell[])[]>,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  for (let next: Promise<readonly R[]> | undefined = pageAt(undefined, ROWS_AT_A_TIME); next; ) {
    const rows: readonly R[] = await next
    const last: R | undefined = rows.at(-1)
    // The next page is read while this one is on its way; nobody may be left to hear that it failed.
    next = last === undefined || rows.length < ROWS_AT_A_TIME ? undefined : pageAt(cursorOf(last), ROWS_AT_A_TIME)
    next?.catch(() => {})
    yield await cellsOf(rows)
  }
}

const ROWS_AT_A_TIME = 1_000

/** One page that is there already. */
export async function* atOnce(rows: readonly (readonly Cell[])[]): AsyncGenerator<readonly (readonly Cell[])[]> {
  for (let from = 0; from < rows.length; from += ROWS_AT_A_TIME) yield rows.slice(from, from + ROWS_AT_A_TIME)
}
