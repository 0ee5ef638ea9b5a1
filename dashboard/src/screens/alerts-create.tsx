/** Says who is told of which events: a program, people by mail, a chat. */
import { Button, Group, Modal, MultiSelect, Select, Stack, Text, TextInput } from '@mantine/core'
import type { AlertChannel } from '@turnpike/sdk'
import { useState } from 'react'
import { client } from '../client.ts'
import { FormDialog, Secret, useChange } from './account-parts.tsx'

/** With the secret of a webhook, shown this once. */
export type Made = { readonly channel: AlertChannel; readonly secret?: string | undefined }

type EventType = NonNullable<AlertChannel['events']>[number]

const EVENTS: readonly EventType[] = [
  ...(['budget.threshold_reached', 'budget.blocked', 'credits.low', 'credits.depleted', 'credits.negative'] as const),
  ...(['grant.expiring', 'grant.expired', 'reservation.expired', 'generation.interrupted'] as const),
  ...([
    'quote.exceeded',
    'usage.missing',
    'usage.unpriced',
    'price.changed',
    'spend.anomaly',
    'webhook.endpoint_disabled',
  ] as const),
]

const TYPES = [
  { value: 'webhook', label: 'Webhook' },
  { value: 'email', label: 'E-mail' },
  { value: 'slack', label: 'Slack' },
]

export function CreateChannel({ onClose, onMade }: { onClose: () => void; onMade: (made: Made) => void }) {
  const [type, setType] = useState<AlertChannel['type']>('webhook')
  const [name, setName] = useState('')
  const [address, setAddress] = useState('')
  const [events, setEvents] = useState<EventType[]>([])
  const create = useChange(
    () =>
      client.alerts.createChannel({
        type,
        name: name.trim() || null,
        events: events.length === 0 ? null : events,
        ...(type === 'email' ? { to: address.split(/[\s,;]+/).filter(Boolean) } : { url: address.trim() }),
      }),
    onMade,
  )
  return (
    <FormDialog
      {...{ title: 'Create channel', submit: 'Create', onClose, error: create.error }}
      isBusy={create.isPending}
      onSubmit={() => create.mutate(undefined)}
    >
      <Select
        label="Type"
        data={TYPES}
        allowDeselect={false}
        value={type}
        onChange={(value) => setType((value ?? 'webhook') as AlertChannel['type'])}
      />
      <TextInput label="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <TextInput
        label={type === 'email' ? 'To' : 'URL'}
        description={
          type === 'email'
            ? 'Addresses, with commas between them.'
            : type === 'slack'
              ? 'Of an incoming webhook; it is not shown again.'
              : 'https, and no private address unless the operator allows it.'
        }
        required
        value={address}
        onChange={(e) => setAddress(e.currentTarget.value)}
      />
      <MultiSelect
        label="Events"
        description="None chosen: all that fit the type."
        data={EVENTS}
        value={events}
        onChange={(chosen) => setEvents(chosen as EventType[])}
        clearable
      />
    </FormDialog>
  )
}

export function MadeChannel({ made: { secret = '' }, onClose }: { made: Made; onClose: () => void }) {
  return (
    <Modal
      {...{ opened: true, onClose, title: 'The webhook is made', closeOnClickOutside: false }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Secret label="Secret of the webhook" value={secret} />
        <Text size="sm">The receiver verifies with it that a request came from this server.</Text>
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
