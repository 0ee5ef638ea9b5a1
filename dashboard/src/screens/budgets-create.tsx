/** Sets a budget: whom it binds, what it counts, how much and for how long. */
import { Autocomplete, Group, Select, TextInput } from '@mantine/core'
import type { Budget } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog } from '../dialog.tsx'
import { useAccountCalled, useAccountChoices, useKeyChoices } from '../names.ts'
import { useOwnTimeZone } from '../session.ts'
import { isTimeZone } from '../zone.ts'
import { LastMonth } from './budgets-preview.tsx'

export const SCOPES = {
  organisation: 'the organisation',
  account: 'an account',
  api_key: 'an API key',
  end_user: 'an end user',
  tag: 'a tag',
  model: 'a model',
} as const satisfies Record<Budget['scope'], string>

export const METRICS = { usd: 'USD', tokens: 'tokens', requests: 'requests', concurrency: 'calls at once' } as const

export const WINDOWS = {
  request: 'a call',
  minute: 'a minute',
  hour: 'an hour',
  day: 'a day',
  week: 'a week',
  month: 'a month',
  total: 'in all',
} as const satisfies Record<Budget['window'], string>

const ACTIONS = { block: 'Refuse', alert: 'Only tell' } as const

const choices = (names: Readonly<Record<string, string>>) =>
  Object.entries(names).map(([value, label]) => ({ value, label }))

export function CreateBudget({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Budget['scope']>('organisation')
  const [scopeId, setScopeId] = useState('')
  const [metric, setMetric] = useState<Budget['metric']>('usd')
  const [limit, setLimit] = useState('')
  const [window, setWindow] = useState<Budget['window']>('month')
  const [action, setAction] = useState<Budget['action']>('block')
  const [thresholds, setThresholds] = useState('80, 100')
  const [timeZone, setTimeZone] = useState('')
  const create = useChange(async () => {
    const whom = scope === 'organisation' ? {} : { scopeId: await named(scope, scopeId.trim()) }
    return client.admin.createBudget({
      ...{ name: name.trim(), scope, ...whom, metric, limit: limit.trim(), window, action },
      thresholds: thresholdsOf(thresholds),
      ...(timeZone.trim() === '' ? {} : { timeZone: timeZone.trim() }),
    })
  }, onClose)
  const counts = (value: Budget['metric']) => {
    setMetric(value)
    if (value === 'concurrency') setWindow('total')
  }
  return (
    <FormDialog title="Create budget" submit="Create" change={create} onClose={onClose}>
      <TextInput
        label="Name"
        description="What refusals and alerts call it."
        required
        data-autofocus
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <Select
        label="Binds"
        data={choices(SCOPES)}
        allowDeselect={false}
        value={scope}
        onChange={(value) => {
          setScope((value ?? 'organisation') as Budget['scope'])
          setScopeId('')
        }}
      />
      <Whom {...{ scope, scopeId, setScopeId }} />
      <Group grow align="flex-start">
        <Select
          label="Counts"
          data={choices(METRICS)}
          allowDeselect={false}
          value={metric}
          onChange={(value) => counts((value ?? 'usd') as Budget['metric'])}
        />
        <TextInput
          label="Limit"
          required
          inputMode="decimal"
          value={limit}
          onChange={(e) => setLimit(e.currentTarget.value)}
        />
      </Group>
      <Group grow align="flex-start">
        <Select
          label="Window"
          data={choices(WINDOWS)}
          allowDeselect={false}
          value={window}
          onChange={(value) => setWindow((value ?? 'month') as Budget['window'])}
        />
        <ActionChoice value={action} onChange={setAction} />
      </Group>
      <Group grow align="flex-start">
        <Thresholds value={thresholds} onChange={setThresholds} />
        <Autocomplete
          label="Time zone"
          description="Of its days; empty: the organisation's."
          data={ZONES}
          limit={50}
          value={timeZone}
          onChange={setTimeZone}
        />
      </Group>
      <LastMonth
        limit={limit}
        rule={{
          scope,
          scopeId: useScopeId(scope, scopeId),
          metric,
          window,
          timeZone: zoneOr(timeZone, useOwnTimeZone()),
        }}
      />
    </FormDialog>
  )
}

/** What is typed is no zone until it is whole. */
const zoneOr = (entered: string, own: string): string =>
  entered.trim() !== '' && isTimeZone(entered.trim()) ? entered.trim() : own

/** As reports name it. */
function useScopeId(scope: Budget['scope'], entered: string): string {
  const account = useAccountCalled(entered.trim())
  return scope === 'account' && !entered.startsWith('acc_') ? (account?.id ?? '') : entered.trim()
}

const ZONES = Intl.supportedValuesOf('timeZone')

type ActionProps = { readonly value: Budget['action']; readonly onChange: (action: Budget['action']) => void }

export const ActionChoice = ({ value, onChange }: ActionProps) => (
  <Select
    label="When it is used up"
    data={choices(ACTIONS)}
    allowDeselect={false}
    value={value}
    onChange={(chosen) => onChange((chosen ?? 'block') as Budget['action'])}
  />
)

type ThresholdsProps = { readonly value: string; readonly onChange: (value: string) => void }

export const Thresholds = ({ value, onChange }: ThresholdsProps) => (
  <TextInput
    label="Tell at (percent)"
    description="Of the limit, with commas; empty: never."
    value={value}
    onChange={(e) => onChange(e.currentTarget.value)}
  />
)

/** What is no number is for the server to refuse. */
export const thresholdsOf = (entered: string): number[] =>
  entered
    .split(/[\s,;%]+/)
    .filter(Boolean)
    .map(Number)

/** People name an account as they do elsewhere; a budget wants its id. */
async function named(scope: Budget['scope'], entered: string): Promise<string> {
  if (scope !== 'account' || entered.startsWith('acc_')) return entered
  return (await client.getAccount({ externalId: entered })).id
}

type WhomProps = {
  readonly scope: Budget['scope']
  readonly scopeId: string
  readonly setScopeId: (id: string) => void
}

const TEXTS = {
  end_user: ['End user', 'The `user` of calls; * for each by themself.'],
  tag: ['Tag', 'key:value of the metadata of calls.'],
  model: ['Model', 'Any of its names.'],
} as const

function Whom({ scope, scopeId, setScopeId }: WhomProps) {
  const accounts = useAccountChoices()
  if (scope === 'organisation') return null
  if (scope === 'api_key') return <KeyChoice value={scopeId} onChange={setScopeId} />
  if (scope === 'account')
    return (
      <Autocomplete
        label="Account"
        description="Its external ID."
        required
        data={accounts}
        value={scopeId}
        onChange={setScopeId}
      />
    )
  const [label, description] = TEXTS[scope]
  return (
    <TextInput
      {...{ label, description, required: true, value: scopeId }}
      onChange={(e) => setScopeId(e.currentTarget.value)}
    />
  )
}

/** One of the keys whose name has what was typed in it. */
function KeyChoice({ value, onChange }: { value: string; onChange: (hash: string) => void }) {
  const keys = useKeyChoices()
  return (
    <Select
      {...{ label: 'API key', required: true, searchable: true, data: keys }}
      value={value === '' ? null : value}
      onChange={(hash) => onChange(hash ?? '')}
    />
  )
}
