/** Keys: who holds which, what each may spend and has spent, and another secret for one that is known too well. */
import { Button, Group, Select, Table, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ApiKey } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { now } from '../clock.ts'
import { Confirm, FormDialog, useDialog } from '../dialog.tsx'
import { Money } from '../money.tsx'
import { Page } from '../page.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { Rows, Small } from '../rows.tsx'
import { useIsAdmin } from '../session.ts'
import { StateBadge } from '../state-badge.tsx'
import { When } from '../when.tsx'
import { CreateKey, type Issued, IssuedKey, LimitFields, type Reset } from './keys-create.tsx'

type Asked = { readonly what: 'edit' | 'rotate' | 'delete'; readonly key: ApiKey }

export function KeysScreen() {
  const [name, setName] = useState('')
  const isAdmin = useIsAdmin()
  const creating = useDialog<true>()
  const issued = useDialog<Issued>()
  const asked = useDialog<Asked>()
  const list = usePagedList(
    ['api-keys', name],
    (start) => client.admin.listApiKeys({ name: name.trim() || undefined, ...start }),
    ({ keys }) => keys,
  )
  const show = (made: Issued) => {
    creating.close()
    asked.close()
    issued.open(made)
  }
  return (
    <Page title="Keys" actions={isAdmin && <Button onClick={() => creating.open(true)}>Create key</Button>}>
      <Text c="dimmed">What programs and people call with, and what each may spend.</Text>
      <TextInput label="Name contains" maw={320} value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <PagedList
        list={list}
        what="Keys"
        empty={name === '' ? 'There is no key yet. Create one to make the first call.' : 'No key has this in its name.'}
      >
        {(rows) => (
          <Rows caption="API keys" width={900} heads={isAdmin ? [...HEADS, 'Actions'] : HEADS}>
            {rows.map((key) => (
              <KeyRow key={key.id} apiKey={key} isAdmin={isAdmin} ask={asked.open} />
            ))}
          </Rows>
        )}
      </PagedList>
      {creating.subject && <CreateKey onClose={creating.close} onIssued={show} />}
      {issued.subject && <IssuedKey issued={issued.subject} onClose={issued.close} />}
      {asked.subject?.what === 'edit' && <ChangeLimit apiKey={asked.subject.key} onClose={asked.close} />}
      {asked.subject?.what === 'rotate' && <Rotate apiKey={asked.subject.key} onClose={asked.close} onIssued={show} />}
      {asked.subject?.what === 'delete' && (
        <Confirm
          title={`Delete ${asked.subject.key.name}`}
          submit="Delete"
          change={() => client.admin.deleteApiKey(asked.subject?.key.id ?? '')}
          onClose={asked.close}
        >
          Whoever calls with it is refused from now on. What it spent stays in the reports.
        </Confirm>
      )}
    </Page>
  )
}

const HEADS = ['Name', 'Key', 'Account', '>Limit', '>Spent', 'Last use', 'State']
const WINDOWS = { daily: 'today', weekly: 'this week', monthly: 'this month', never: 'in all' } as const
const PER = { daily: 'a day', weekly: 'a week', monthly: 'a month', never: 'in all' } as const

/** What counts in the window of the key's own limit. */
function spentOf({ limitReset, decimal }: ApiKey): string {
  const names = { daily: 'usageDaily', weekly: 'usageWeekly', monthly: 'usageMonthly', never: 'usage' } as const
  return decimal[names[limitReset ?? 'never']] ?? '0'
}

