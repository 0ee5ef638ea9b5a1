/** The parts of a report, heaviest first: the legend of the bars. */
import { Anchor, Button, ColorSwatch, Group, Table } from '@mantine/core'
import type { UsageReport } from '@turnpike/sdk'
import type { ReactNode } from 'react'
import { sumOf } from '../../sdk/src/decimal.ts'
import { dollars } from './amount-text.ts'
import { CallsLink, onlyOf } from './behind.tsx'
import { Change } from './change.tsx'
import { partText } from './change-text.ts'
import { coloursOf, OTHER_COLOUR } from './colours.ts'
import { unitsOf } from './decimal.ts'
import { useView } from './filters.tsx'
import { GROUPING_NAMES, groupValue, useGroupName } from './group-names.ts'
import { amountOf, amountText, type Figures, METRIC_NAMES } from './metrics.ts'
import { Money } from './money.tsx'
import { whole } from './numbers.ts'
import type { Grouping, Metric, Search } from './search.ts'
import { Sparkline, trendsOf } from './sparkline.tsx'
import { type ColumnOf, DataTable } from './table.tsx'
import { Tokens } from './tokens.tsx'
import { MOST_SERIES, ranked } from './usage-stack.ts'

type Props = {
  readonly report: UsageReport
  readonly before: UsageReport | undefined
  readonly by: Grouping
  readonly metric: Metric
}

/** More are in the CSV. */
const MOST_ROWS = 200

type Part = UsageReport['groups'][number]

export function UsageTable({ report, before, by, metric }: Props) {
  const { search, change } = useView()
  const parts = ranked(report, metric)
  const isAll = search.all !== undefined
  return (
    <>
      <DataTable
        caption={`Usage by ${GROUPING_NAMES[by]}`}
        width={900}
        columns={useColumns({ report, before, by, metric })}
        rows={parts}
        idOf={({ key }) => groupValue(key, by)}
        sortedAs="usage"
        most={isAll ? MOST_ROWS : MOST_SERIES}
        restOf={(rest, aligned) => (
          <Rest
            parts={rest}
            aligned={aligned('charged')}
            {...{ metric, total: amountOf(metric, report.totals) }}
            show={() => change({ all: 'yes' })}
          />
        )}
      />
      {parts.length > MOST_SERIES && (
        <Button variant="default" size="xs" w="fit-content" onClick={() => change({ all: isAll ? undefined : 'yes' })}>
          {isAll ? `Show ${MOST_SERIES} and the others as one` : `Show all ${whole(parts.length)}`}
        </Button>
      )}
    </>
  )
}

function useColumns({ report, before, by, metric }: Props): readonly ColumnOf<Part>[] {
  const nameOf = useGroupName(by)
  const colours = coloursOf(
    ranked(report, metric)
      .slice(0, MOST_SERIES)
      .map(({ key }) => groupValue(key, by)),
  )
  const earlier = new Map(before?.groups.map((group) => [groupValue(group.key, by), amountOf(metric, group)]))
  const trendOf = trendsOf(report, by, metric)
  const total = amountOf(metric, report.totals)
  const groupOf = ({ key }: Part) => groupValue(key, by)
  const beforeOf = (part: Part) => before && (earlier.get(groupOf(part)) ?? '0')
  const only = ({ key }: Part) => onlyOf(by, key, report.groups)
  const onlyErrors = (part: Part) => {
    const found = part.errors === 0 ? undefined : only(part)
    return found && { ...found, status: 'error' }
  }
  return [
    {
      head: GROUPING_NAMES[by],
      name: 'name',
      by: (part) => nameOf(groupOf(part)),
      cell: (part) => (
        <Group gap="xs" wrap="nowrap">
          <ColorSwatch size={12} color={colours.get(groupOf(part)) ?? OTHER_COLOUR} withShadow={false} aria-hidden />
          {nameOf(groupOf(part))}
        </Group>
      ),
    },
    {
      head: '>Charged (USD)',
      name: 'charged',
      by: ({ decimal }) => unitsOf(decimal.chargeUsd ?? '0'),
      amount: ({ decimal }) => dollars(decimal.chargeUsd),
      cell: (part) => (
        <Behind only={only(part)}>
          <Charged part={part} />
        </Behind>
      ),
    },
    {
      head: `>Share of ${SHARE_OF[metric]}`,
      name: 'share',
      by: (part) => unitsOf(amountOf(metric, part)),
      cell: (part) => partText(amountOf(metric, part), total),
    },
    {
      head: '>Change',
      cell: (part) => (
        <Change now={amountOf(metric, part)} before={beforeOf(part)} textOf={(text) => amountText(metric, text)} />
      ),
    },
    { head: 'Trend', cell: (part) => <Sparkline amounts={trendOf(groupOf(part))} /> },
    {
      head: '>Requests',
      by: ({ requests }) => requests,
      cell: (part) => <Behind only={only(part)}>{whole(part.requests)}</Behind>,
    },
    {
      head: '>Errors',
      by: ({ errors }) => errors,
      cell: (part) => <Behind only={onlyErrors(part)}>{whole(part.errors)}</Behind>,
    },
    {
      head: '>Tokens',
      by: ({ totalTokens }) => totalTokens,
      cell: (part) => (
        <Behind only={only(part)}>
          <Tokens count={part.totalTokens} />
        </Behind>
      ),
    },
  ]
}

/** What nobody knows a price of is not free. */
function Charged({ part: { requests, unpricedRequests, decimal } }: { readonly part: Figures }) {
  const charge = decimal.chargeUsd ?? '0'
  return charge === '0' && unpricedRequests > 0 ? (
    <Money value={null} why={`${whole(unpricedRequests)} of ${whole(requests)} without a price`} />
  ) : (
    <Money value={charge} />
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

type RestProps = {
  readonly parts: readonly Part[]
  readonly metric: Metric
  readonly total: string
  readonly aligned: object
  readonly show: () => void
}

/** All others as one, so that the rows come to the headline. */
function Rest({ parts, aligned, metric, total, show }: RestProps) {
  const sum = (of: (figures: Figures) => number) => parts.reduce((all, part) => all + of(part), 0)
  const share = sumOf(parts.map((part) => amountOf(metric, part)))
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <ColorSwatch size={12} color={OTHER_COLOUR} withShadow={false} aria-hidden />
          <Anchor component="button" type="button" inherit onClick={show}>
            Other ({whole(parts.length)})
          </Anchor>
        </Group>
      </Table.Td>
      <Table.Td ta="right" {...aligned}>
        <Money value={sumOf(parts.map(({ decimal }) => decimal.chargeUsd ?? '0'))} />
      </Table.Td>
      <Table.Td ta="right">{partText(share, total)}</Table.Td>
      <Table.Td />
      <Table.Td />
      <Table.Td ta="right">{whole(sum(({ requests }) => requests))}</Table.Td>
      <Table.Td ta="right">{whole(sum(({ errors }) => errors))}</Table.Td>
      <Table.Td ta="right">
        <Tokens count={sum(({ totalTokens }) => totalTokens)} />
      </Table.Td>
    </Table.Tr>
  )
}
