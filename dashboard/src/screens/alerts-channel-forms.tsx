/** Forms that say who is told of which events: a program, people by mail, a chat. */
import { MultiSelect, Select, Text, TextInput } from '@mantine/core'
import type { AlertChannel } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog } from '../dialog.tsx'
import { SecretDialog } from '../secret.tsx'

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
    'ledger.integrity_failed',
    'spend.anomaly',
    'webhook.endpoint_disabled',
  ] as const),
]

const TYPES = [
  { value: 'webhook', label: 'Webhook' },
  { value: 'email', label: 'E-mail' },
  { value: 'slack', label: 'Slack' },
]

type Fields = {
  readonly name: string
  /** Addresses with commas, or the URL. */
  readonly address: string
  readonly events: EventType[]
}

const sent = (type: AlertChannel['type'], { name, address, events }: Fields) => ({
  name: name.trim() || null,
  events: events.length === 0 ? null : events,
  ...(address.trim() === ''
    ? {}
    : type === 'email'
      ? { to: address.split(/[\s,;]+/).filter(Boolean) }
      : { url: address.trim() }),
})

export function CreateChannel({ onClose, onMade }: { onClose: () => void; onMade: (made: Made) => void }) {
  const [type, setType] = useState<AlertChannel['type']>('webhook')
  const [fields, setFields] = useState<Fields>({ name: '', address: '', events: [] })
  const create = useChange(() => client.alerts.createChannel({ type, ...sent(type, fields) }), onMade)
  return (
    <FormDialog title="Create channel" submit="Create" change={create} onClose={onClose}>
      <Select
        label="Type"
        data={TYPES}
        allowDeselect={false}
        value={type}
        onChange={(value) => setType((value ?? 'webhook') as AlertChannel['type'])}
      />
      <ChannelFields {...{ type, fields, setFields, isRequired: true }} />
    </FormDialog>
  )
}

export function ChangeChannel({ channel, onClose }: { channel: AlertChannel; onClose: () => void }) {
  const { id, type, name, to, url, events } = channel
  const known = type === 'email' ? (to?.join(', ') ?? '') : type === 'webhook' ? (url ?? '') : ''
  const [fields, setFields] = useState<Fields>({ name: name ?? '', address: known, events: [...(events ?? [])] })
  const change = useChange(() => client.alerts.updateChannel(id, sent(type, fields)), onClose)
  return (
    <FormDialog title={`Change ${name ?? type}`} submit="Save" change={change} onClose={onClose}>
      <ChannelFields {...{ type, fields, setFields, isRequired: type !== 'slack' }} />
    </FormDialog>
  )
}

type FieldsProps = {
  readonly type: AlertChannel['type']
  readonly fields: Fields
  readonly setFields: (fields: Fields) => void
  /** Otherwise an empty address leaves it as it is. */
  readonly isRequired: boolean
}

const ADDRESS = {
  email: 'Addresses, with commas between them.',
  slack: 'Of an incoming webhook; it is not shown again. Empty: as it is.',
  webhook: 'https, and no private address unless the operator allows it.',
} as const

function ChannelFields({ type, fields, setFields, isRequired }: FieldsProps) {
  return (
    <>
      <TextInput
        label="Name"
        value={fields.name}
        onChange={(e) => setFields({ ...fields, name: e.currentTarget.value })}
      />
      <TextInput
        label={type === 'email' ? 'To' : 'URL'}
        description={ADDRESS[type]}
        required={isRequired}
        value={fields.address}
        onChange={(e) => setFields({ ...fields, address: e.currentTarget.value })}
      />
      <MultiSelect
        label="Events"
        description="None chosen: all that fit the type."
        data={EVENTS}
        value={fields.events}
        onChange={(chosen) => setFields({ ...fields, events: chosen as EventType[] })}
        clearable
      />
    </>
  )
}

type SecretProps = { readonly made: Made; readonly isNew: boolean; readonly onClose: () => void }

export function ChannelSecret({ made: { secret = '' }, isNew, onClose }: SecretProps) {
  const title = isNew ? 'The webhook is made' : 'The secret is rotated'
  return (
    <SecretDialog title={title} label="Secret of the webhook" secret={secret} onClose={onClose}>
      <Text size="sm">
        The receiver verifies with it that a request came from this server.
        {!isNew && ' The old one signs too for 24 hours.'}
      </Text>
    </SecretDialog>
  )
}
