/** Accounts: who pays for calls out of credit, and how much of it is left. */
import { Button, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Account } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { unitsOf } from '../decimal.ts'
import { FormDialog, useDialog } from '../dialog.tsx'
import { Page } from '../page.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { useIsAdmin } from '../session.ts'
import { StateBadge } from '../state-badge.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { When } from '../when.tsx'
import { Credits } from './accounts-credits.tsx'

export function AccountsScreen() {
  const isAdmin = useIsAdmin()
  const creating = useDialog<true>()
  // Few a page: what is reserved is asked for account by account.
  const list = usePagedList(
    ['accounts'],
    (start) => client.listAccounts({ limit: 25, ...start }),
    ({ accounts }) => accounts,
  )
  return (
    <Page title="Accounts" actions={isAdmin && <Button onClick={() => creating.open(true)}>Create account</Button>}>
      <Text c="dimmed">Your customers, each with a balance that their calls are paid from. In credits.</Text>
      <PagedList
        list={list}
        what="Accounts"
        empty="There is no account yet: the organisation pays for every call itself."
      >
        {(rows, isWhole) => (
          <DataTable
            caption="Accounts"
            width={760}
            columns={COLUMNS}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'accounts' : undefined}
          />
        )}
      </PagedList>
      {creating.subject && <CreateAccount onClose={creating.close} />}
    </Page>
  )
}

const COLUMNS: readonly ColumnOf<Account>[] = [
  {
    head: 'Account',
    isHead: true,
    by: ({ name }) => name,
    cell: ({ id, name, externalId }) => (
      <>
        <Link to="/accounts/$id" params={{ id }}>
          {name}
        </Link>
        <Small>{externalId}</Small>
      </>
    ),
  },
  {
    head: '>Balance',
    by: ({ decimal }) => unitsOf(decimal.balance ?? '0'),
    amount: ({ decimal }) => decimal.balance,
    cell: (account) => <BalanceOf account={account} what="balance" />,
  },
  { head: '>Reserved', cell: (account) => <BalanceOf account={account} what="reserved" /> },
  {
    head: '>Available',
    amount: ({ decimal }) => decimal.balance,
    cell: (account) => <BalanceOf account={account} what="available" />,
  },
  {
    head: 'State',
    by: ({ status }) => status,
    cell: ({ status }) => (
      <StateBadge tone={status === 'open' ? 'good' : status === 'frozen' ? 'warn' : 'off'}>{status}</StateBadge>
    ),
  },
  { head: 'Since', by: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
]

type BalanceProps = { readonly account: Account; readonly what: 'balance' | 'reserved' | 'available' }

/** Asked for once for all three, leading to what it is made of. */
function BalanceOf({ account, what }: BalanceProps) {
  const { data } = useQuery({
    queryKey: ['balance', account.id],
    queryFn: async () => await client.getBalance(account.id),
  })
  return (
    <Link to="/accounts/$id" params={{ id: account.id }}>
      <Credits value={data?.decimal[what] ?? (what === 'balance' ? account.decimal.balance : undefined)} />
    </Link>
  )
}

function CreateAccount({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [externalId, setExternalId] = useState('')
  const create = useChange(() => client.createAccount({ name: name.trim(), externalId: externalId.trim() }), onClose)
  return (
    <FormDialog title="Create account" submit="Create" change={create} onClose={onClose}>
      <TextInput label="Name" required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <TextInput
        label="External ID"
        description="Your own name for the account; it is never free again."
        required
        value={externalId}
        onChange={(e) => setExternalId(e.currentTarget.value)}
      />
    </FormDialog>
  )
}
