import { Anchor, Badge, Button, Group, Table, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { GenerationRecord } from '@turnpike/sdk'
import { client } from '../client.ts'
import { CsvButton } from '../csv-button.tsx'
import { Filters, useView } from '../filters.tsx'
import { Money } from '../money.tsx'
import { useKeyNames } from '../names.ts'
import { instant, milliseconds, whole } from '../numbers.ts'
import { Page } from '../page.tsx'
import { Problem } from '../problem.tsx'
import { csvOf, narrowed } from '../report.ts'
import { useTimeZone } from '../session.ts'
import { Empty, Loading } from '../states.tsx'

export function RequestsScreen() {
  const timeZone = useTimeZone()
  return <Page title="Requests">{timeZone === undefined ? <Loading /> : <Requests timeZone={timeZone} />}</Page>
}

function Requests({ timeZone }: { readonly timeZone: string }) {
  const { search, change } = useView()
  const query = narrowed(search, timeZone)
  const paged = { ...query, ...(search.cursor === undefined ? {} : { cursor: search.cursor }) }
  const { data, error, refetch } = useQuery({
    queryKey: ['requests', paged],
    queryFn: () => client.admin.listGenerations(paged),
    placeholderData: keepPreviousData,
  })
  return (
    <>
      <Filters timeZone={timeZone} />
      <CsvButton href={csvOf('/api/admin/generations', query)} />
      {error !== null && <Problem error={error} doing="Requests could not be loaded" retry={refetch} />}
      {data === undefined ? (
        error === null && <Loading />
      ) : (
        <>
          <Text size="sm" c="dimmed" aria-live="polite">
            {whole(data.pagination.totalCount)} requests, newest first. Times in {timeZone}.
          </Text>
          {data.generations.length === 0 ? (
            <Empty title="No call matches">Take a longer range, or fewer filters.</Empty>
          ) : (
            <Calls generations={data.generations} timeZone={timeZone} />
          )}
          <Pages cursor={search.cursor} next={data.pagination.nextCursor} go={(cursor) => change({ cursor })} />
        </>
      )}
    </>
  )
}

type CallsProps = { readonly generations: readonly GenerationRecord[]; readonly timeZone: string }

const HEADS = ['Time', 'Model', 'Provider', 'API key', 'Tokens in', 'Tokens out', 'Charged', 'Latency', 'Status']
const NUMBERS = new Set(['Tokens in', 'Tokens out', 'Charged', 'Latency'])

function Calls({ generations, timeZone }: CallsProps) {
  const keys = useKeyNames()
  return (
    <Table.ScrollContainer minWidth={860} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table highlightOnHover tabularNums aria-label="Requests">
        <Table.Thead>
          <Table.Tr>
            {HEADS.map((head) => (
              <Table.Th key={head} ta={NUMBERS.has(head) ? 'right' : 'left'}>
                {head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {generations.map((call) => (
            <Table.Tr key={call.id}>
              <Table.Td>
                <Anchor component={Link} to="/requests/$id" params={{ id: call.id } as never} inherit>
                  {instant(call.occurredAt, timeZone)}
                </Anchor>
              </Table.Td>
              <Table.Td>{call.model}</Table.Td>
              <Table.Td>{call.provider_name ?? call.provider}</Table.Td>
              <Table.Td>{call.apiKeyHash === null ? 'None' : (keys.get(call.apiKeyHash) ?? 'an earlier key')}</Table.Td>
              <Table.Td ta="right">{whole(call.inputTokens)}</Table.Td>
              <Table.Td ta="right">{whole(call.outputTokens)}</Table.Td>
              <Table.Td ta="right">
                <Money value={call.decimal.chargeUsd} />
              </Table.Td>
              <Table.Td ta="right">{milliseconds(call.latency)}</Table.Td>
              <Table.Td>
                <Status status={call.status} source={call.usageSource} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

/** In words, never by colour alone. */
function Status({ status, source }: { readonly status: string; readonly source: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Badge variant="default" tt="none">
        {status}
      </Badge>
      {source !== 'reported' && (
        <Badge variant="default" tt="none">
          {source}
        </Badge>
      )}
    </Group>
  )
}

type PagesProps = {
  readonly cursor: string | undefined
  readonly next: string | null
  readonly go: (cursor: string | undefined) => void
}

/** The page before is the browser's own step back. */
const Pages = ({ cursor, next, go }: PagesProps) => (
  <Group>
    {cursor !== undefined && (
      <Button variant="default" onClick={() => go(undefined)}>
        Newest
      </Button>
    )}
    {next !== null && (
      <Button variant="default" onClick={() => go(next)}>
        Older
      </Button>
    )}
  </Group>
)
