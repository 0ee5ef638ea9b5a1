/** What an account is called and allowed, and whether it may pay at all. */
import { Checkbox, Group, Select, Text, TextInput } from '@mantine/core'
import type { Account } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog } from '../dialog.tsx'

type Props = { readonly account: Account; readonly onClose: () => void }

const OVERAGES = [
  { value: 'charge', label: 'Charge it, be it into debt' },
  { value: 'cap', label: 'Charge what was reserved' },
  { value: 'reject', label: 'Refuse the confirmation' },
]

export function ChangeAccount({ account, onClose }: Props) {
  const [name, setName] = useState(account.name)
  const [email, setEmail] = useState(account.email ?? '')
  const [overdraft, setOverdraft] = useState(account.decimal.overdraft ?? '0')
  const [low, setLow] = useState(account.decimal.lowCreditThreshold ?? '')
  const [overage, setOverage] = useState<Account['overage']>(account.overage)
  const change = useChange(
    () =>
      client.updateAccount(account.id, {
        ...{ name: name.trim(), email: email.trim() || null, overage },
        ...{ overdraft: overdraft.trim(), lowCreditThreshold: low.trim() || null },
      }),
    onClose,
  )
  return (
    <FormDialog title={`Change ${account.name}`} submit="Save" change={change} onClose={onClose}>
      <TextInput label="Name" required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <TextInput label="E-mail" value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
      <Group grow align="flex-start">
        <TextInput
          label="Overdraft (credits)"
          description="How far below 0 reservations may go."
          inputMode="decimal"
          required
          value={overdraft}
          onChange={(e) => setOverdraft(e.currentTarget.value)}
        />
        <TextInput
          label="Low credit (credits)"
          description="Told at a balance up to here; empty: as all accounts."
          inputMode="decimal"
          value={low}
          onChange={(e) => setLow(e.currentTarget.value)}
        />
      </Group>
      <Select
        label="A charge above its reservation"
        data={OVERAGES}
        allowDeselect={false}
        value={overage}
        onChange={(value) => setOverage((value ?? 'charge') as Account['overage'])}
      />
    </FormDialog>
  )
}

export type Status = Account['status']

const WORDS = {
  frozen: ['Freeze', 'Nothing is reserved, charged or deducted until it is opened again. Its keys are refused.'],
  open: ['Open', 'It pays again.'],
  closed: ['Close', 'Its keys are revoked. Its history and its external ID stay, and it can be opened again.'],
} as const satisfies Record<Status, readonly [string, string]>

export function ChangeStatus({ account, status, onClose }: Props & { readonly status: Status }) {
  const [expire, setExpire] = useState(false)
  const change = useChange(
    () => client.updateAccount(account.id, { status, ...(status === 'closed' ? { expire } : {}) }),
    onClose,
  )
  const [verb, what] = WORDS[status]
  return (
    <FormDialog
      title={`${verb} ${account.name}`}
      submit={`${verb} account`}
      change={change}
      isDanger={status !== 'open'}
      onClose={onClose}
    >
      <Text>{what}</Text>
      {status === 'closed' && (
        <Checkbox
          label="What is left of its credit expires"
          checked={expire}
          onChange={(e) => setExpire(e.currentTarget.checked)}
        />
      )}
    </FormDialog>
  )
}