function KeyRow({ apiKey: key, isAdmin, ask }: { apiKey: ApiKey; isAdmin: boolean; ask: (asked: Asked) => void }) {
  const change = useChange(() => client.admin.updateApiKey(key.id, { disabled: !key.disabled }))
  const reset = key.limitReset ?? 'never'
  return (
    <Table.Tr>
      <Table.Th scope="row">{key.name}</Table.Th>
      <Table.Td ff="monospace">{key.label}</Table.Td>
      <Table.Td>
        {key.accountId === null ? (
          <Text c="dimmed" size="sm">
            the organisation
          </Text>
        ) : (
          <Link to="/accounts/$id" params={{ id: key.accountId }}>
            {key.externalId}
          </Link>
        )}
      </Table.Td>
      <Table.Td ta="right">
        {key.decimal.limit === undefined ? 'none' : <Money value={key.decimal.limit} />}
        {key.decimal.limit !== undefined && <Small>{PER[reset]}</Small>}
      </Table.Td>
      <Table.Td ta="right">
        <Link to="/usage" search={{ key: key.hash }}>
          <Money value={spentOf(key)} />
        </Link>
        <Small>{WINDOWS[reset]}</Small>
      </Table.Td>
      <Table.Td>
        <When at={key.lastUsedAt} none="never" />
      </Table.Td>
      <Table.Td>
        <KeyState apiKey={key} />
      </Table.Td>
      {isAdmin && (
        <Table.Td>
          <Group gap={4} wrap="nowrap">
            <RowButton of={key.name} onClick={() => ask({ what: 'edit', key })} label="Limit" />
            <RowButton of={key.name} onClick={() => ask({ what: 'rotate', key })} label="Rotate" />
            <RowButton
              of={key.name}
              onClick={() => change.mutate()}
              isBusy={change.isPending}
              label={key.disabled ? 'Enable' : 'Disable'}
            />
            <RowButton of={key.name} onClick={() => ask({ what: 'delete', key })} label="Delete" isDanger />
          </Group>
          <Refused error={change.error} />
        </Table.Td>
      )}
    </Table.Tr>
  )
}

function KeyState({ apiKey: { disabled, expiresAt, decimal, previousSecretUntil } }: { apiKey: ApiKey }) {
  if (disabled) return <StateBadge tone="off">disabled</StateBadge>
  if (expiresAt !== null && Date.parse(expiresAt) <= now().getTime()) return <StateBadge tone="bad">expired</StateBadge>
  if (decimal.limitRemaining === '0') return <StateBadge tone="bad">limit used up</StateBadge>
  return (
    <>
      <StateBadge tone="good">active</StateBadge>
      {expiresAt !== null && (
        <Text size="xs" c="dimmed">
          until <When at={expiresAt} />
        </Text>
      )}
      {previousSecretUntil !== null && (
        <Text size="xs" c="dimmed">
          old secret until <When at={previousSecretUntil} />
        </Text>
      )}
    </>
  )
}

function ChangeLimit({ apiKey: key, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const [limit, setLimit] = useState(key.decimal.limit ?? '')
  const [reset, setReset] = useState<Reset>(key.limitReset ?? 'never')
  const change = useChange(
    () =>
      client.admin.updateApiKey(key.id, {
        limit: limit.trim() || null,
        limitReset: limit.trim() === '' || reset === 'never' ? null : reset,
      }),
    onClose,
  )
  return (
    <FormDialog title={`Limit of ${key.name}`} submit="Save" change={change} onClose={onClose}>
      <LimitFields {...{ limit, setLimit, reset, setReset }} />
    </FormDialog>
  )
}

type RotateProps = {
  readonly apiKey: ApiKey
  readonly onClose: () => void
  readonly onIssued: (issued: Issued) => void
}

const GRACES = [
  { value: '0', label: 'It ends at once' },
  { value: '3600', label: 'One hour' },
  { value: '86400', label: '24 hours' },
]

function Rotate({ apiKey: key, onClose, onIssued }: RotateProps) {
  const [grace, setGrace] = useState('0')
  const rotate = useChange(() => client.admin.rotateApiKey(key.id, { graceSeconds: Number(grace) }), onIssued)
  return (
    <FormDialog title={`Another secret for ${key.name}`} submit="Rotate" change={rotate} onClose={onClose}>
      <Text>The key keeps its limit and what it has spent.</Text>
      <Select
        label="The old secret works for"
        data={GRACES}
        allowDeselect={false}
        value={grace}
        onChange={(value) => setGrace(value ?? '0')}
      />
    </FormDialog>
  )
}
