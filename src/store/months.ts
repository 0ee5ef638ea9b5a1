/**
 * The months that large tables are cut into on PostgreSQL, in UTC. A row belongs to the month of its number, which
 * carries its time; what fits no month that was made lies in a table of its own until one is.
 */
import { idRange, idTime } from '../lib/id.ts'

/** Cut by month. In the order in which batches of the ledger come to them, which is that of their locks. */
export const BY_MONTH = ['transactions', 'usage_records'] as const
export type ByMonth = (typeof BY_MONTH)[number]

export type Month = {
  /** 2026_11 */
  readonly name: string
  /** `[start, end)`, milliseconds. */
  readonly start: number
  readonly end: number
}

/** So many are made before they begin. */
export const MONTHS_AHEAD = 3

/** The month that holds an instant, or one so many later. */
export function monthAt(at: number, later = 0): Month {
  const date = new Date(at)
  const [year, index] = [date.getUTCFullYear(), date.getUTCMonth() + later]
  const [start, end] = [Date.UTC(year, index), Date.UTC(year, index + 1)]
  return { name: new Date(start).toISOString().slice(0, 7).replace('-', '_'), start, end }
}

export const monthOf = (id: bigint): Month => monthAt(idTime(id))

/** The month of that name. */
export const monthNamed = (name: string): Month => monthAt(Date.parse(`${name.replace('_', '-')}-01T00:00:00Z`))

/** The numbers of its rows: `[from, to)`. */
export const idsOfMonth = ({ start, end }: Month): { from: bigint; to: bigint } => idRange(start, end)

export const partOf = (table: ByMonth, { name }: Pick<Month, 'name'>): string => `${table}_${name}`
/** Where rows lie whose month was not made. */
export const restOf = (table: ByMonth): string => `${table}_rest`
