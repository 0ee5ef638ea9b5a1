/** One account: what it has, where that came from, what moved it and what is set aside now. */
import { Button, Card, Group, SimpleGrid, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { Account, Grant } from '@turnpike/sdk'
import { client } from '../client.ts'
import { Page } from '../page.tsx'
import { Problem } from '../problem.tsx'
import { Loading } from '../states.tsx'
import { Confirm, Listed, RowButton, Rows, State, useDialog, useIsAdmin, useRows, When } from './account-parts.tsx'
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

function Known({ account }: { account: Account }) {
  const isAdmin = useIsAdmin()
  const moving = useDialog<'top-up' | 'deduct'>()
  const actions = isAdmin && (
    <>
      <Button variant="default" onClick={() => moving.open('deduct')}>
        Deduct
      </Button>
      <Button onClick={() => moving.open('top-up')}>Top up</Button>
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
        <State tone={account.status === 'open' ? 'good' : 'warn'}>{account.status}</State>
      </Group>
      <Balances account={account} />
      <Grants account={account} isAdmin={isAdmin} />
      <Reservations account={account} />
      <Transactions account={account} isAdmin={isAdmin} />
      {moving.subject === 'top-up' && <TopUp account={account} onClose={moving.close} />}
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
const GRANT_HEADS = ['Category', '>Amount', '>Left', '>Reserved', '>Priority', 'Granted', 'Expires', 'State']

function Grants({ account, isAdmin }: { account: Account; isAdmin: boolean }) {
  const voiding = useDialog<Grant>()
  const list = useRows(
    ['grants', account.id],
    (cursor) => client.listGrants({ accountId: account.id, limit: 20, ...(cursor ? { cursor } : {}) }),
    ({ grants }) => grants,
  )
  return (
    <section aria-label="Grants">
      <Title order={2} size="h4" mb="xs">
        Grants
      </Title>
      <Listed list={list} what="Grants" empty="Nothing was granted yet.">
        <Rows caption="Grants" width={860} heads={isAdmin ? [...GRANT_HEADS, 'Actions'] : GRANT_HEADS}>
          {list.rows.map((grant) => (
            <Table.Tr key={grant.id}>
              <Table.Th scope="row">{grant.category}</Table.Th>
              <Table.Td ta="right">
                <Credits value={grant.decimal.amount} />
              </Table.Td>
              <Table.Td ta="right">
                <Credits value={grant.decimal.remaining} />
              </Table.Td>
              <Table.Td ta="right">
                <Credits value={grant.decimal.reserved} />
              </Table.Td>
              <Table.Td ta="right">{grant.priority}</Table.Td>
              <Table.Td>
                <When at={grant.createdAt} />
              </Table.Td>
              <Table.Td>
                <When at={grant.expiresAt} none="never" />
              </Table.Td>
              <Table.Td>
                <State tone={TONES[grant.status]}>{grant.status}</State>
              </Table.Td>
              {isAdmin && (
                <Table.Td>
                  {grant.status === 'active' && (
                    <RowButton of={grant.id} label="Void" isDanger onClick={() => voiding.open(grant)} />
                  )}
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Rows>
      </Listed>
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
    </section>
  )
}

function Reservations({ account }: { account: Account }) {
  const list = useRows(
    ['reservations', account.id],
    (cursor) =>
      client.listReservations({ accountId: account.id, activeOnly: true, limit: 20, ...(cursor ? { cursor } : {}) }),
    ({ reservations }) => reservations,
  )
  return (
    <section aria-label="Open reservations">
      <Title order={2} size="h4" mb="xs">
        Open reservations
      </Title>
      <Listed list={list} what="Reservations" empty="Nothing is set aside now.">
        <Rows caption="Open reservations" width={560} heads={['Reservation', '>Amount', 'Made', 'Expires']}>
          {list.rows.map((reservation) => (
            <Table.Tr key={reservation.id}>
              <Table.Th scope="row" ff="monospace" fw={400}>
                {reservation.id}
              </Table.Th>
              <Table.Td ta="right">
                <Credits value={reservation.decimal.amount} />
              </Table.Td>
              <Table.Td>
                <When at={reservation.createdAt} />
              </Table.Td>
              <Table.Td>
                <When at={reservation.expiresAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      </Listed>
    </section>
  )
}
