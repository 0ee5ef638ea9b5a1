/** Shows what a command got: as a table, as the server's own JSON, as CSV or as a row a line. Data goes to `write` alone. */
import { CannotGoOn, EXIT } from './exit-code.ts'
import { shown } from './fault.ts'
import { type Command, membersOf as columnsOf } from './fields.ts'
import { firstRows } from './first-rows.ts'
import { inside, jsonReply, type PageOfRows, walkPages } from './pages.ts'
import { csvPrinter } from './print-csv.ts'
import { wholeDocument } from './print-json.ts'
import { type Look, tablePrinter, thingTable } from './print-table.ts'
import { queryText } from './request.ts'
import type { CommonOptions } from './run-command.ts'
import { type Network, type Request, sendForStream, sendForText } from './send.ts'

type Show = {
  readonly command: Command
  readonly common: CommonOptions
  readonly request: Request
  readonly network: Network
  readonly look: Look
  readonly write: (text: string) => Promise<void>
  /** Rows that the server makes itself. */
  readonly rows: 'csv' | 'ndjson' | undefined
  /** A line for the person, beside the data. */
  readonly say: (line: string) => void
}

export async function showReply(show: Show): Promise<void> {
  const { command, network, request, rows } = show
  if (command.row.columns === undefined) return showThing(show, await sendForText(network, request))
  if (rows) return streamRows(show, rows)
  return showList(show)
}

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)

async function showThing({ command, common, look, write, say }: Show, text: string): Promise<void> {
  const { shows, secret } = command.row
  if (common.json) return write(ended(text))
  const reply = jsonReply(text)
  const value = inside(reply, secret?.at)
  if (secret === undefined || typeof value !== 'string') return write(thingTable(inside(reply, shows) ?? reply, look))
  await write(`${value}\n`)
  const name = secret.of === undefined ? undefined : inside(reply, secret.of)
  say(`this is the only time that the ${secret.is}${typeof name === 'string' ? ` of ${shown(name)}` : ''} is shown`)
}

/** The server's own rows, as they come: every one that the filters match, or as many as were asked for. */
async function streamRows(show: Show, format: 'csv' | 'ndjson'): Promise<void> {
  const { common, network, request, write, say } = show
  const rows = firstRows(common.limit === undefined ? Number.POSITIVE_INFINITY : (wantedRows(common) ?? 0))
  const accept = { csv: 'text/csv', ndjson: 'application/x-ndjson' }[format]
  const response = await sendForStream(network, { ...request, accept })
  const decoder = new TextDecoder()
  try {
    for await (const part of response.body ?? []) {
      await write(rows.take(decoder.decode(part, { stream: true })))
      if (rows.hasMore()) break
    }
  } catch {
    throw new CannotGoOn('the answer broke off: the rows so far are not all', EXIT.unreachable)
  }
  if (rows.hasMore()) say(`${rows.taken()} shown; --all for the rest, or --limit`)
}

async function showList(show: Show): Promise<void> {
  const { command, common, network, request } = show
  const wanted = wantedRows(common)
  const print = printerOf(show)
  let seen = 0
  let last: PageOfRows | undefined
  const walk = {
    paging: command.paging,
    shows: command.row.shows,
    wanted,
    fetchPage: (query: Readonly<Record<string, unknown>>) => sendForText(network, withQuery(request, query)),
  }
  for await (const page of walkPages(walk)) {
    await print.page(page)
    seen += page.rows.length
    last = page
  }
  await print.end()
  tellRest(show, seen, last)
}

/** `undefined`: one page, as the server cuts it. */
function wantedRows({ all, limit }: CommonOptions): number | undefined {
  if (limit === undefined) return all ? Number.POSITIVE_INFINITY : undefined
  if (/^[1-9][0-9]{0,8}$/.test(limit)) return Number(limit)
  throw new CannotGoOn(`--limit: expected a whole number above 0; found ${JSON.stringify(limit)}`, EXIT.usage)
}

function withQuery(request: Request, query: Readonly<Record<string, unknown>>): Request {
  const more = queryText(query)
  return { ...request, path: request.path + (request.path.includes('?') ? more.replace('?', '&') : more) }
}

type Printer = { readonly page: (page: PageOfRows) => Promise<void>; readonly end: () => Promise<void> }

function printerOf({ command, common, look, write }: Show): Printer {
  const { columns = [], shows } = command.row
  if (common.json) return wholeDocument(shows, write)
  const text =
    common.ndjson || common.jsonl
      ? ({ rows }: PageOfRows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
      : textOf(common.csv ? csvPrinter(columnsOf(command)) : tablePrinter(columns, look))
  return { page: async (page) => write(text(page)), end: async () => {} }
}

const textOf =
  (print: (rows: readonly unknown[]) => string) =>
  ({ rows }: PageOfRows) =>
    print(rows)

/** A list that stops says so. */
function tellRest({ command, common, say }: Show, seen: number, last: PageOfRows | undefined): void {
  const { noun } = command.row
  if (common.json) return
  if (seen === 0) say(`no ${noun}`)
  else if (last?.hasMore)
    say(`${seen}${last.total === undefined ? '' : ` of ${last.total}`} shown; --all for the rest, or --limit`)
}
