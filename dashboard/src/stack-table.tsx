/** Bars as a table: the same parts at the same times, exact. */
import { CallsLink } from './behind.tsx'
import type { Search } from './search.ts'
import type { Column, Series, Stack } from './stack.ts'
import { type ColumnOf, DataTable } from './table.tsx'

type Props = {
  readonly stack: Stack
  readonly caption: string
  readonly textOf: (amount: string) => string
  /** What leads from a part at a time to its calls. */
  readonly behind: (column: Column, series: Series) => Search | undefined
}

export function StackTable({ stack: { series, columns }, caption, textOf, behind }: Props) {
  // Two hours of one night may be called the same: they are told apart by their place.
  const rows = columns.map((column, place) => ({ ...column, place }))
  const time: ColumnOf<Column> = {
    head: 'Time',
    isHead: true,
    look: { fw: 400 },
    cell: ({ label, span, isRunning }) => (
      <>
        {span === undefined ? label : <CallsLink more={{ range: 'Custom', ...span }}>{label}</CallsLink>}
        {isRunning && ' (still running)'}
      </>
    ),
  }
  const parts = series.map((part): ColumnOf<Column> => {
    const { name, label } = part
    return {
      name,
      head: `>${label}`,
      cell: (column) => {
        const amount = column.exact[name]
        if (amount === undefined) return ''
        const more = behind(column, part)
        const shown = <data value={amount}>{textOf(amount)}</data>
        return more === undefined ? shown : <CallsLink more={more}>{shown}</CallsLink>
      },
    }
  })
  return (
    <DataTable
      caption={caption}
      width={160 + series.length * 110}
      columns={[time, ...parts]}
      rows={rows}
      idOf={({ place }) => String(place)}
    />
  )
}
