/** What went to whom, what came back, and what is tried again. */
import { NativeSelect, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Delivery } from '@turnpike/sdk'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { useView } from '../filters.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { Rows, Small } from '../rows.tsx'
import { Section } from '../section.tsx'
import { StateBadge } from '../state-badge.tsx'
import { When } from '../when.tsx'
import { nameOf } from './alerts-channels.tsx'

const DELIVERY_HEADS = ['When', 'Event', 'Channel', 'State', 'Tries', 'Last answer']
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
        {(rows) => (
          <Rows caption="Deliveries" width={860} heads={isAdmin ? [...DELIVERY_HEADS, 'Actions'] : DELIVERY_HEADS}>
            {rows.map((delivery) => (
              <DeliveryRow
                key={delivery.id}
                {...{ delivery, isAdmin, channel: names.data?.get(delivery.channelId) ?? delivery.channelId }}
              />
            ))}
          </Rows>
        )}
      </PagedList>
    </Section>
  )
}

type RowProps = { readonly delivery: Delivery; readonly channel: string; readonly isAdmin: boolean }

function DeliveryRow({ delivery, channel, isAdmin }: RowProps) {
  const { id, type, state, attempts, note, nextAttemptAt, createdAt } = delivery
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
      <Table.Td>{channel}</Table.Td>
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
