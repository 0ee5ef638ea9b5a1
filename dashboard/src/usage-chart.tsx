/** What was charged, over time. Heights are floats; whatever is read, in the tip and in the table, is exact. */
import { BarChart } from '@mantine/charts'
import { Paper, Text } from '@mantine/core'
import type { UsageReport } from '@turnpike/sdk'
import { sumOf } from '../../sdk/src/decimal.ts'
import { GROUPING_NAMES, groupValue, useGroupName } from './group-names.ts'
import { readable, rounded } from './money.tsx'
import type { Grouping } from './search.ts'
import { seriesOf } from './series.ts'

type Bar = { readonly time: string; readonly exact: Readonly<Record<string, string>> } & Record<string, unknown>

type Props = { readonly report: UsageReport; readonly by: Grouping }

const OTHER = '\u0000other'

export default function UsageChart({ report, by }: Props) {
  const nameOf = useGroupName(by)
  const series = seriesOf(report, by)
  const bars = barsOf(report, by, new Set(series.map(({ value }) => value)))
  const hasOther = report.groups.length > series.length
  const drawn = [
    ...series.map(({ value, colour }) => ({ name: nameOfSeries(value), label: nameOf(value), color: colour })),
    ...(hasOther ? [{ name: nameOfSeries(OTHER), label: 'Other', color: 'gray.5' }] : []),
  ]
  return (
    <figure
      style={{ margin: 0 }}
      aria-label={`Charged by ${report.range.bucket} and ${GROUPING_NAMES[by]}; the table below has the sums`}
    >
      <BarChart
        h={260}
        data={bars}
        dataKey="time"
        type="stacked"
        series={drawn}
        valueFormatter={(value) => `$${tick.format(value)}`}
        tooltipProps={{
          content: ({ label, payload }) => (
            <Tip time={String(label)} bar={payload?.[0]?.payload as Bar | undefined} names={drawn} />
          ),
        }}
        barProps={{ isAnimationActive: false }}
        maxBarWidth={40}
      />
    </figure>
  )
}

/** Names with dots would be read as paths into the data. */
const nameOfSeries = (value: string): string => `s:${encodeURIComponent(value).replaceAll('.', '%2E')}`

/** A bar for each part of the range, empty ones too: a day without calls is seen as one. */
function barsOf({ buckets, range }: UsageReport, by: Grouping, shown: ReadonlySet<string>): Bar[] {
  const bars = new Map<string, Record<string, string>>(timesIn(range).map((time) => [time, {}]))
  for (const { start, key, decimal } of buckets) {
    const value = groupValue(key, by)
    const name = nameOfSeries(shown.has(value) ? value : OTHER)
    const time = labelOf(start, range)
    const exact = bars.get(time) ?? {}
    bars.set(time, exact)
    exact[name] = sumOf([exact[name] ?? '0', decimal.chargeUsd ?? '0'])
  }
  return [...bars].map(([time, exact]) => ({
    time,
    exact,
    ...Object.fromEntries(Object.entries(exact).map(([name, amount]) => [name, Number(amount)])),
  }))
}

/** Half days meet every day, whatever the clocks do in it. */
function timesIn(range: UsageReport['range']): string[] {
  const step = range.bucket === 'hour' ? 3_600_000 : 43_200_000
  const times = new Set<string>()
  for (let at = Date.parse(range.from); at < Date.parse(range.to); at += step)
    times.add(labelOf(new Date(at).toISOString(), range))
  return [...times]
}

const tick = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

function labelOf(start: string, { timeZone, bucket }: UsageReport['range']): string {
  const parts: Intl.DateTimeFormatOptions =
    bucket === 'hour'
      ? { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' }
      : bucket === 'month'
        ? { month: 'short', year: 'numeric' }
        : { day: '2-digit', month: 'short' }
  return new Intl.DateTimeFormat('en-GB', { timeZone, ...parts }).format(new Date(start))
}

type TipProps = {
  readonly time: string
  readonly bar: Bar | undefined
  readonly names: readonly { readonly name: string; readonly label: string }[]
}

function Tip({ time, bar, names }: TipProps) {
  if (bar === undefined) return null
  return (
    <Paper withBorder shadow="sm" p="xs">
      <Text size="sm" fw={600}>
        {time}
      </Text>
      {names
        .filter(({ name }) => bar.exact[name] !== undefined)
        .map(({ name, label }) => (
          <Text key={name} size="sm">
            {label}: {readable(rounded(bar.exact[name] ?? '0'))}
          </Text>
        ))}
    </Paper>
  )
}
