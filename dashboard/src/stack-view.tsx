/** Bars over time, or the same as a table, as the address has it. */
import { SegmentedControl } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import type { BarsProps } from './bars.tsx'
import { callsBehind } from './behind.tsx'
import { useView } from './filters.tsx'
import type { Search } from './search.ts'
import type { Column, Series } from './stack.ts'
import { StackTable } from './stack-table.tsx'
import { Bones } from './states.tsx'

/** The library of charts comes when there is something to draw. */
const Bars = lazy(() => import('./bars.tsx'))

type Props = Omit<BarsProps, 'label' | 'onOpen'> & {
  readonly caption: string
  /** What narrows the calls to a part at a time; undefined: nothing narrows them to just those. */
  readonly behind: (column: Column, series: Series) => Search | undefined
}

export function StackView({ caption, behind, ...bars }: Props) {
  const { search } = useView()
  const navigate = useNavigate()
  if (search.as === 'table') return <StackTable {...{ stack: bars.stack, caption, textOf: bars.textOf, behind }} />
  const onOpen = (column: Column, series: Series) => {
    const more = behind(column, series)
    if (more !== undefined) void navigate({ to: '/requests', search: callsBehind(search, more) as never })
  }
  return (
    <Suspense fallback={<Bones height={bars.height} />}>
      <Bars label={`${caption}. As a table: choose Table beside it.`} onOpen={onOpen} {...bars} />
    </Suspense>
  )
}

export function BarsOrTable() {
  const { search, change } = useView()
  return (
    <SegmentedControl
      transitionDuration={0}
      aria-label="Show as"
      value={search.as ?? 'bars'}
      data={[
        { value: 'bars', label: 'Bars' },
        { value: 'table', label: 'Table' },
      ]}
      onChange={(as) => change({ as: as === 'table' ? 'table' : undefined })}
    />
  )
}
