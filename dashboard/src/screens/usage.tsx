import { Anchor, Code, Group, Stack } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { UsageReport } from '@turnpike/sdk'
import { Choice } from '../choice.tsx'
import { cliLine } from '../cli-line.ts'
import { client } from '../client.ts'
import { count, daysOf, isDay, previousTo } from '../days.ts'
import { Elsewhere } from '../elsewhere.tsx'
import { Filters, isNarrowed, useView, WIDE } from '../filters.tsx'
import { FirstSteps } from '../first-steps.tsx'
import { Freshness } from '../freshness.tsx'
import { GROUPING_NAMES, groupedBy } from '../group-names.ts'
import { Loaded } from '../loaded.tsx'
import { METRIC_NAMES } from '../metrics.ts'
import { OverBudget } from '../over-budget.tsx'
import { Page } from '../page.tsx'
import { bucketOf, bucketsFor, csvOf, groupingOf, usageBefore, usageQuery } from '../report.ts'
import { BUCKETS, GROUPINGS, METRICS } from '../search.ts'
import { useTimeZone } from '../session.ts'
import { BarsOrTable } from '../stack-view.tsx'
import { Bones, Empty } from '../states.tsx'
import { Step } from '../step.tsx'
import { Headline } from '../usage-headline.tsx'
import { CHART_HEIGHT, UsageOverTime } from '../usage-over-time.tsx'
import { UsageTable } from '../usage-table.tsx'
import { dayText, timeText } from '../zone.ts'

export function UsageScreen() {
  const timeZone = useTimeZone()
  const { search } = useView()
  const query = usageQuery(search, timeZone)
  const earlier = usageBefore(search, timeZone)
  const usage = useReport(query)
  const before = useReport(earlier)
  return (
    <Page
      title="Usage"
      actions={<Elsewhere href={csvOf('/api/admin/usage', query)} cli={cliLine('usage report', query)} />}
    >
      <Filters timeZone={timeZone} />
      <Group gap="md">
        <Step />
        <Freshness query={usage} />
      </Group>
      <OverBudget />
      <Loaded query={usage} what="Usage" waiting={<Waiting />}>
        {(report) => (
          <Report
            report={report}
            before={usage.isPlaceholderData || before.isPlaceholderData ? undefined : before.data}
          />
        )}
      </Loaded>
      <FirstSteps />
    </Page>
  )
}

const A_MINUTE = 60_000

const useReport = (query: ReturnType<typeof usageQuery>) =>
  useQuery({
    queryKey: ['usage', query],
    queryFn: () => client.admin.reportUsage(query),
    placeholderData: keepPreviousData,
    refetchInterval: A_MINUTE,
  })

type Props = { readonly report: UsageReport; readonly before: UsageReport | undefined }

function Report({ report, before }: Props) {
  const { search } = useView()
  const timeZone = useTimeZone()
  const { metric = 'charge' } = search
  const by = groupedBy(report)
  return (
    <>
      <Headline report={report} before={before} beforeWords={useBeforeWords(timeZone)} />
      {report.totals.requests === 0 ? (
        <Nothing />
      ) : (
        <>
          <Controls />
          <UsageOverTime {...{ report, by, metric }} />
          <UsageTable {...{ report, before, by, metric }} />
        </>
      )}
    </>
  )
}

function useBeforeWords(timeZone: string): string {
  const { search } = useView()
  const { from, to } = previousTo(daysOf(search, timeZone), timeZone)
  const text = (at: string) => (isDay(at) ? dayText(at) : timeText(new Date(at), timeZone))
  return from === to ? text(from) : `${text(from)} to ${text(to)}`
}

/** What the bars measure, of what they are made, how wide they are, and whether they are bars. */
function Controls() {
  const { search, change } = useView()
  const timeZone = useTimeZone()
  const buckets = bucketsFor(count(daysOf(search, timeZone)))
  return (
    <Group align="flex-end" gap="sm">
      <Choice
        label="Metric"
        value={search.metric ?? 'charge'}
        options={METRICS.map((metric) => [metric, METRIC_NAMES[metric]])}
        onChange={(metric) => change({ metric: METRICS.find((each) => each === metric) })}
      />
      <Choice
        label="Group by"
        value={groupingOf(search)}
        options={GROUPINGS.map((by) => [by, GROUPING_NAMES[by]])}
        onChange={(by) => change({ by: GROUPINGS.find((each) => each === by) })}
      />
      <Choice
        label="Bucket"
        value={bucketOf(search, timeZone)}
        options={buckets.map((bucket) => [bucket, `by ${bucket}`])}
        onChange={(bucket) => change({ bucket: BUCKETS.find((each) => each === bucket) })}
      />
      <BarsOrTable />
    </Group>
  )
}

/** In the sizes of what comes. */
const Waiting = () => (
  <Stack gap="md" role="status" aria-label="Usage…">
    <Bones height={290} />
    <Bones height={CHART_HEIGHT + 104} />
    <Bones height={240} />
  </Stack>
)

function Nothing() {
  const { search, change } = useView()
  if (isNarrowed(search))
    return (
      <Empty title="No call matches">
        <Anchor component="button" type="button" inherit underline="always" onClick={() => change(WIDE)}>
          Clear the filters
        </Anchor>
      </Empty>
    )
  return (
    <Empty title="No calls in this range">
      <p>
        Make one with a{' '}
        <Anchor component={Link} to="/keys" inherit underline="always">
          key
        </Anchor>
        , and it is here a moment later:
      </p>
      <Code block ta="left" tabIndex={0} style={{ overflowX: 'auto' }}>
        {FIRST_CALL}
      </Code>
    </Empty>
  )
}

const FIRST_CALL = `curl ${location.origin}/v1/chat/completions \\
  -H "Authorization: Bearer sk-tp-…" -H "Content-Type: application/json" \\
  -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}'`
