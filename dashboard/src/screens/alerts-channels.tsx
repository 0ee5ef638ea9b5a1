/** Who is told, of what, and whether they can be reached. */
import { Group } from '@mantine/core'
import type { AlertChannel } from '@turnpike/sdk'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { Confirm, useDialog } from '../dialog.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { Section } from '../section.tsx'
import { StateBadge } from '../state-badge.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { ChangeChannel, ChannelSecret, type Made } from './alerts-channel-forms.tsx'

export function Channels({ isAdmin }: { isAdmin: boolean }) {
  const removing = useDialog<AlertChannel>()
  const changing = useDialog<AlertChannel>()
  const rotating = useDialog<AlertChannel>()
  const rotated = useDialog<Made>()
  const list = usePagedList(
    ['channels'],
    (start) => client.alerts.listChannels(start),
    ({ channels }) => channels,
  )
  const actions: ColumnOf<AlertChannel> = {
    head: 'Actions',
    cell: (channel) => <Actions {...{ channel, remove: removing.open, edit: changing.open, rotate: rotating.open }} />,
  }
  return (
    <Section title="Channels">
      <PagedList list={list} what="Channels" empty="Nobody is told of anything yet. Create a channel.">
        {(rows, isWhole) => (
          <DataTable
            caption="Channels"
            width={960}
            columns={isAdmin ? [...COLUMNS, actions] : COLUMNS}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'channels' : undefined}
          />
        )}
      </PagedList>
      {changing.subject && <ChangeChannel channel={changing.subject} onClose={changing.close} />}
      {rotating.subject && (
        <Confirm
          title={`Rotate the secret of ${nameOf(rotating.subject)}`}
          submit="Rotate"
          change={async () => rotated.open(await client.alerts.rotateSecret(rotating.subject?.id ?? ''))}
          onClose={rotating.close}
        >
          A new secret is shown once. For 24 hours both sign.
        </Confirm>
      )}
      {rotated.subject && <ChannelSecret made={rotated.subject} isNew={false} onClose={rotated.close} />}
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

export const nameOf = ({ name, type, to, url }: AlertChannel): string => name ?? to?.join(', ') ?? url ?? type

const COLUMNS: readonly ColumnOf<AlertChannel>[] = [
  {
    head: 'Channel',
    isHead: true,
    by: nameOf,
    cell: (channel) => (
      <>
        {nameOf(channel)}
        <Small>{channel.type}</Small>
      </>
    ),
  },
  {
    head: 'Goes to',
    look: { style: { overflowWrap: 'anywhere' } },
    cell: ({ to, url }) => to?.join(', ') ?? url,
  },
  {
    head: 'Of',
    cell: ({ events, budgetId }) => (
      <>
        {events === null ? 'all events' : events.join(', ')}
        {budgetId !== null && <Small>only of {budgetId}</Small>}
      </>
    ),
  },
  {
    head: 'State',
    cell: ({ disabled, disabledReason }) => (
      <>
        <StateBadge tone={disabled ? 'off' : 'good'}>{disabled ? 'disabled' : 'active'}</StateBadge>
        {disabledReason !== null && <Small>{disabledReason}</Small>}
      </>
    ),
  },
]

type ActionProps = {
  readonly channel: AlertChannel
  readonly remove: (channel: AlertChannel) => void
  readonly edit: (channel: AlertChannel) => void
  readonly rotate: (channel: AlertChannel) => void
}

function Actions({ channel, remove, edit, rotate }: ActionProps) {
  const { id, type, disabled } = channel
  const name = nameOf(channel)
  const test = useChange(() => client.alerts.testChannel(id))
  const change = useChange(() => client.alerts.updateChannel(id, { disabled: !disabled }))
  return (
    <>
      <Group gap={4} wrap="nowrap">
        <RowButton of={name} label="Test" isBusy={test.isPending} onClick={() => test.mutate()} />
        <RowButton
          of={name}
          label={disabled ? 'Enable' : 'Disable'}
          isBusy={change.isPending}
          onClick={() => change.mutate()}
        />
        <RowButton of={name} label="Change" onClick={() => edit(channel)} />
        {type === 'webhook' && <RowButton of={name} label="Rotate secret" onClick={() => rotate(channel)} />}
        <RowButton of={name} label="Delete" isDanger onClick={() => remove(channel)} />
      </Group>
      {test.isSuccess && <Small>A sample is on its way: see below.</Small>}
      <Refused error={test.error ?? change.error} />
    </>
  )
}
