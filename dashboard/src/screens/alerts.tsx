/** Alerts: who is told of what, what went to them, and what happened at all. */
import { Button, Group, Table, Text } from '@mantine/core'
import type { AlertChannel, Delivery } from '@turnpike/sdk'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { Confirm, useDialog } from '../dialog.tsx'
import { Page } from '../page.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { Rows, Small } from '../rows.tsx'
import { Section } from '../section.tsx'
import { useIsAdmin } from '../session.ts'
import { StateBadge } from '../state-badge.tsx'
import { When } from '../when.tsx'
import { CreateChannel, type Made, MadeChannel } from './alerts-create.tsx'

export function AlertsScreen() {
  const isAdmin = useIsAdmin()
  const creating = useDialog<true>()
  const made = useDialog<Made>()
  const show = (channel: Made) => {
    creating.close()
    if (channel.secret !== undefined) made.open(channel)
  }
  return (
    <Page title="Alerts" actions={isAdmin && <Button onClick={() => creating.open(true)}>Create channel</Button>}>
      <Text c="dimmed">When credit runs low, a budget is met or something else needs a person.</Text>
      <Channels isAdmin={isAdmin} />
      <Deliveries isAdmin={isAdmin} />
      <Events />
      {creating.subject && <CreateChannel onClose={creating.close} onMade={show} />}
      {made.subject && <MadeChannel made={made.subject} onClose={made.close} />}
    </Page>
  )
}

const CHANNEL_HEADS = ['Channel', 'Goes to', 'Of', 'State']

function Channels({ isAdmin }: { isAdmin: boolean }) {
  const removing = useDialog<AlertChannel>()
  const list = usePagedList(
    ['channels'],
    (start) => client.alerts.listChannels(start),
    ({ channels }) => channels,
  )
  return (
    <Section title="Channels">
      <PagedList list={list} what="Channels" empty="Nobody is told of anything yet. Create a channel.">
        {(rows) => (
          <Rows caption="Channels" width={760} heads={isAdmin ? [...CHANNEL_HEADS, 'Actions'] : CHANNEL_HEADS}>
            {rows.map((channel) => (
              <ChannelRow key={channel.id} {...{ channel, isAdmin, remove: removing.open }} />
            ))}
          </Rows>
        )}
      </PagedList>
      {removing.subject && (
        <Confirm
          title={`Delete ${nameOf(removing.subject)}`}
          submit="Delete"
          change={() => client.alerts.deleteChannel(removing.subject?.id ?? '')}
          onClose={removing.close}
        >
          Nothing more is delivered to it.
        </Confirm>
      )}
    </Section>
  )
}

const nameOf = ({ name, type, to, url }: AlertChannel): string => name ?? to?.join(', ') ?? url ?? type

type ChannelProps = {
  readonly channel: AlertChannel
  readonly isAdmin: boolean
  readonly remove: (channel: AlertChannel) => void
}

function ChannelRow({ channel, isAdmin, remove }: ChannelProps) {
  const { id, type, to, url, events, budgetId, disabled, disabledReason } = channel
  const name = nameOf(channel)
  const test = useChange(() => client.alerts.testChannel(id))
  const change = useChange(() => client.alerts.updateChannel(id, { disabled: !disabled }))
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {name}
        <Small>{type}</Small>
      </Table.Th>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>{to?.join(', ') ?? url}</Table.Td>
      <Table.Td>
        {events === null ? 'all events' : events.join(', ')}
        {budgetId !== null && <Small>only of {budgetId}</Small>}
      </Table.Td>
      <Table.Td>
        <StateBadge tone={disabled ? 'off' : 'good'}>{disabled ? 'disabled' : 'active'}</StateBadge>
        {disabledReason !== null && <Small>{disabledReason}</Small>}
      </Table.Td>
      {isAdmin && (
        <Table.Td>
          <Group gap={4} wrap="nowrap">
            <RowButton of={name} label="Test" isBusy={test.isPending} onClick={() => test.mutate()} />
            <RowButton
              of={name}
              label={disabled ? 'Enable' : 'Disable'}
              isBusy={change.isPending}
              onClick={() => change.mutate()}
            />
            <RowButton of={name} label="Delete" isDanger onClick={() => remove(channel)} />
          </Group>
          {test.isSuccess && <Small>A sample is on its way: see below.</Small>}
          <Refused error={test.error ?? change.error} />
        </Table.Td>
      )}
    </Table.Tr>
  )
}

