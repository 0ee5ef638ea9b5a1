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
    const whole = cells.map((line) => line.map(shownIn))
    for (const [index, width] of widths.entries())
      widths[index] = Math.max(width, ...whole.map((line) => line[index]?.length ?? 0))
    const texts = fitted(whole, widths, look)
    const aligns = columns.map((_column, index) => alignOf(cells.map((line) => line[index])))
    // The first line of each page keeps the columns as wide as they were; wider signs than letters make them wider.
    const [first = [], ...rest] = isFirst ? [heads, ...texts] : texts
    const ruler = first.map((text, index) => padded(text, widths[index] ?? 0, aligns[index]))
    const top = isFirst ? ruler.map((text) => colours.bold(text)) : ruler
    isFirst = false
    return lines([top, ...rest], aligns)
  }
}

/** One thing: every value with its name, none left out, so that what a newer server tells is seen. */
export function thingTable(thing: unknown, look: Look): string {
  const colours = pico.createColors(look.colour)
  // That it went well is told by the exit code.
  const told = pathsOf(thing).filter(([name]) => name !== 'success')
  const rows = told.map((path) => [colours.bold(visible(path.join('.'))), shownIn(cellAt(thing, path))])
  return lines(rows, [])
}

const UNKNOWN = '—'

const shownIn = (cell: Cell | undefined): string => (cell === undefined ? UNKNOWN : visible(cell.text))

const LEAST_SHOWN = 12
const GAP = 2

/** On a terminal that is too narrow, text that people wrote gives way; ids, instants and amounts stay whole. */
function fitted(rows: readonly string[][], widths: number[], look: Look): string[][] {
  const needed = widths.reduce((sum, width) => sum + width + GAP, -GAP)
  let excess = look.width === undefined ? 0 : needed - look.width
  for (const [index, width] of widths.entries()) {
    if (excess <= 0 || !rows.some((row) => row[index]?.includes(' '))) continue
    widths[index] = Math.max(Math.min(LEAST_SHOWN, width), width - excess)
    excess -= width - widths[index]
  }
  return rows.map((row) => row.map((text, index) => cut(text, widths[index] ?? text.length)))
}

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text)

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

/** Without frames: what is marked and copied is the value alone. */
function lines(rows: readonly (readonly string[])[], aligns: readonly Align[]): string {
  const table = new Table({
    chars: { ...NOTHING, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: [...aligns],
  })
  table.push(...rows.map((row) => [...row]))
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`
}
