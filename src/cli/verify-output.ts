/** What `turnpike verify` prints: differences as a table or as one JSON document, and what they come to in a sentence. */
type Verified = {
  readonly differences: readonly Difference[]
  /** Those that are left after a repair; all of them without one. */
  readonly remaining: readonly Difference[]
  readonly repair: boolean
  readonly json: boolean
  /** Rows that were read. */
  readonly rows: number
}

type Difference = {
  readonly table: string
  readonly key: string
  readonly column: string
  readonly stored: string
  readonly computed: string
}

/** Data goes to standard output, what is said about it to standard error. */
export function verifyOutput({ differences, remaining, repair, json, rows }: Verified): {
  stdout: string
  stderr: string
} {
  const stderr = `turnpike: ${summary(differences.length, remaining.length, repair, rows)}\n`
  if (json) return { stdout: `${JSON.stringify({ differences, ...(repair ? { remaining } : {}) }, null, 2)}\n`, stderr }
  return { stdout: differences.length === 0 ? '' : table(differences), stderr }
}

export const progressLine = (rows: number, elapsedMs: number): string =>
  `turnpike: verifying, ${counted(rows, 'row')} read in ${Math.round(elapsedMs / 1000)} s (${counted(Math.round((rows * 1000) / elapsedMs), 'row')} a second)\n`

function summary(found: number, remaining: number, repair: boolean, rows: number): string {
  if (found === 0)
    return `no difference: every balance, counter and sum is what its rows come to (${counted(rows, 'row')} read)`
  const differences = counted(found, 'difference')
  if (!repair) return `${differences}. \`turnpike verify --repair\` corrects what can be computed again`
  if (remaining === 0) return `${differences}, all repaired`
  return `${differences}, ${found - remaining} repaired; what is left stands in rows that are never changed`
}

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`

const COLUMNS = ['table', 'key', 'column', 'stored', 'computed'] as const

function table(differences: readonly Difference[]): string {
  const cells = [COLUMNS, ...differences.map((difference) => COLUMNS.map((column) => difference[column]))]
  const widths = COLUMNS.map((_column, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)))
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
