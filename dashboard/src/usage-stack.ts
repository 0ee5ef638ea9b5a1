/** The bars of Usage: the parts that weigh most each, all others as one. */
import type { UsageReport } from '@turnpike/sdk'
import { now } from './clock.ts'
import { coloursOf, OTHER_COLOUR } from './colours.ts'
import { groupValue } from './group-names.ts'
import { amountOf, KINDS } from './metrics.ts'
import type { Grouping, Metric } from './search.ts'
import { columnsOf, type Series, type Stack } from './stack.ts'

export const MOST_SERIES = 8

type View = { readonly by: Grouping; readonly metric: Metric; readonly nameOf: (value: string) => string }

export function usageStack(report: UsageReport, view: View): Stack {
  return view.metric === 'kinds' ? byKind(report) : byGroup(report, view)
}

function byGroup(report: UsageReport, { by, metric, nameOf }: View): Stack {
  const values = ranked(report, metric).map(({ key }) => groupValue(key, by))
  const shown = new Map(values.slice(0, MOST_SERIES).map((value, index) => [value, `part${index}`]))
  const colours = coloursOf([...shown.keys()])
  const series: Series[] = [...shown].map(([value, name]) => ({
    name,
    label: nameOf(value),
    colour: colours.get(value) ?? OTHER_COLOUR,
  }))
  if (values.length > MOST_SERIES) series.push({ name: 'other', label: 'Other', colour: OTHER_COLOUR })
  const columns = columnsOf(
    report,
    (bucket) => [[shown.get(groupValue(bucket.key, by)) ?? 'other', amountOf(metric, bucket)]],
    now(),
  )
  return { series, columns }
}

function byKind(report: UsageReport): Stack {
  const names = KINDS.map(([label]) => label)
  const colours = coloursOf(names)
  return {
    series: names.map((label, index) => ({
      name: `part${index}`,
      label,
      colour: colours.get(label) ?? OTHER_COLOUR,
    })),
    columns: columnsOf(report, (bucket) => KINDS.map(([, of], index) => [`part${index}`, String(of(bucket))]), now()),
  }
}

/** The heaviest first. Their order alone may come from floats. */
export const ranked = ({ groups }: UsageReport, metric: Metric): UsageReport['groups'] =>
  [...groups].sort(
    (a, b) =>
      Number(amountOf(metric, b)) - Number(amountOf(metric, a)) || b.chargeUsd - a.chargeUsd || b.requests - a.requests,
  )
