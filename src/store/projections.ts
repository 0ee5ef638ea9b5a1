/**
 * Which sums are folded, and for which spans. A projection leaves out what few reports ask for, so that the others add up
 * dozens of rows in place of thousands: a report reads the first that says all that it asks for.
 */
import { type RawBuilder, sql } from 'kysely'
import type { SpanName } from '../core/report-spans.ts'
import { FOLDED, type Folded, NARROW, type Narrow } from './report-columns.ts'

export type Projection = {
  /** Its rows are found by it, as `dimension`. */
  readonly name: string
  /** What `value` says; none: nothing. */
  readonly folded: Folded | undefined
  /** The columns that are not left empty. Of the status all rows say whether it was an error. */
  readonly keeps: readonly Narrow[]
  /** The longest first. */
  readonly spans: readonly SpanName[]
}

const LONG = ['64 days', '16 days', '4 days', 'day', '4 hours', 'hour'] as const

const lean = (name: string, keeps: readonly Narrow[]): Projection => ({
  ...{ name, folded: undefined, keeps },
  spans: [...LONG, 'quarter'],
})
/** Of accounts and end users there are so many that an hour of theirs has hardly fewer rows than its quarter hours. */
const alone = (folded: Folded): Projection => ({
  ...{ name: `${folded} alone`, folded, keeps: [] },
  spans: folded === 'account' || folded === 'end_user' ? LONG.slice(0, -1) : LONG,
})
/** What one of few is asked for most often. */
const byModel = (folded: Folded): Projection => ({ name: `${folded} by model`, folded, keeps: ['model'], spans: LONG })
/** Nearly as many rows as there are calls: kept for what nothing else tells. */
const whole = (folded: Folded): Projection => ({ name: folded, folded, keeps: NARROW, spans: ['day', 'quarter'] })

/** Those that keep less come first. */
export const PROJECTIONS: readonly Projection[] = [
  lean('nothing', []),
  lean('status', ['status']),
  lean('context', ['context']),
  lean('provider', ['provider']),
  lean('model', ['model']),
  // Its quarter hours are those of the ledger itself.
  { name: 'all', folded: undefined, keeps: NARROW, spans: LONG },
  ...FOLDED.map(alone),
  // Of accounts and end users there are many, so that each has few calls.
  ...(['api_key', 'tag'] as const).map(byModel),
  ...FOLDED.map(whole),
]

export function projectionFor(folded: Folded | undefined, columns: readonly Narrow[]): Projection {
  const found = PROJECTIONS.find((each) => each.folded === folded && columns.every((one) => each.keeps.includes(one)))
  if (!found) throw new Error(`no sums are kept by ${folded} and ${columns.join(', ')}`)
  return found
}

/** The columns of a projection from the rows of one that keeps more. */
export const projected = ({ folded, keeps }: Projection): RawBuilder<unknown> =>
  sql.join([
    sql.raw(folded ? 'r.value AS value' : `'' AS value`),
    ...NARROW.map((column) => sql.raw(`${keeps.includes(column) ? `r.${column}` : left(column)} AS ${column}`)),
  ])

const left = (column: Narrow): string =>
  column === 'status' ? `CASE WHEN r.status = 'error' THEN 'error' ELSE '' END` : `''`
