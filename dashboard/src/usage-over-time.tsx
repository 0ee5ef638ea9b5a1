/** The bars of Usage, and where each of them leads. */
import { useNavigate } from '@tanstack/react-router'
import type { UsageReport } from '@turnpike/sdk'
import { callsBehind, onlyOf } from './behind.tsx'
import { useView } from './filters.tsx'
import { GROUPING_NAMES, useGroupName } from './group-names.ts'
import { amountText, METRIC_NAMES } from './metrics.ts'
import type { Grouping, Metric, Search } from './search.ts'
import { StackView } from './stack-view.tsx'
import { ranked, usageStack } from './usage-stack.ts'

type Props = { readonly report: UsageReport; readonly by: Grouping; readonly metric: Metric }

export const CHART_HEIGHT = 260

export function UsageOverTime({ report, by, metric }: Props) {
  const { search } = useView()
  const navigate = useNavigate()
  const nameOf = useGroupName(by)
  const what = metric === 'kinds' ? METRIC_NAMES.kinds : `${METRIC_NAMES[metric]} by ${GROUPING_NAMES[by]}`
  const onlySeries = (name: string): Search => {
    const place = /^part(\d+)$/.exec(name)?.[1]
    const part = metric === 'kinds' || place === undefined ? undefined : ranked(report, metric)[Number(place)]
    return (part && onlyOf(by, part.key, report.groups)) ?? {}
  }
  return (
    <StackView
      stack={usageStack(report, { by, metric, nameOf })}
      caption={`${what}, by ${report.range.bucket}`}
      height={CHART_HEIGHT}
      textOf={(amount) => amountText(metric, amount)}
      tickOf={(amount) => `${metric === 'charge' ? '$' : ''}${tick.format(amount)}`}
      onOpen={({ span }, { name }) => {
        const more = { ...onlySeries(name), ...(span && { range: 'Custom' as const, ...span }) }
        void navigate({ to: '/requests', search: callsBehind(search, more) as never })
      }}
    />
  )
}

const tick = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, notation: 'compact' })
