/** Bars over time, or the same as a table, as the address has it. */
import { SegmentedControl } from '@mantine/core'
import { lazy, Suspense } from 'react'
import type { BarsProps } from './bars.tsx'
import { useView } from './filters.tsx'
import { StackTable } from './stack-table.tsx'
import { Bones } from './states.tsx'

/** The library of charts comes when there is something to draw. */
const Bars = lazy(() => import('./bars.tsx'))

type Props = Omit<BarsProps, 'label'> & { readonly caption: string }

export function StackView({ caption, ...bars }: Props) {
  const { search } = useView()
  if (search.as === 'table') return <StackTable stack={bars.stack} caption={caption} textOf={bars.textOf} />
  return (
    <Suspense fallback={<Bones height={bars.height} />}>
      <Bars label={`${caption}. As a table: choose Table beside it.`} {...bars} />
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
