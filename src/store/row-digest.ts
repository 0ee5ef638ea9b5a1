/** A sum over all rows of a table in which each cell counts and their order does not: equal where the rows are. */
import { hash } from 'node:crypto'

export type RowDigest = {
  /** Cells in one form for both databases: text, or nothing. */
  add(row: readonly (string | null)[]): void
  rows(): number
  value(): bigint
}

const SPACE = 1n << 128n

export function createRowDigest(): RowDigest {
  let count = 0
  let sum = 0n
  return {
    add(row) {
      count++
      // A sum, since with an exclusive or two equal rows would be as none.
      sum = (sum + BigInt(`0x${hash('sha256', JSON.stringify(row)).slice(0, 32)}`)) % SPACE
    },
    rows: () => count,
    value: () => sum,
  }
}
