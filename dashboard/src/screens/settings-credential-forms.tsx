/** Where a secret of a provider is entered. It goes in, and never comes out again. */
import { Autocomplete, Checkbox, NativeSelect, PasswordInput, TextInput } from '@mantine/core'
import type { Credential } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange, useSendingOnce } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog } from '../dialog.tsx'
import { useAccountChoices } from '../names.ts'
import { useSystem } from '../system.ts'

type Props = { readonly onClose: () => void; readonly onEntered: (credential: Credential) => void }

export function AddCredential({ onClose, onEntered }: Props) {
  const [name, setName] = useState('')
  const [provider, setProvider] = useState('')
  const [secret, setSecret] = useState('')
  const [externalId, setExternalId] = useState('')
  const [fallback, setFallback] = useState(false)
  const providers = useSystem().data?.system.providers ?? []
  const accounts = useAccountChoices()
  const once = useSendingOnce()
  const add = useChange(
    () => {
      const credential = {
        ...{ name: name.trim(), provider: provider || (providers[0]?.key ?? ''), secret: secret.trim(), fallback },
        ...(externalId.trim() === '' ? {} : { externalId: externalId.trim() }),
      }
      return once(credential, (options) => client.admin.createCredential(credential, options))
    },
    (made) => onEntered(made.credential),
  )
  return (
    <FormDialog title="Add credential" submit="Add" change={add} onClose={onClose}>
      <TextInput label="Name" required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <NativeSelect
        label="Provider"
        data={providers.map(({ key, name: text }) => ({ value: key, label: text }))}
        value={provider}
        onChange={(e) => setProvider(e.currentTarget.value)}
      />
      <Secret value={secret} onChange={setSecret} />
      <Autocomplete
        label="Account"
        description="Whose calls use it, by external ID. Empty: all of the organisation."
        data={accounts}
        value={externalId}
        onChange={setExternalId}
      />
      <Checkbox
        label="Calls that it fails may go on with the server's own secret, at our price"
        checked={fallback}
        onChange={(e) => setFallback(e.currentTarget.checked)}
      />
    </FormDialog>
  )
}

export function ReplaceSecret({ credential, onClose, onEntered }: Props & { credential: Credential }) {
  const [secret, setSecret] = useState('')
  const change = useChange(
    () => client.admin.updateCredential(credential.id, { secret: secret.trim() }),
    (changed) => onEntered(changed.credential),
  )
  return (
    <FormDialog title={`Another secret for ${credential.name}`} submit="Replace" change={change} onClose={onClose}>
      <Secret value={secret} onChange={setSecret} />
    </FormDialog>
  )
}

/** No password of this page: managers of passwords are told so. */
const Secret = ({ value, onChange }: { value: string; onChange: (value: string) => void }) => (
  <PasswordInput
    label="Secret"
    description="As the provider gave it. It is sealed, and never shown again."
    autoComplete="off"
    required
    value={value}
    onChange={(e) => onChange(e.currentTarget.value)}
  />
)
