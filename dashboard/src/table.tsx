/** The one table of the dashboard: columns that say what they show, sorted where all rows are there, scrolling for itself. */
import { Table, type TableTdProps, Text, UnstyledButton } from '@mantine/core'
import {
  columnVisibilityFeature,
  createSortedRowModel,
  type Header,
  type Row,
  rowExpandingFeature,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { Fragment, type ReactNode } from 'react'
import { placesOf } from './amount-text.ts'
import { useSorting } from './sorting.ts'

export type ColumnOf<T> = {
  /** With `>` before it: of numbers. */
  readonly head: string
  /** In the address; none: made of the head. */
  readonly name?: string
  /** It names the row. */
  readonly isHead?: boolean
  readonly cell: (row: T, details: Details) => ReactNode
  readonly look?: Pick<TableTdProps, 'ff' | 'fw' | 'miw' | 'style'>
  /** The amount that is shown, as text: those of the column are aligned at their points. */
  readonly amount?: (row: T) => string | null | undefined
  /** What it is sorted by; unknown comes last, whichever way. */
  readonly by?: (row: T) => Sortable
}

type Sortable = bigint | number | string | null | undefined

/** What a row has below it, if it is asked for. */
type Details = { readonly isOpen: boolean; readonly toggle: () => void }

/** What aligns the amounts of a column, by its name. */
type Aligned = (name: string) => object

type Props<T> = {
  readonly caption: string
  /** Pixels that it needs. */
  readonly width: number
  readonly columns: readonly ColumnOf<T>[]
  readonly rows: readonly T[]
  readonly idOf: (row: T, index: number) => string
  /** Its name in the address, where it can be sorted: never one page of many. */
  readonly sortedAs?: string | undefined
  /** Names of the columns to be seen; none: all. */
  readonly visible?: readonly string[]
  /** As many rows are drawn, after sorting, and what becomes of the rest. */
  readonly most?: number
  readonly restOf?: (rest: readonly T[], aligned: Aligned) => ReactNode
  readonly detailsOf?: (row: T) => ReactNode
  /** Below all rows: their sum. */
  readonly foot?: ReactNode
}

const features = tableFeatures({
  rowSortingFeature,
  columnVisibilityFeature,
  rowExpandingFeature,
  sortedRowModel: createSortedRowModel(),
})
type Features = typeof features

export function DataTable<T extends object>(props: Props<T>) {
  const { caption, width, columns, most, restOf, detailsOf, foot } = props
  const table = useRows(props)
  const all = table.getRowModel().rows
  const drawn = most === undefined ? all : all.slice(0, most)
  const rest = all.slice(drawn.length)
  const columnOf = (id: string) => columns.find((column) => nameOf(column) === id)
  const seen = table.getVisibleLeafColumns().length
  const places = new Map(columns.map((column) => [nameOf(column), widest(column, drawn)]))
  const aligned: Aligned = (name) => alignedAt(places.get(name) ?? 0)
  return (
    <Table.ScrollContainer minWidth={width} type="native" tabIndex={0} role="region" aria-label={`${caption}, scrolls`}>
      <Table aria-label={caption} highlightOnHover tabularNums>
        <Table.Thead>
          <Table.Tr>
            {table.getFlatHeaders().map((header) => (
              <Head key={header.id} header={header} text={columnOf(header.column.id)?.head ?? ''} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {drawn.map((row) => (
            <Fragment key={row.id}>
              <Cells row={row} columnOf={columnOf} aligned={aligned} />
              {detailsOf && row.getIsExpanded() && (
                <Table.Tr>
                  <Table.Td colSpan={seen}>{detailsOf(row.original)}</Table.Td>
                </Table.Tr>
              )}
            </Fragment>
          ))}
          {rest.length > 0 &&
            restOf?.(
              rest.map(({ original }) => original),
              aligned,
            )}
        </Table.Tbody>
        {foot !== undefined && <Table.Tfoot>{foot}</Table.Tfoot>}
      </Table>
    </Table.ScrollContainer>
  )
}

function useRows<T extends object>({ columns, rows, idOf, sortedAs, visible, detailsOf }: Props<T>) {
  const { sorting, onSortingChange } = useSorting(sortedAs)
  const shown = (column: ColumnOf<T>) => visible === undefined || visible.includes(nameOf(column))
  return useTable<Features, T>({
    features,
    data: rows,
    columns: columns.map((column) => ({
      id: nameOf(column),
      accessorFn: (row) => column.by?.(row) ?? undefined,
      enableSorting: sortedAs !== undefined && column.by !== undefined,
      sortDescFirst: column.head.startsWith('>'),
      sortUndefined: 'last' as const,
      sortFn: inOrder,
    })),
    getRowId: idOf,
    getRowCanExpand: () => detailsOf !== undefined,
    autoResetExpanded: false,
    state: {
      sorting,
      columnVisibility: Object.fromEntries(columns.map((column) => [nameOf(column), shown(column)])),
    },
    onSortingChange,
  })
}

const widest = <T extends object>({ amount }: ColumnOf<T>, rows: readonly Row<Features, T>[]): number =>
  amount === undefined ? 0 : Math.max(0, ...rows.map(({ original }) => placesOf(amount(original) ?? '')))

const alignedAt = (places: number): object =>
  places === 0 ? {} : { 'data-places': places, style: { whiteSpace: 'nowrap', '--places': places } }

const nameOf = ({ name, head }: Pick<ColumnOf<never>, 'name' | 'head'>): string =>
  name ??
  head
    .toLowerCase()
    .match(/[a-z0-9]+/g)
    ?.join('-') ??
  'none'

/** Of one column: all of its values are of one kind. */
function inOrder<T extends object>(a: Row<Features, T>, b: Row<Features, T>, id: string): number {
  const [one, other] = [a.getValue<Sortable>(id), b.getValue<Sortable>(id)]
  if (typeof one === 'string' && typeof other === 'string') return words.compare(one, other)
  return one === other ? 0 : (one ?? 0) < (other ?? 0) ? -1 : 1
}
const words = new Intl.Collator('en', { numeric: true })

function Head<T extends object>({
  header: { column },
  text,
}: {
  readonly header: Header<Features, T>
  readonly text: string
}) {
  const isSorted = column.getIsSorted()
  const label = text.replace(/^>/, '')
  return (
    <Table.Th
      scope="col"
      ta={text.startsWith('>') ? 'right' : 'left'}
      {...(column.getCanSort() ? { 'aria-sort': isSorted === false ? 'none' : DIRECTIONS[isSorted] } : {})}
    >
      {column.getCanSort() ? (
        <UnstyledButton fz="inherit" fw={700} mih={24} className="sort" onClick={() => column.toggleSorting()}>
          {label}
        </UnstyledButton>
      ) : (
        label
      )}
    </Table.Th>
  )
}

const DIRECTIONS = { asc: 'ascending', desc: 'descending' } as const

type CellsProps<T extends object> = {
  readonly row: Row<Features, T>
  readonly columnOf: (id: string) => ColumnOf<T> | undefined
  readonly aligned: Aligned
}

/** A cell is called, not mounted: its columns are made anew each time, and what is in it stays. */
function Cells<T extends object>({ row, columnOf, aligned }: CellsProps<T>) {
  const details = { isOpen: row.getIsExpanded(), toggle: () => row.toggleExpanded() }
  return (
    <Table.Tr data-row="">
      {row.getVisibleCells().map(({ id, column: { id: name } }) => {
        const column = columnOf(name)
        if (column === undefined) return null
        const content = column.cell(row.original, details)
        if (column.isHead)
          return (
            <Table.Th key={id} scope="row" {...column.look}>
              {content}
            </Table.Th>
          )
        return (
          <Table.Td
            key={id}
            {...(column.head.startsWith('>') ? { ta: 'right' } : {})}
            {...column.look}
            {...aligned(name)}
          >
            {content}
          </Table.Td>
        )
      })}
    </Table.Tr>
  )
}

/** Under an amount or a name, what it is about. */
export const Small = ({ children }: { readonly children: ReactNode }) => (
  <Text size="xs" c="dimmed" component="div">
    {children}
  </Text>
)
