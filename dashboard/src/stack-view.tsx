/** Bars over time, or the same as a table, as the address has it. */
import { SegmentedControl, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { sumOf } from '../../sdk/src/decimal.ts'
import type { BarsProps } from './bars.tsx'
import { callsBehind } from './behind.tsx'
import { isAbove } from './decimal.ts'
import { useView } from './filters.tsx'
import type { Search } from './search.ts'
import type { Column, Series, Stack } from './stack.ts'
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
    <>
      <Text size="sm" c="dimmed" mih={22}>
        {summaryOf(bars.stack, bars.textOf)}
      </Text>
      <Suspense fallback={<Bones height={bars.height} />}>
        <Bars label={`${caption}. As a table: choose Table beside it.`} onOpen={onOpen} {...bars} />
      </Suspense>
    </>
  )
}

/** What the bars say, in a sentence. */
function summaryOf({ columns }: Stack, textOf: (amount: string) => string): string {
  const sums = columns.map(({ label, exact }) => ({ label, sum: sumOf(Object.values(exact)) }))
  const most = sums.reduce((a, b) => (isAbove(b.sum, a.sum) ? b : a), { label: '', sum: '0' })
  const all = textOf(sumOf(sums.map(({ sum }) => sum)))
  return most.label === '' ? `${all} in all.` : `${all} in all; most at ${most.label}: ${textOf(most.sum)}.`
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
