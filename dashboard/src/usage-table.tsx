/** The parts of a report, heaviest first: the legend of the bars. */
import { Button, ColorSwatch, Group, Table } from '@mantine/core'
import type { UsageReport } from '@turnpike/sdk'
import type { ReactNode } from 'react'
import { sumOf } from '../../sdk/src/decimal.ts'
import { CallsLink, onlyOf } from './behind.tsx'
import { Change } from './change.tsx'
import { partText } from './change-text.ts'
import { coloursOf, OTHER_COLOUR } from './colours.ts'
import { useView } from './filters.tsx'
import { GROUPING_NAMES, groupValue, useGroupName } from './group-names.ts'
import { amountOf, amountText, type Figures, METRIC_NAMES } from './metrics.ts'
import { Money } from './money.tsx'
import { whole } from './numbers.ts'
import { Rows } from './rows.tsx'
import type { Grouping, Metric, Search } from './search.ts'
import { Sparkline, trendsOf } from './sparkline.tsx'
import { MOST_SERIES, ranked } from './usage-stack.ts'

type Props = {
  readonly report: UsageReport
  readonly before: UsageReport | undefined
  readonly by: Grouping
  readonly metric: Metric
}

/** More are in the CSV. */
const MOST_ROWS = 200

export function UsageTable({ report, before, by, metric }: Props) {
  const { search, change } = useView()
  const nameOf = useGroupName(by)
  const parts = ranked(report, metric)
  const most = search.all === undefined ? MOST_SERIES : MOST_ROWS
  const rest = parts.slice(most)
  const colours = coloursOf(parts.slice(0, MOST_SERIES).map(({ key }) => groupValue(key, by)))
  const earlier = new Map(before?.groups.map((group) => [groupValue(group.key, by), amountOf(metric, group)]))
  const trendOf = trendsOf(report, by, metric)
  const total = amountOf(metric, report.totals)
  const heads = [
    GROUPING_NAMES[by],
    ...['>Charged', `>Share of ${SHARE_OF[metric]}`, '>Change', 'Trend'],
    ...['>Requests', '>Errors', '>Tokens'],
  ]
  const beforeOf = (value: string) => before && (earlier.get(value) ?? '0')
  return (
    <>
      <Rows caption={`Usage by ${GROUPING_NAMES[by]}`} width={900} heads={heads}>
        {parts.slice(0, most).map((part) => {
          const value = groupValue(part.key, by)
          const only = onlyOf(by, part.key, report.groups)
          return (
            <Table.Tr key={value}>
              <Table.Td>
                <Group gap="xs" wrap="nowrap">
                  <ColorSwatch size={12} color={colours.get(value) ?? OTHER_COLOUR} withShadow={false} aria-hidden />
                  {nameOf(value)}
                </Group>
              </Table.Td>
              <Table.Td ta="right">
                <Behind only={only}>
                  <Money value={part.decimal.chargeUsd} />
                </Behind>
              </Table.Td>
              <Measured figures={part} {...{ metric, total, before: beforeOf(value) }} />
              <Table.Td>
                <Sparkline amounts={trendOf(value)} />
              </Table.Td>
              <Table.Td ta="right">
                <Behind only={only}>{whole(part.requests)}</Behind>
              </Table.Td>
              <Table.Td ta="right">
                <Behind only={part.errors === 0 ? undefined : only && { ...only, status: 'error' }}>
                  {whole(part.errors)}
                </Behind>
              </Table.Td>
              <Table.Td ta="right">
                <Behind only={only}>{whole(part.totalTokens)}</Behind>
              </Table.Td>
            </Table.Tr>
          )
        })}
        {rest.length > 0 && <Rest parts={rest} {...{ metric, total }} />}
      </Rows>
      {parts.length > MOST_SERIES && (
        <Button
          variant="default"
          size="xs"
          w="fit-content"
          onClick={() => change({ all: search.all === undefined ? 'yes' : undefined })}
        >
          {search.all === undefined ? `Show all ${whole(parts.length)}` : `Show ${MOST_SERIES} and the others as one`}
        </Button>
      )}
    </>
  )
}

/** A number, leading to its calls where one filter leaves just those. */
const Behind = ({ only, children }: { readonly only: Search | undefined; readonly children: ReactNode }) =>
  only === undefined ? children : <CallsLink more={only}>{children}</CallsLink>

const SHARE_OF: Readonly<Record<Metric, string>> = {
  charge: 'charges',
  requests: METRIC_NAMES.requests.toLowerCase(),
  errors: METRIC_NAMES.errors.toLowerCase(),
  tokens: 'tokens',
  kinds: 'tokens',
}

type MeasuredProps = {
  readonly figures: Figures
  readonly metric: Metric
  readonly total: string
  readonly before: string | undefined
}

function Measured({ figures, metric, total, before }: MeasuredProps) {
  const amount = amountOf(metric, figures)
  return (
    <>
      <Table.Td ta="right">{partText(amount, total)}</Table.Td>
      <Table.Td ta="right">
        <Change now={amount} before={before} textOf={(text) => amountText(metric, text)} />
      </Table.Td>
    </>
  )
}

type RestProps = { readonly parts: UsageReport['groups']; readonly metric: Metric; readonly total: string }

/** All others as one, so that the rows come to the headline. */
function Rest({ parts, metric, total }: RestProps) {
  const sum = (of: (figures: Figures) => number) => parts.reduce((all, part) => all + of(part), 0)
  const share = sumOf(parts.map((part) => amountOf(metric, part)))
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <ColorSwatch size={12} color={OTHER_COLOUR} withShadow={false} aria-hidden />
          Other ({whole(parts.length)})
        </Group>
      </Table.Td>
      <Table.Td ta="right">
        <Money value={sumOf(parts.map(({ decimal }) => decimal.chargeUsd ?? '0'))} />
      </Table.Td>
      <Table.Td ta="right">{partText(share, total)}</Table.Td>
      <Table.Td />
      <Table.Td />
      <Table.Td ta="right">{whole(sum(({ requests }) => requests))}</Table.Td>
      <Table.Td ta="right">{whole(sum(({ errors }) => errors))}</Table.Td>
      <Table.Td ta="right">{whole(sum(({ totalTokens }) => totalTokens))}</Table.Td>
    </Table.Tr>
  )
}
