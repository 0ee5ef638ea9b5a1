/** Keys: who holds which, what each may spend and has spent, and another secret for one that is known too well. */
import { Button, Group, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ApiKey } from '@turnpike/sdk'
import { useState } from 'react'
import { dollars } from '../amount-text.ts'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { now } from '../clock.ts'
import { unitsOf } from '../decimal.ts'
import { ConfirmByName, FormDialog, useDialog } from '../dialog.tsx'
import { useOpened } from '../filters.tsx'
import { Money } from '../money.tsx'
import { Page } from '../page.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Rotate } from '../rotate.tsx'
import { Refused, RowButton } from '../row-button.tsx'
import { useIsAdmin } from '../session.ts'
import { StateBadge } from '../state-badge.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { When } from '../when.tsx'
import { CreateKey, type Issued, IssuedKey, LimitFields, type Reset } from './keys-create.tsx'

type Asked = { readonly what: 'edit' | 'rotate' | 'delete'; readonly key: ApiKey }

export function KeysScreen() {
  const [name, setName] = useState('')
  const isAdmin = useIsAdmin()
  const creating = useOpened('new')
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
    <Page title="Keys" actions={isAdmin && <Button onClick={() => creating.open()}>Create key</Button>}>
      <Text c="dimmed">What programs and people call with, and what each may spend.</Text>
      <TextInput
        label="Name contains"
        aria-keyshortcuts="/"
        maw={320}
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <PagedList
        list={list}
        what="Keys"
        empty={name === '' ? 'There is no key yet. Create one to make the first call.' : 'No key has this in its name.'}
      >
        {(rows, isWhole) => (
          <DataTable
            caption="API keys"
            width={900}
            columns={isAdmin ? [...COLUMNS, actions(asked.open)] : COLUMNS}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'keys' : undefined}
          />
        )}
      </PagedList>
      {isAdmin && creating.isOpen && <CreateKey onClose={creating.close} onIssued={show} />}
      {issued.subject && <IssuedKey issued={issued.subject} onClose={issued.close} />}
      {asked.subject?.what === 'edit' && <ChangeLimit apiKey={asked.subject.key} onClose={asked.close} />}
      {asked.subject?.what === 'rotate' && (
        <Rotate
          name={asked.subject.key.name}
          keeps="The key keeps its limit and what it has spent of it."
          rotate={(grace) => client.admin.rotateApiKey(asked.subject?.key.id ?? '', grace)}
          onClose={asked.close}
          onIssued={show}
        />
      )}
      {asked.subject?.what === 'delete' && (
        <ConfirmByName
          title={`Delete ${asked.subject.key.name}`}
          name={asked.subject.key.name}
          submit="Delete"
          change={() => client.admin.deleteApiKey(asked.subject?.key.id ?? '')}
          onClose={asked.close}
        >
          Whoever calls with it is refused from now on. What it spent stays in the reports.
        </ConfirmByName>
      )}
    </Page>
  )
}

const WINDOWS = { daily: 'today', weekly: 'this week', monthly: 'this month', never: 'in all' } as const
const PER = { daily: 'a day', weekly: 'a week', monthly: 'a month', never: 'in all' } as const

/** What counts in the window of the key's own limit. */
function spentOf({ limitReset, decimal }: ApiKey): string {
  const names = { daily: 'usageDaily', weekly: 'usageWeekly', monthly: 'usageMonthly', never: 'usage' } as const
  return decimal[names[limitReset ?? 'never']] ?? '0'
}

const COLUMNS: readonly ColumnOf<ApiKey>[] = [
  { head: 'Name', isHead: true, by: ({ name }) => name, cell: ({ name }) => name },
  { head: 'Key', look: { ff: 'monospace' }, cell: ({ label }) => label },
  {
    head: 'Account',
    by: ({ externalId }) => externalId,
    cell: ({ accountId, externalId }) =>
      accountId === null ? (
        <Text c="dimmed" size="sm">
          the organisation
        </Text>
      ) : (
        <Link to="/accounts/$id" params={{ id: accountId }}>
          {externalId}
        </Link>
      ),
  },
  {
    head: '>Limit (USD)',
    name: 'limit',
    by: ({ decimal }) => decimal.limit && unitsOf(decimal.limit),
    amount: ({ decimal }) => dollars(decimal.limit),
    cell: ({ decimal, limitReset }) =>
      decimal.limit === undefined ? (
        'none'
      ) : (
        <>
          <Money value={decimal.limit} />
          <Small>{PER[limitReset ?? 'never']}</Small>
        </>
      ),
  },
  {
    head: '>Spent (USD)',
    name: 'spent',
    by: (key) => unitsOf(spentOf(key)),
    amount: (key) => dollars(spentOf(key)),
    cell: (key) => (
      <>
        <Link to="/usage" search={{ key: key.hash }}>
          <Money value={spentOf(key)} />
        </Link>
        <Small>{WINDOWS[key.limitReset ?? 'never']}</Small>
      </>
    ),
  },
  {
    head: 'Last use',
    by: ({ lastUsedAt }) => lastUsedAt,
    cell: (key) => (
      <>
        <When at={key.lastUsedAt} none="never" />
        {isIdle(key) && <Small>idle for 30 days</Small>}
      </>
    ),
  },
  { head: 'State', cell: (key) => <KeyState apiKey={key} /> },
]

const actions = (ask: (asked: Asked) => void): ColumnOf<ApiKey> => ({
  head: 'Actions',
  cell: (key) => <Actions apiKey={key} ask={ask} />,
})

function Actions({ apiKey: key, ask }: { apiKey: ApiKey; ask: (asked: Asked) => void }) {
  const change = useChange(() => client.admin.updateApiKey(key.id, { disabled: !key.disabled }))
  return (
    <>
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
    </>
  )
}

const IDLE_MS = 30 * 86_400_000

/** A key that nobody has called with for so long, though it could be. */
const isIdle = ({ lastUsedAt, createdAt, disabled }: ApiKey): boolean =>
  !disabled && now().getTime() - Date.parse(lastUsedAt ?? createdAt) >= IDLE_MS

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
