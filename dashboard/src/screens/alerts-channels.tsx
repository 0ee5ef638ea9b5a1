/** Who is told, of what, and whether they can be reached. */
import { Group, Table } from '@mantine/core'
import type { AlertChannel } from '@turnpike/sdk'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { Confirm, useDialog } from '../dialog.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { Rows, Small } from '../rows.tsx'
import { Section } from '../section.tsx'
import { StateBadge } from '../state-badge.tsx'
import { ChangeChannel, ChannelSecret, type Made } from './alerts-channel-forms.tsx'

const CHANNEL_HEADS = ['Channel', 'Goes to', 'Of', 'State']

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
  return (
    <Section title="Channels">
      <PagedList list={list} what="Channels" empty="Nobody is told of anything yet. Create a channel.">
        {(rows) => (
          <Rows caption="Channels" width={960} heads={isAdmin ? [...CHANNEL_HEADS, 'Actions'] : CHANNEL_HEADS}>
            {rows.map((channel) => (
              <ChannelRow
                key={channel.id}
                {...{ channel, isAdmin, remove: removing.open, edit: changing.open, rotate: rotating.open }}
              />
            ))}
          </Rows>
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

type ChannelProps = {
  readonly channel: AlertChannel
  readonly isAdmin: boolean
  readonly remove: (channel: AlertChannel) => void
  readonly edit: (channel: AlertChannel) => void
  readonly rotate: (channel: AlertChannel) => void
}

function ChannelRow({ channel, isAdmin, remove, edit, rotate }: ChannelProps) {
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
            <RowButton of={name} label="Change" onClick={() => edit(channel)} />
            {type === 'webhook' && <RowButton of={name} label="Rotate secret" onClick={() => rotate(channel)} />}
            <RowButton of={name} label="Delete" isDanger onClick={() => remove(channel)} />
          </Group>
          {test.isSuccess && <Small>A sample is on its way: see below.</Small>}
          <Refused error={test.error ?? change.error} />
        </Table.Td>
      )}
    </Table.Tr>
  )
}
