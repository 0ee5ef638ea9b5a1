import { Anchor, Badge, Button, Group, Table, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { GenerationRecord } from '@turnpike/sdk'
import { client } from '../client.ts'
import { CsvButton } from '../csv-button.tsx'
import { Filters, useView } from '../filters.tsx'
import { Loaded } from '../loaded.tsx'
import { Money } from '../money.tsx'
import { useKeyNames } from '../names.ts'
import { instant, milliseconds, whole } from '../numbers.ts'
import { Page } from '../page.tsx'
import { csvOf, narrowed } from '../report.ts'
import { Rows } from '../rows.tsx'
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
  const calls = useQuery({
    queryKey: ['requests', paged],
    queryFn: () => client.admin.listGenerations(paged),
    placeholderData: keepPreviousData,
  })
  return (
    <>
      <Filters timeZone={timeZone} />
      <CsvButton href={csvOf('/api/admin/generations', query)} />
      <Loaded query={calls} what="Requests">
        {({ generations, pagination }) => (
          <>
            <Text size="sm" c="dimmed" aria-live="polite">
              {whole(pagination.totalCount)} requests, newest first. Times in {timeZone}.
            </Text>
            {generations.length === 0 ? (
              <Empty title="No call matches">Take a longer range, or fewer filters.</Empty>
            ) : (
              <Calls generations={generations} timeZone={timeZone} />
            )}
            <Pages cursor={search.cursor} next={pagination.nextCursor} go={(cursor) => change({ cursor })} />
          </>
        )}
      </Loaded>
    </>
  )
}

type CallsProps = { readonly generations: readonly GenerationRecord[]; readonly timeZone: string }

const HEADS = ['Time', 'Model', 'Provider', 'API key', '>Tokens in', '>Tokens out', '>Charged', '>Latency', 'Status']

function Calls({ generations, timeZone }: CallsProps) {
  const keys = useKeyNames()
  return (
    <Rows caption="Requests" width={860} heads={HEADS}>
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
    </Rows>
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
