/** The bars of Usage, and where each of them leads. */
import type { UsageReport } from '@turnpike/sdk'
import { readable } from './amount-text.ts'
import { onlyOf } from './behind.tsx'
import { GROUPING_NAMES, useGroupName } from './group-names.ts'
import { amountText, METRIC_NAMES } from './metrics.ts'
import type { Grouping, Metric, Search } from './search.ts'
import { StackView } from './stack-view.tsx'
import { ranked, usageStack } from './usage-stack.ts'

type Props = { readonly report: UsageReport; readonly by: Grouping; readonly metric: Metric }

export const CHART_HEIGHT = 260

export function UsageOverTime({ report, by, metric }: Props) {
  const nameOf = useGroupName(by)
  const what = metric === 'kinds' ? METRIC_NAMES.kinds : `${METRIC_NAMES[metric]} by ${GROUPING_NAMES[by]}`
  const parts = ranked(report, metric)
  /** Kinds of tokens are in every call; all others together have no filter. */
  const only = (name: string): Search | undefined => {
    const place = /^part(\d+)$/.exec(name)?.[1]
    const part = place === undefined ? undefined : parts[Number(place)]
    return metric === 'kinds' ? {} : part && onlyOf(by, part.key, report.groups)
  }
  return (
    <StackView
      stack={usageStack(report, { by, metric, nameOf })}
      caption={`${what}, by ${report.range.bucket}`}
      height={CHART_HEIGHT}
      textOf={(amount) => amountText(metric, amount)}
      exactOf={(amount) => readable(amount, metric === 'charge' ? '$' : '')}
      tickOf={(amount) => `${metric === 'charge' ? '$' : ''}${tick.format(amount)}`}
      behind={({ span }, { name }) => {
        const series = only(name)
        return series && span && { ...series, ...errorsOf(metric), range: 'Custom', ...span }
      }}
    />
  )
}

const errorsOf = (metric: Metric): Search => (metric === 'errors' ? { status: 'error' } : {})
const tick = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, notation: 'compact' })
