import { Anchor, Button, Group, Switch, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { GenerationRecord, Pagination } from '@turnpike/sdk'
import { useState } from 'react'
import { cliLine } from '../cli-line.ts'
import { client } from '../client.ts'
import { Elsewhere } from '../elsewhere.tsx'
import { Filters, isNarrowed, useView, WIDE } from '../filters.tsx'
import { Freshness } from '../freshness.tsx'
import { Loaded } from '../loaded.tsx'
import { useAccountNames, useKeyNames } from '../names.ts'
import { whole } from '../numbers.ts'
import { Page } from '../page.tsx'
import { callsQuery, csvOf } from '../report.ts'
import { ColumnChooser, columnsOf, shownIn } from '../requests-columns.tsx'
import { MoreFilters } from '../requests-filters.tsx'
import { RequestsOverTime } from '../requests-over-time.tsx'
import { useTimeZone } from '../session.ts'
import { BarsOrTable } from '../stack-view.tsx'
import { Bones, Empty } from '../states.tsx'
import { Step } from '../step.tsx'
import { DataTable } from '../table.tsx'

export function RequestsScreen() {
  const timeZone = useTimeZone()
  const { search, change } = useView()
  const query = callsQuery(search, timeZone)
  const isLive = search.live !== undefined && search.cursor === undefined
  const { calls, list, isHeld, hold, release } = useCalls(query, isLive)
  return (
    <Page
      title="Requests"
      actions={<Elsewhere href={csvOf('/api/admin/generations', query)} cli={cliLine('generations list', query)} />}
    >
      <Filters timeZone={timeZone} />
      <MoreFilters />
      <Group justify="space-between" align="center">
        <Group gap="md">
          <Step />
          <Freshness query={calls} />
        </Group>
        <Group gap="sm">
          <LiveSwitch isHeld={isHeld} />
          <BarsOrTable />
          <ColumnChooser />
        </Group>
      </Group>
      <RequestsOverTime refetchInterval={isLive && !isHeld ? LIVE_MS : false} />
      <Loaded query={list} what="Requests" waiting={<Bones height={520} />}>
        {({ generations, pagination }) => (
          <>
            <Text size="sm" c="dimmed" aria-live="polite">
              {whole(pagination.totalCount)} requests, newest first.
            </Text>
            {generations.length === 0 ? (
              <Nothing />
            ) : (
              // biome-ignore lint/a11y/noStaticElementInteractions: it does nothing, it only stands still under the pointer.
              <div onPointerEnter={hold} onPointerLeave={release} onFocus={hold} onBlur={release}>
                <Calls generations={generations} />
              </div>
            )}
            <Pages cursor={search.cursor} next={pagination.nextCursor} go={(cursor) => change({ cursor })} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

const LIVE_MS = 2_000

type Listed = { readonly generations: readonly GenerationRecord[]; readonly pagination: Pagination }

/** While somebody is at the rows, they stay where they are, whatever came meanwhile. */
function useCalls(query: ReturnType<typeof callsQuery>, isLive: boolean) {
  const { search } = useView()
  const paged = { ...query, ...(search.cursor === undefined ? {} : { cursor: search.cursor }) }
  const [held, setHeld] = useState<Listed>()
  const isHeld = isLive && held !== undefined
  const calls = useQuery({
    queryKey: ['requests', paged],
    queryFn: async (): Promise<Listed> => await client.admin.listGenerations(paged),
    placeholderData: keepPreviousData,
    refetchInterval: isLive && !isHeld ? LIVE_MS : false,
  })
  return {
    calls,
    isHeld,
    list: { ...calls, data: isHeld ? held : calls.data },
    hold: () => setHeld(calls.data),
    release: () => setHeld(undefined),
  }
}

function LiveSwitch({ isHeld }: { readonly isHeld: boolean }) {
  const { search, change } = useView()
  return (
    <Switch
      label={isHeld ? 'Live (paused at the rows)' : 'Live'}
      checked={search.live !== undefined}
      onChange={({ currentTarget: { checked } }) => change({ live: checked ? 'yes' : undefined })}
    />
  )
}

/** In the order that the API gives: other columns could sort one page of many. */
function Calls({ generations }: { readonly generations: readonly GenerationRecord[] }) {
  const { search } = useView()
  const columns = columnsOf({ keys: useKeyNames(), accounts: useAccountNames() })
  const visible = shownIn(search)
  return (
    <DataTable
      caption="Requests"
      width={visible.length * 105}
      {...{ columns, visible }}
      rows={generations}
      idOf={({ id }) => id}
    />
  )
}

function Nothing() {
  const { search, change } = useView()
  return (
    <Empty title={isNarrowed(search) ? 'No call matches' : 'No calls in this range'}>
      {isNarrowed(search) ? (
        <Anchor component="button" type="button" inherit underline="always" onClick={() => change(WIDE)}>
          Clear the filters
        </Anchor>
      ) : (
        'Take a longer range, or make a call.'
      )}
    </Empty>
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
