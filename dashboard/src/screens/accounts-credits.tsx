/** Moves credits by hand: a top-up, a deduction, a refund. */
import { Group, Select, Text, TextInput } from '@mantine/core'
import type { Account, Grant, Transaction } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange, useSendingOnce } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog } from '../dialog.tsx'
import { Money } from '../money.tsx'
import { useTimeZone } from '../session.ts'
import { instantOf } from '../when.tsx'

/** Credits with all their digits; a dash while they are asked for. */
export const Credits = ({ value }: { value: string | undefined }) =>
  value === undefined ? <span>–</span> : <Money value={value} unit="" exact />

type Props = { readonly account: Account; readonly onClose: () => void }

function AmountField({ value, onChange, label = 'Amount (credits)' }: FieldProps) {
  return (
    <TextInput
      {...{ label, required: true, inputMode: 'decimal', value, 'data-autofocus': true }}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  )
}

type FieldProps = { readonly value: string; readonly onChange: (value: string) => void; readonly label?: string }

const CATEGORIES = [
  { value: 'paid', label: 'Paid' },
  { value: 'promotional', label: 'Promotional' },
  { value: 'adjustment', label: 'Adjustment' },
]

export function TopUp({ account, onClose }: Props) {
  const [amount, setAmount] = useState('')
  const [category, setCategory] = useState<Exclude<Grant['category'], 'plan'>>('paid')
  const [expires, setExpires] = useState('')
  const [description, setDescription] = useState('')
  const timeZone = useTimeZone()
  const once = useSendingOnce()
  const add = useChange(() => {
    const credits = {
      accountId: account.id,
      amount: amount.trim(),
      category,
      expiresAt: instantOf(expires, timeZone),
      description: description.trim() || null,
    }
    return once(credits, (options) => client.addCredits(credits, options))
  }, onClose)
  return (
    <FormDialog title={`Top up ${account.name}`} submit="Add credits" change={add} onClose={onClose}>
      <AmountField value={amount} onChange={setAmount} />
      <Group grow align="flex-start">
        <Select
          label="Category"
          data={CATEGORIES}
          allowDeselect={false}
          value={category}
          onChange={(value) => setCategory((value ?? 'paid') as typeof category)}
        />
        <TextInput
          label="Expires"
          type="datetime-local"
          value={expires}
          onChange={(e) => setExpires(e.currentTarget.value)}
        />
      </Group>
      <TextInput label="Description" value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
    </FormDialog>
  )
}

export function Deduct({ account, onClose }: Props) {
  const [amount, setAmount] = useState('')
  const [description, setDescription] = useState('')
  const once = useSendingOnce()
  const deduct = useChange(() => {
    const debit = { accountId: account.id, amount: amount.trim(), description: description.trim() || null }
    return once(debit, (options) => client.deductCredits(debit, options))
  }, onClose)
  return (
    <FormDialog title={`Deduct from ${account.name}`} submit="Deduct credits" change={deduct} onClose={onClose}>
      <AmountField value={amount} onChange={setAmount} />
      <TextInput label="Description" value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
    </FormDialog>
  )
}

export function Refund({ transaction, onClose }: { transaction: Transaction; onClose: () => void }) {
  const [amount, setAmount] = useState('')
  const [reason, setReason] = useState('')
  const once = useSendingOnce()
  const refund = useChange(() => {
    const body = { reason: reason.trim(), ...(amount.trim() === '' ? {} : { amount: amount.trim() }) }
    return once({ id: transaction.id, ...body }, (options) => client.refundTransaction(transaction.id, body, options))
  }, onClose)
  return (
    <FormDialog title="Refund" submit="Refund" change={refund} onClose={onClose}>
      <Text size="sm">
        <Credits value={transaction.decimal.amount} /> credits were charged by {transaction.id}. They go back to the
        grants that paid.
      </Text>
      <TextInput
        label="Amount (credits)"
        description="Empty: all that is left of it."
        inputMode="decimal"
        data-autofocus
        value={amount}
        onChange={(e) => setAmount(e.currentTarget.value)}
      />
      <TextInput label="Reason" required value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
    </FormDialog>
  )
}
