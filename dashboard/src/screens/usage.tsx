import { Anchor } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { UsageReport } from '@turnpike/sdk'
import { lazy, Suspense } from 'react'
import { client } from '../client.ts'
import { CsvButton } from '../csv-button.tsx'
import { Filters, useView } from '../filters.tsx'
import { Loaded } from '../loaded.tsx'
import { Page } from '../page.tsx'
import { csvOf, groupingOf, usageQuery } from '../report.ts'
import { useTimeZone } from '../session.ts'
import { Empty, Loading } from '../states.tsx'
import { Headline } from '../usage-headline.tsx'
import { UsageTable } from '../usage-table.tsx'

/** The library of charts comes when there is something to draw. */
const UsageChart = lazy(() => import('../usage-chart.tsx'))

export function UsageScreen() {
  const timeZone = useTimeZone()
  return <Page title="Usage">{timeZone === undefined ? <Loading /> : <Usage timeZone={timeZone} />}</Page>
}

function Usage({ timeZone }: { readonly timeZone: string }) {
  const { search } = useView()
  const query = usageQuery(search, timeZone)
  const usage = useQuery({
    queryKey: ['usage', query],
    queryFn: () => client.admin.reportUsage(query),
    placeholderData: keepPreviousData,
  })
  return (
    <>
      <Filters timeZone={timeZone} />
      <CsvButton href={csvOf('/api/admin/usage', query)} />
      <Loaded query={usage} what="Usage">
        {(report) => <Report report={report} />}
      </Loaded>
    </>
  )
}

function Report({ report }: { readonly report: UsageReport }) {
  const { search } = useView()
  const isEmpty = report.totals.requests === 0
  return (
    <>
      <Headline report={report} />
      {isEmpty ? (
        <Nothing isNarrowed={(search.key ?? search.model ?? search.provider) !== undefined} />
      ) : (
        <>
          <Suspense fallback={<Loading what="Drawing" />}>
            <UsageChart report={report} by={groupingOf(search)} />
          </Suspense>
          <UsageTable report={report} by={groupingOf(search)} />
        </>
      )}
    </>
  )
}

const Nothing = ({ isNarrowed }: { readonly isNarrowed: boolean }) =>
  isNarrowed ? (
    <Empty title="No call matches">
      <Anchor component={Link} to="/usage" inherit underline="always">
        Clear the filters
      </Anchor>
    </Empty>
  ) : (
    <Empty title="No calls in this range">Make one with a key, and it is here a moment later.</Empty>
  )
