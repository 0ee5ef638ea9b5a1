/** Accounts: who pays for calls out of credit, and how much of it is left. */
import { Button, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Account } from '@turnpike/sdk'
import { useState } from 'react'
import { useChange } from '../changes.ts'
import { client } from '../client.ts'
import { FormDialog, useDialog } from '../dialog.tsx'
import { Page } from '../page.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Rows, Small } from '../rows.tsx'
import { useIsAdmin } from '../session.ts'
import { StateBadge } from '../state-badge.tsx'
import { When } from '../when.tsx'
import { Credits } from './accounts-credits.tsx'

const HEADS = ['Account', '>Balance', '>Reserved', '>Available', 'State', 'Since']

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
        {(rows) => (
          <Rows caption="Accounts" width={760} heads={HEADS}>
            {rows.map((account) => (
              <AccountRow key={account.id} account={account} />
            ))}
          </Rows>
        )}
      </PagedList>
      {creating.subject && <CreateAccount onClose={creating.close} />}
    </Page>
  )
}

function AccountRow({ account }: { account: Account }) {
  const { data } = useQuery({
    queryKey: ['balance', account.id],
    queryFn: async () => await client.getBalance(account.id),
  })
  const { status } = account
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <Link to="/accounts/$id" params={{ id: account.id }}>
          {account.name}
        </Link>
        <Small>{account.externalId}</Small>
      </Table.Th>
      <Table.Td ta="right">
        <Credits value={data?.decimal.balance ?? account.decimal.balance} />
      </Table.Td>
      <Table.Td ta="right">
        <Credits value={data?.decimal.reserved} />
      </Table.Td>
      <Table.Td ta="right">
        <Credits value={data?.decimal.available} />
      </Table.Td>
      <Table.Td>
        <StateBadge tone={status === 'open' ? 'good' : status === 'frozen' ? 'warn' : 'off'}>{status}</StateBadge>
      </Table.Td>
      <Table.Td>
        <When at={account.createdAt} />
      </Table.Td>
    </Table.Tr>
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
