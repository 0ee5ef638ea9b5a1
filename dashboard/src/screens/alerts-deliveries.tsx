/** What went to whom, what came back, and what is tried again. */
import { Code, Group, NativeSelect, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Delivery } from '@turnpike/sdk'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { useView } from '../filters.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { Section } from '../section.tsx'
import { StateBadge } from '../state-badge.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { When } from '../when.tsx'
import { nameOf } from './alerts-channels.tsx'

const STATES = ['pending', 'delivered', 'failed'] as const
const TONES = { pending: 'warn', delivered: 'good', failed: 'bad' } as const

export function Deliveries({ isAdmin }: { isAdmin: boolean }) {
  const { search, change } = useView()
  const state = STATES.find((each) => each === search.status)
  const names = useQuery({
    queryKey: ['channel-names'],
    queryFn: async () => await client.alerts.listChannels({ limit: 500 }),
    select: ({ channels }) => new Map(channels.map((channel) => [channel.id, nameOf(channel)])),
  })
  const list = usePagedList(
    ['deliveries', state],
    (start) => client.alerts.listDeliveries({ limit: 20, ...(state ? { state } : {}), ...start }),
    ({ deliveries }) => deliveries,
    // What is on its way is looked at again.
    (rows) => (rows.some(({ state }) => state === 'pending') ? 3000 : false),
  )
  const choice = (
    <NativeSelect
      label="State"
      value={state ?? ''}
      data={[{ value: '', label: 'All' }, ...STATES]}
      onChange={(e) => change({ status: e.currentTarget.value || undefined })}
    />
  )
  return (
    <Section title="Deliveries" actions={choice}>
      <PagedList list={list} what="Deliveries" empty={state ? `None is ${state}.` : 'Nothing was delivered yet.'}>
        {(rows, isWhole) => (
          <DataTable
            caption="Deliveries"
            width={860}
            columns={columnsFor(isAdmin, (id) => names.data?.get(id) ?? id)}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'deliveries' : undefined}
            detailsOf={(delivery) => <Answers delivery={delivery} />}
          />
        )}
      </PagedList>
    </Section>
  )
}

const columnsFor = (isAdmin: boolean, channelName: (id: string) => string): readonly ColumnOf<Delivery>[] => [
  { head: 'When', by: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
  {
    head: 'Event',
    by: ({ type }) => type,
    cell: ({ type, eventId }) => (
      <>
        {type}
        <Small>{eventId}</Small>
      </>
    ),
  },
  {
    head: 'Channel',
    by: ({ channelId }) => channelName(channelId),
    cell: ({ channelId }) => channelName(channelId),
  },
  {
    head: 'State',
    by: ({ state }) => state,
    cell: ({ state, nextAttemptAt }) => (
      <>
        <StateBadge tone={TONES[state]}>{state}</StateBadge>
        {nextAttemptAt !== null && (
          <Small>
            next try <When at={nextAttemptAt} />
          </Small>
        )}
      </>
    ),
  },
  { head: '>Tries', by: ({ attempts }) => attempts.length, cell: ({ attempts }) => attempts.length },
  {
    head: 'Last answer',
    look: { style: { overflowWrap: 'anywhere' } },
    cell: ({ attempts, note }) => answerOf(attempts.at(-1)) || (note ?? ''),
  },
  {
    head: 'Actions',
    cell: (delivery, { isOpen, toggle }) => (
      <Group gap={4} wrap="nowrap">
        <RowButton of={delivery.id} label={isOpen ? 'Hide' : 'Answers'} onClick={toggle} />
        {isAdmin && <Resend delivery={delivery} />}
      </Group>
    ),
  },
]

const answerOf = (attempt: Attempt | undefined): string => [attempt?.status, attempt?.error].filter(Boolean).join(' ')

function Resend({ delivery: { id } }: { readonly delivery: Delivery }) {
  const resend = useChange(() => client.alerts.resendDelivery(id))
  return (
    <>
      <RowButton of={id} label="Resend" isBusy={resend.isPending} onClick={() => resend.mutate()} />
      <Refused error={resend.error} />
    </>
  )
}

type Attempt = Delivery['attempts'][number]

/** Every try, and what the receiver said to it. */
const Answers = ({ delivery: { attempts, note } }: { readonly delivery: Delivery }) =>
  attempts.length === 0 ? (
    <Text size="sm">Not tried yet. {note}</Text>
  ) : (
    <DataTable caption="Tries" width={480} columns={TRIES} rows={attempts} idOf={({ at }, index) => `${at} ${index}`} />
  )

const TRIES: readonly ColumnOf<Attempt>[] = [
  { head: 'At', isHead: true, look: { fw: 400 }, cell: ({ at }) => <When at={at} exact /> },
  { head: 'Status', cell: ({ status }) => status ?? 'no answer' },
  { head: 'Error', look: { style: { overflowWrap: 'anywhere' } }, cell: ({ error }) => error ?? '' },
  {
    head: 'Answer',
    look: { style: { overflowWrap: 'anywhere' } },
    cell: ({ answer }) => (answer ? <Code>{answer}</Code> : 'empty'),
  },
]
