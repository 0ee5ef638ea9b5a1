/** Makes a key, or gives one another secret, and shows it once with what to do with it. */
import { Autocomplete, Code, Group, Select, Stack, Tabs, Text, TextInput } from '@mantine/core'
import type { ApiKey } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog } from '../dialog.tsx'
import { useAccountChoices } from '../names.ts'
import { Copy, SecretDialog } from '../secret.tsx'
import { useTimeZone } from '../session.ts'
import { instantOf } from '../when.tsx'
import { snippets } from './keys-snippets.ts'

export type Issued = { readonly key: ApiKey; readonly secret: string }

const RESETS = [
  { value: 'never', label: 'Never' },
  { value: 'daily', label: 'Daily' },
  { value: 'weekly', label: 'Weekly' },
  { value: 'monthly', label: 'Monthly' },
] as const

export type Reset = (typeof RESETS)[number]['value']

export function CreateKey({ onClose, onIssued }: { onClose: () => void; onIssued: (issued: Issued) => void }) {
  const [name, setName] = useState('')
  const [externalId, setExternalId] = useState('')
  const [limit, setLimit] = useState('')
  const [reset, setReset] = useState<Reset>('never')
  const [expires, setExpires] = useState('')
  const timeZone = useTimeZone()
  const accounts = useAccountChoices()
  const create = useChange(
    () =>
      client.admin.createApiKey({
        name: name.trim(),
        externalId: externalId.trim() || null,
        limit: limit.trim() || null,
        limitReset: limit.trim() === '' || reset === 'never' ? null : reset,
        expiresAt: instantOf(expires, timeZone),
      }),
    onIssued,
  )
  return (
    <FormDialog title="Create key" submit="Create" change={create} onClose={onClose}>
      <TextInput label="Name" required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <Autocomplete
        label="Account"
        description="Who pays, by external ID. Empty: the organisation itself, and no balance is touched."
        data={accounts}
        value={externalId}
        onChange={setExternalId}
      />
      <LimitFields {...{ limit, setLimit, reset, setReset }} />
      <TextInput
        label="Expires"
        description={`${timeZone} time. Empty: never.`}
        type="datetime-local"
        value={expires}
        onChange={(e) => setExpires(e.currentTarget.value)}
      />
    </FormDialog>
  )
}

type LimitProps = {
  readonly limit: string
  readonly setLimit: (limit: string) => void
  readonly reset: Reset
  readonly setReset: (reset: Reset) => void
}

export function LimitFields({ limit, setLimit, reset, setReset }: LimitProps) {
  return (
    <Group grow align="flex-start">
      <TextInput
        label="Limit (USD)"
        description="Empty: none. 0 refuses all."
        inputMode="decimal"
        value={limit}
        onChange={(e) => setLimit(e.currentTarget.value)}
      />
      <Select
        label="Limit resets"
        description="By the calendar, in UTC."
        data={RESETS}
        allowDeselect={false}
        value={reset}
        onChange={(value) => setReset((value ?? 'never') as Reset)}
      />
    </Group>
  )
}

/** The secret, this once, and the lines that use it. */
export function IssuedKey({ issued: { key, secret }, onClose }: { issued: Issued; onClose: () => void }) {
  // Ids of elements, which have no spaces.
  const ways = snippets(window.location.origin, secret).map((way, at) => ({ ...way, id: `way-${at}` }))
  return (
    <SecretDialog title={`Key ${key.name}`} label="Secret of the key" secret={secret} size="xl" onClose={onClose}>
      <Text>Use it from:</Text>
      <Tabs defaultValue={ways[0]?.id ?? null}>
        <Tabs.List>
          {ways.map(({ id, name }) => (
            <Tabs.Tab key={id} value={id}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {ways.map(({ id, code }) => (
          <Tabs.Panel key={id} value={id} pt="sm">
            <Stack gap="xs" align="flex-start">
              <Code block w="100%" tabIndex={0}>
                {code}
              </Code>
              <Copy value={code} label="Copy snippet" />
            </Stack>
          </Tabs.Panel>
        ))}
      </Tabs>
    </SecretDialog>
  )
}
