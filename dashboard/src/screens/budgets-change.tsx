/** Changes a budget: what it allows, when people are told, and what it does when it is used up. */
import { TextInput } from '@mantine/core'
import type { Budget } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog } from '../dialog.tsx'
import { ActionChoice, METRICS, Thresholds, thresholdsOf } from './budgets-create.tsx'
import { LastMonth } from './budgets-preview.tsx'

export function ChangeBudget({ budget, onClose }: { budget: Budget; onClose: () => void }) {
  const [name, setName] = useState(budget.name)
  const [limit, setLimit] = useState(budget.decimal.limit ?? '')
  const [thresholds, setThresholds] = useState(budget.thresholds.join(', '))
  const [action, setAction] = useState<Budget['action']>(budget.action)
  const change = useChange(
    () =>
      client.admin.updateBudget(budget.id, {
        ...{ name: name.trim(), limit: limit.trim(), action },
        thresholds: thresholdsOf(thresholds),
      }),
    onClose,
  )
  return (
    <FormDialog title={`Change ${budget.name}`} submit="Save" change={change} onClose={onClose}>
      <TextInput label="Name" required value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <TextInput
        label={`Limit (${METRICS[budget.metric]})`}
        description="It holds at once; what is spent stays spent."
        inputMode="decimal"
        required
        data-autofocus
        value={limit}
        onChange={(e) => setLimit(e.currentTarget.value)}
      />
      <Thresholds value={thresholds} onChange={setThresholds} />
      <ActionChoice value={action} onChange={setAction} />
      <LastMonth rule={budget} limit={limit} />
    </FormDialog>
  )
}
