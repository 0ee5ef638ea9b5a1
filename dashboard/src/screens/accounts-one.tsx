/** One account: what it has, where that came from, what moved it and what is set aside now. */
import { Button, Card, Group, SimpleGrid, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { Account, Grant, Reservation } from '@turnpike/sdk'
import { client } from '../client.ts'
import { unitsOf } from '../decimal.ts'
import { Confirm, useDialog } from '../dialog.tsx'
import { useOpened } from '../filters.tsx'
import { Page } from '../page.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Problem } from '../problem.tsx'
import { RowButton } from '../row-button.tsx'
import { Section } from '../section.tsx'
import { useIsAdmin } from '../session.ts'
import { StateBadge } from '../state-badge.tsx'
import { Loading } from '../states.tsx'
import { type ColumnOf, DataTable } from '../table.tsx'
import { When } from '../when.tsx'
import { ChangeAccount, ChangeStatus, type Status } from './accounts-change.tsx'
import { Credits, Deduct, TopUp } from './accounts-credits.tsx'
import { Transactions } from './accounts-transactions.tsx'

export function AccountScreen() {
  const { id } = useParams({ from: '/inside/accounts/$id' })
  const { data, error, refetch } = useQuery({
    queryKey: ['account', id],
    queryFn: async () => await client.getAccount(id),
  })
  if (data !== undefined) return <Known account={data} />
  return (
    <Page title="Account">
      {error === null ? (
        <Loading what="Account" />
      ) : (
        <Problem error={error} doing="The account could not be loaded" retry={() => void refetch()} />
      )}
    </Page>
  )
}

const STATUSES = [
  ['open', 'Open'],
  ['frozen', 'Freeze'],
  ['closed', 'Close'],
] as const

function Known({ account }: { account: Account }) {
  const isAdmin = useIsAdmin()
  const moving = useDialog<'deduct' | 'change'>()
  const topping = useOpened('top-up')
  const turning = useDialog<Status>()
  const actions = isAdmin && (
    <>
      {STATUSES.filter(([status]) => status !== account.status).map(([status, verb]) => (
        <Button key={status} variant="subtle" onClick={() => turning.open(status)}>
          {verb}
        </Button>
      ))}
      <Button variant="default" onClick={() => moving.open('change')}>
        Change
      </Button>
      <Button variant="default" onClick={() => moving.open('deduct')}>
        Deduct
      </Button>
      <Button onClick={() => topping.open()}>Top up</Button>
    </>
  )
  return (
    <Page title={account.name} actions={actions}>
      <Group gap="sm">
        <Link to="/accounts">All accounts</Link>
        <Text c="dimmed">{account.externalId}</Text>
        <Text c="dimmed" size="sm" ff="monospace">
          {account.id}
        </Text>
        <StateBadge tone={account.status === 'open' ? 'good' : 'warn'}>{account.status}</StateBadge>
      </Group>
      <Balances account={account} />
      <Grants account={account} isAdmin={isAdmin} />
      <Reservations account={account} />
      <Transactions account={account} isAdmin={isAdmin} />
      {isAdmin && topping.isOpen && <TopUp account={account} onClose={topping.close} />}
      {moving.subject === 'change' && <ChangeAccount account={account} onClose={moving.close} />}
      {turning.subject && <ChangeStatus account={account} status={turning.subject} onClose={turning.close} />}
      {moving.subject === 'deduct' && <Deduct account={account} onClose={moving.close} />}
    </Page>
  )
}

function Balances({ account }: { account: Account }) {
  const { data, error } = useQuery({
    queryKey: ['balance', account.id],
    queryFn: async () => await client.getBalance(account.id),
  })
  const shown = [
    ['Balance', data?.decimal.balance],
    ['Reserved', data?.decimal.reserved],
    ['Available', data?.decimal.available],
  ] as const
  return (
    <>
      {error !== null && <Problem error={error} doing="The balance could not be loaded" />}
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        {shown.map(([label, value]) => (
          <Card key={label} withBorder component="section" aria-label={label}>
            <Text size="sm" c="dimmed">
              {label}
            </Text>
            <Text size="xl" fw={700}>
              <Credits value={value} />
            </Text>
            <Text size="xs" c="dimmed">
              credits
            </Text>
          </Card>
        ))}
      </SimpleGrid>
    </>
  )
}

const TONES = { active: 'good', spent: 'off', expired: 'warn', void: 'off' } as const
const GRANT_HEADS = { amount: '>Amount', remaining: '>Left', reserved: '>Reserved' } as const
const GRANTS: readonly ColumnOf<Grant>[] = [
  { head: 'Category', isHead: true, by: ({ category }) => category, cell: ({ category }) => category },
  ...(['amount', 'remaining', 'reserved'] as const).map(
    (name): ColumnOf<Grant> => ({
      head: GRANT_HEADS[name],
      by: ({ decimal }) => unitsOf(decimal[name] ?? '0'),
      amount: ({ decimal }) => decimal[name],
      cell: ({ decimal }) => <Credits value={decimal[name]} />,
    }),
  ),
  { head: '>Priority', by: ({ priority }) => priority, cell: ({ priority }) => priority },
  { head: 'Granted', by: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
  { head: 'Expires', by: ({ expiresAt }) => expiresAt, cell: ({ expiresAt }) => <When at={expiresAt} none="never" /> },
  {
    head: 'State',
    by: ({ status }) => status,
    cell: ({ status }) => <StateBadge tone={TONES[status]}>{status}</StateBadge>,
  },
]

function Grants({ account, isAdmin }: { account: Account; isAdmin: boolean }) {
  const voiding = useDialog<Grant>()
  const list = usePagedList(
    ['grants', account.id],
    (start) => client.listGrants({ accountId: account.id, limit: 20, ...start }),
    ({ grants }) => grants,
  )
  const actions: ColumnOf<Grant> = {
    head: 'Actions',
    cell: (grant) =>
      grant.status === 'active' && (
        <RowButton of={grant.id} label="Void" isDanger onClick={() => voiding.open(grant)} />
      ),
  }
  return (
    <Section title="Grants">
      <PagedList list={list} what="Grants" empty="Nothing was granted yet.">
        {(rows, isWhole) => (
          <DataTable
            caption="Grants"
            width={860}
            columns={isAdmin ? [...GRANTS, actions] : GRANTS}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'grants' : undefined}
          />
        )}
      </PagedList>
      {voiding.subject && (
        <Confirm
          title="Void the grant"
          submit="Void"
          change={() => client.voidGrant(voiding.subject?.id ?? '')}
          onClose={voiding.close}
        >
          What is left of it is taken back from the account.
        </Confirm>
      )}
    </Section>
  )
}

function Reservations({ account }: { account: Account }) {
  const list = usePagedList(
    ['reservations', account.id],
    (start) => client.listReservations({ accountId: account.id, activeOnly: true, limit: 20, ...start }),
    ({ reservations }) => reservations,
  )
  return (
    <Section title="Open reservations">
      <PagedList list={list} what="Reservations" empty="Nothing is set aside now.">
        {(rows, isWhole) => (
          <DataTable
            caption="Open reservations"
            width={560}
            columns={RESERVATIONS}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'reservations' : undefined}
          />
        )}
      </PagedList>
    </Section>
  )
}

const RESERVATIONS: readonly ColumnOf<Reservation>[] = [
  { head: 'Reservation', isHead: true, look: { ff: 'monospace', fw: 400 }, cell: ({ id }) => id },
  {
    head: '>Amount',
    by: ({ decimal }) => unitsOf(decimal.amount ?? '0'),
    cell: ({ decimal }) => <Credits value={decimal.amount} />,
  },
  { head: 'Made', by: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
  { head: 'Expires', by: ({ expiresAt }) => expiresAt, cell: ({ expiresAt }) => <When at={expiresAt} /> },
]
