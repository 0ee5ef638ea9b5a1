/** The parts of a report, dearest first: the chart's legend, and its twin for who cannot see it. */
import { Anchor, ColorSwatch, Group, NativeSelect, Table } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { UsageReport } from '@turnpike/sdk'
import { useView } from './filters.tsx'
import { GROUPING_NAMES, groupValue, useGroupName } from './group-names.ts'
import { Money } from './money.tsx'
import { whole } from './numbers.ts'
import { Rows } from './rows.tsx'
import { GROUPINGS, type Grouping, type Search } from './search.ts'
import { seriesOf } from './series.ts'

export function UsageTable({ report, by }: { readonly report: UsageReport; readonly by: Grouping }) {
  const { search, change } = useView()
  const nameOf = useGroupName(by)
  const colours = new Map(seriesOf(report, by).map(({ value, colour }) => [value, colour]))
  return (
    <>
      <NativeSelect
        label="Group by"
        w={200}
        value={by}
        data={GROUPINGS.map((value) => ({ value, label: GROUPING_NAMES[value] }))}
        onChange={({ currentTarget }) => change({ by: GROUPINGS.find((each) => each === currentTarget.value) })}
      />
      <Rows
        caption={`Usage by ${GROUPING_NAMES[by]}`}
        width={560}
        heads={[GROUPING_NAMES[by], '>Charged', '>Requests', '>Errors', '>Tokens']}
      >
        {ranked(report).map(({ key, decimal, requests, errors, totalTokens }) => {
          const value = groupValue(key, by)
          return (
            <Table.Tr key={value}>
              <Table.Td>
                <Group gap="xs" wrap="nowrap">
                  <ColorSwatch size={12} color={colours.get(value) ?? OTHER} withShadow={false} aria-hidden />
                  {nameOf(value)}
                </Group>
              </Table.Td>
              <Table.Td ta="right">
                <Money value={decimal.chargeUsd} />
              </Table.Td>
              <Table.Td ta="right">
                <Anchor component={Link} to="/requests" search={calls(search, by, value) as never} inherit>
                  {whole(requests)}
                </Anchor>
              </Table.Td>
              <Table.Td ta="right">{whole(errors)}</Table.Td>
              <Table.Td ta="right">{whole(totalTokens)}</Table.Td>
            </Table.Tr>
          )
        })}
      </Rows>
    </>
  )
}

const OTHER = 'var(--mantine-color-gray-5)'

/** As the chart, by what was charged. Their order alone may come from floats. */
const ranked = ({ groups }: UsageReport) =>
  [...groups].sort((a, b) => b.chargeUsd - a.chargeUsd || b.requests - a.requests)

/** The calls behind a row, where they can be narrowed to it. */
function calls(search: Search, by: Grouping, value: string): Search {
  const { by: _by, ...rest } = search
  if (value === '') return rest
  if (by === 'model') return { ...rest, model: value }
  if (by === 'provider') return { ...rest, provider: value }
  return by === 'api_key' ? { ...rest, key: value } : rest
}
