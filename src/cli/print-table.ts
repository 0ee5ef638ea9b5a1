/** Tables for people: lists with the columns that matter, one thing with all that is known of it. */
import Table from 'cli-table3'
import pico from 'picocolors'
import { type Cell, cellAt, pathsOf } from './cell.ts'
import { type Column, pathOf } from './command-row.ts'
import { visible } from './fault.ts'

export type Look = {
  readonly colour: boolean
  /** Columns of the terminal; `undefined`: nobody looks, so nothing is shortened. */
  readonly width: number | undefined
}

/** Prints page after page; the columns of a later page are at least as wide as those before. */
export type TablePrinter = (rows: readonly unknown[]) => string

export function tablePrinter(columns: readonly Column[], look: Look): TablePrinter {
  const colours = pico.createColors(look.colour)
  const heads = columns.map(headingOf)
  const widths = heads.map(({ length }) => length)
  let isFirst = true
  return (rows) => {
    const cells = rows.map((row) => columns.map((column) => cellAt(row, pathOf(column).split('.'))))
    if (cells.length === 0) return ''
    const texts = cells.map((line) => line.map((cell) => shownIn(cell, look)))
    for (const [index, width] of widths.entries())
      widths[index] = Math.max(width, ...texts.map((line) => line[index]?.length ?? 0))
    const aligns = columns.map((_column, index) => alignOf(cells.map((line) => line[index])))
    const head = isFirst
      ? [heads.map((text, index) => colours.bold(padded(text, widths[index] ?? 0, aligns[index])))]
      : []
    isFirst = false
    return lines([...head, ...texts], { widths, aligns })
  }
}

/** One thing: every value with its name, none left out, so that what a newer server tells is seen. */
export function thingTable(thing: unknown, look: Look): string {
  const colours = pico.createColors(look.colour)
  // That it went well is told by the exit code.
  const told = pathsOf(thing).filter(([name]) => name !== 'success')
  const rows = told.map((path) => [
    colours.bold(visible(path.join('.'))),
    shownIn(cellAt(thing, path), { ...look, width: undefined }),
  ])
  return lines(rows, {})
}

const UNKNOWN = '—'
/** On a terminal; ids and hashes of our own are shorter than this but for the hash of a key, which has to stay whole. */
const LONGEST_SHOWN = 64

function shownIn(cell: Cell | undefined, { width }: Look): string {
  if (cell === undefined) return UNKNOWN
  const text = visible(cell.text)
  return width !== undefined && text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text
}

/** `balanceAfter` → `balance after` */
function headingOf(column: Column): string {
  if (typeof column !== 'string') return column[1]
  return column.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/[_.]/g, ' ')
}

type Align = 'left' | 'right'

const alignOf = (cells: readonly (Cell | undefined)[]): Align =>
  cells.some((cell) => cell?.isNumber) && cells.every((cell) => cell === undefined || cell.isNumber) ? 'right' : 'left'

const padded = (text: string, width: number, align: Align = 'left'): string =>
  align === 'right' ? text.padStart(width) : text.padEnd(width)

const NOTHING = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((name) => [name, '']),
)

type Layout = { readonly widths?: readonly number[]; readonly aligns?: readonly Align[] }

/** Without frames: what is marked and copied is the value alone. */
function lines(rows: readonly (readonly string[])[], { widths, aligns }: Layout): string {
  const table = new Table({
    chars: { ...NOTHING, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    ...(widths ? { colWidths: [...widths] } : {}),
    ...(aligns ? { colAligns: [...aligns] } : {}),
  })
  table.push(...rows.map((row) => [...row]))
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`
}
