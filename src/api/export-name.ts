/** Words for the name of a file of rows: the table, what it was narrowed to, and the range, none of which is left to guess. */
type Filters = Readonly<Record<string, string | number | readonly string[] | undefined>>

export type Exported = {
  readonly table: string
  /** By the name that the query has for them; one that was not told is no word. */
  readonly filters?: Filters
  /** As they were told; without both the file is of all time. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export const exportName = ({ table, filters = {}, from, to }: Exported): string[] => [
  table,
  ...filterWords(filters),
  ...rangeWords(from, to),
]

export function filterWords(filters: Filters): string[] {
  const words = Object.entries(filters).flatMap(([name, told]) =>
    told === undefined ? [] : [`${name}-${valueWord(Array.isArray(told) ? told : [String(told)])}`],
  )
  const shown = words.filter((_, index) => words.slice(0, index + 1).join('_').length <= MOST_FILTERS)
  return shown.length === words.length ? shown : [...shown, `and-${words.length - shown.length}-more`]
}

/** The range stands behind the filters, and is not to be cut off with them. */
const MOST_FILTERS = 90
const MOST_VALUE = 40

function valueWord([first = '', ...others]: readonly string[]): string {
  const shown = first === '' ? 'none' : first.slice(0, MOST_VALUE)
  return others.length === 0 ? shown : `${shown}-and-${others.length}-more`
}

function rangeWords(from: string | undefined, to: string | undefined): string[] {
  if (from !== undefined && to !== undefined) return [from, to]
  if (from !== undefined) return [`from-${from}`]
  return [to === undefined ? 'all-time' : `to-${to}`]
}