const DELIVERY_HEADS = ['When', 'Event', 'Channel', 'State', 'Tries', 'Last answer']
const TONES = { pending: 'warn', delivered: 'good', failed: 'bad' } as const

function Deliveries({ isAdmin }: { isAdmin: boolean }) {
  const list = usePagedList(
    ['deliveries'],
    (start) => client.alerts.listDeliveries({ limit: 20, ...start }),
    ({ deliveries }) => deliveries,
    // What is on its way is looked at again.
    (rows) => (rows.some(({ state }) => state === 'pending') ? 3000 : false),
  )
  return (
    <Section title="Deliveries">
      <PagedList list={list} what="Deliveries" empty="Nothing was delivered yet.">
        {(rows) => (
          <Rows caption="Deliveries" width={860} heads={isAdmin ? [...DELIVERY_HEADS, 'Actions'] : DELIVERY_HEADS}>
            {rows.map((delivery) => (
              <DeliveryRow key={delivery.id} delivery={delivery} isAdmin={isAdmin} />
            ))}
          </Rows>
        )}
      </PagedList>
    </Section>
  )
}

function DeliveryRow({ delivery, isAdmin }: { delivery: Delivery; isAdmin: boolean }) {
  const { id, type, channelId, state, attempts, note, nextAttemptAt, createdAt } = delivery
  const resend = useChange(() => client.alerts.resendDelivery(id))
  const last = attempts.at(-1)
  return (
    <Table.Tr>
      <Table.Td>
        <When at={createdAt} />
      </Table.Td>
      <Table.Td>
        {type}
        <Small>{delivery.eventId}</Small>
      </Table.Td>
      <Table.Td>{channelId}</Table.Td>
      <Table.Td>
        <StateBadge tone={TONES[state]}>{state}</StateBadge>
        {nextAttemptAt !== null && (
          <Small>
            next try <When at={nextAttemptAt} />
          </Small>
        )}
      </Table.Td>
      <Table.Td ta="right">{attempts.length}</Table.Td>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>
        {last?.status ?? ''} {last?.error ?? note ?? ''}
      </Table.Td>
      {isAdmin && (
        <Table.Td>
          <RowButton of={id} label="Resend" isBusy={resend.isPending} onClick={() => resend.mutate()} />
          <Refused error={resend.error} />
        </Table.Td>
      )}
    </Table.Tr>
  )
}

function Events() {
  const list = usePagedList(
    ['events'],
    (start) => client.alerts.listEvents({ limit: 20, ...start }),
    ({ events }) => events,
  )
  return (
    <Section title="Recent events">
      <PagedList list={list} what="Events" empty="Nothing has happened that anybody is told of.">
        {(rows) => (
          <Rows caption="Recent events" width={640} heads={['When', 'Event', 'About', 'What happens next']}>
            {rows.map(({ type, timestamp, data }) => (
              <Table.Tr key={data.eventId}>
                <Table.Td>
                  <When at={timestamp} />
                </Table.Td>
                <Table.Th scope="row">{type}</Table.Th>
                <Table.Td>{aboutOf(data)}</Table.Td>
                <Table.Td>{data.next}</Table.Td>
              </Table.Tr>
            ))}
          </Rows>
        )}
      </PagedList>
    </Section>
  )
}

/** What people call the thing that it happened to. */
function aboutOf(data: object): string {
  const named = data as { name?: string; externalId?: string | null; model?: string }
  return named.name ?? named.externalId ?? named.model ?? ''
}
