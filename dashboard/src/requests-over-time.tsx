/** How many calls there were over time, and how they ended. */
import { Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { UsageReport } from '@turnpike/sdk'
import { client } from './client.ts'
import { now } from './clock.ts'
import { useView } from './filters.tsx'
import { Loaded } from './loaded.tsx'
import { whole } from './numbers.ts'
import { requestsQuery } from './report.ts'
import { callStatus, STATUSES } from './search.ts'
import { useTimeZone } from './session.ts'
import { columnsOf, type Stack } from './stack.ts'
import { StackView } from './stack-view.tsx'
import { Bones } from './states.tsx'

const HEIGHT = 140

export function RequestsOverTime({ refetchInterval }: { readonly refetchInterval: number | false }) {
  const { search } = useView()
  const query = requestsQuery(search, useTimeZone())
  const report = useQuery({
    queryKey: ['usage', query],
    queryFn: () => client.admin.reportUsage(query),
    placeholderData: keepPreviousData,
    refetchInterval,
  })
  if ([search.source, search.minCost, search.minLatency].some((each) => each !== undefined))
    return (
      <Text size="sm" c="dimmed">
        No bars over time: sums are not kept by who counted, by cost or by latency of a call.
      </Text>
    )
  return (
    <Loaded query={report} what="The bars" waiting={<Bones height={HEIGHT} />}>
      {(found) => (
        <StackView
          stack={stackOf(found)}
          caption={`Requests by status, by ${found.range.bucket}`}
          height={HEIGHT}
          textOf={(amount) => whole(Number(amount))}
          exactOf={(amount) => whole(Number(amount))}
          tickOf={(amount) => tick.format(amount)}
          behind={({ span }, { name }) => span && { range: 'Custom', ...span, status: callStatus({ status: name }) }}
        />
      )}
    </Loaded>
  )
}

const tick = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, notation: 'compact' })

const COLOURS: Readonly<Record<(typeof STATUSES)[number], string>> = {
  ok: 'var(--series-0)',
  error: 'var(--series-4)',
  cancelled: 'var(--series-other)',
  interrupted: 'var(--series-1)',
}

const stackOf = (report: UsageReport): Stack => ({
  series: STATUSES.filter((status) => report.groups.some(({ key }) => key.status === status)).map((status) => ({
    name: status,
    label: status,
    colour: COLOURS[status],
  })),
  columns: columnsOf(report, ({ key, requests }) => [[key.status ?? '', String(requests)]], now()),
})
