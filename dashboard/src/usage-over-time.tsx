/** The bars of Usage, or the table of them, and what they are made of. */
import { useNavigate } from '@tanstack/react-router'
import type { UsageReport } from '@turnpike/sdk'
import { lazy, Suspense } from 'react'
import { callsBehind, onlyOf } from './behind.tsx'
import { useView } from './filters.tsx'
import { GROUPING_NAMES, useGroupName } from './group-names.ts'
import { amountText, METRIC_NAMES } from './metrics.ts'
import type { Grouping, Metric, Search } from './search.ts'
import { StackTable } from './stack-table.tsx'
import { Bones } from './states.tsx'
import { ranked, usageStack } from './usage-stack.ts'

/** The library of charts comes when there is something to draw. */
const Bars = lazy(() => import('./bars.tsx'))

type Props = { readonly report: UsageReport; readonly by: Grouping; readonly metric: Metric }

export const CHART_HEIGHT = 260

export function UsageOverTime({ report, by, metric }: Props) {
  const { search } = useView()
  const navigate = useNavigate()
  const nameOf = useGroupName(by)
  const stack = usageStack(report, { by, metric, nameOf })
  const what = metric === 'kinds' ? METRIC_NAMES.kinds : `${METRIC_NAMES[metric]} by ${GROUPING_NAMES[by]}`
  const textOf = (amount: string) => amountText(metric, amount)
  if (search.as === 'table')
    return <StackTable stack={stack} caption={`${what}, by ${report.range.bucket}`} {...{ textOf }} />
  const onlySeries = (place: number): Search => {
    const part = metric === 'kinds' ? undefined : ranked(report, metric)[place]
    return (part && onlyOf(by, part.key, report.groups)) ?? {}
  }
  return (
    <Suspense fallback={<Bones height={CHART_HEIGHT} />}>
      <Bars
        stack={stack}
        label={`${what}, by ${report.range.bucket}. As a table: choose Table beside it.`}
        height={CHART_HEIGHT}
        textOf={textOf}
        tickOf={(amount) => `${metric === 'charge' ? '$' : ''}${tick.format(amount)}`}
        onOpen={({ span }, { name }) => {
          const isOne = name.startsWith('part')
          const only = isOne ? onlySeries(Number(name.slice('part'.length))) : {}
          const more = { ...only, ...(span && { range: 'Custom' as const, ...span }) }
          void navigate({ to: '/requests', search: callsBehind(search, more) as never })
        }}
      />
    </Suspense>
  )
}

const tick = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, notation: 'compact' })
