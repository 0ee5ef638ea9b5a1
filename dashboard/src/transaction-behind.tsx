/** What stands behind a movement of credits: its reservation, its usage, and which grants paid or got how much. */
import { SimpleGrid, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Reservation, Transaction, UsageRecord } from '@turnpike/sdk'
import { client } from './client.ts'
import { Fact } from './fact.tsx'
import { Money } from './money.tsx'
import { Credits } from './screens/accounts-credits.tsx'
import { StateBadge } from './state-badge.tsx'
import { type ColumnOf, DataTable } from './table.tsx'
import { Tokens } from './tokens.tsx'
import { When } from './when.tsx'

/** With all that is known of it. */
export const useTransaction = (id: string) =>
  useQuery({
    queryKey: ['transaction', id],
    queryFn: async () => await client.getTransaction(id, { include: 'reservation,usage,entries' }),
  })

export function Behind({ transaction }: { transaction: Transaction }) {
  const { decimal, reservation, usageRecords = [], entries = [], metadata } = transaction
  return (
    <>
      <Text size="sm" mt="xs">
        In dollars: <Money value={decimal.amountUsd} exact />
      </Text>
      {reservation && <Reserved reservation={reservation} charged={decimal.amount} />}
      {usageRecords.length > 0 && (
        <DataTable caption="Usage" width={480} columns={USAGE} rows={usageRecords} idOf={({ id }) => id} />
      )}
      {entries.length > 0 && (
        <DataTable
          caption="Entries"
          width={480}
          columns={ENTRIES}
          rows={entries}
          idOf={({ account, grantId }) => `${account} ${grantId}`}
        />
      )}
      {metadata !== null && Object.keys(metadata).length > 0 && (
        <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
          {JSON.stringify(metadata)}
        </Text>
      )}
    </>
  )
}

const USAGE: readonly ColumnOf<UsageRecord>[] = [
  {
    head: 'Model',
    cell: ({ generationId, modelId }) =>
      generationId === undefined ? (
        modelId
      ) : (
        <Link to="/requests/$id" params={{ id: generationId }}>
          {modelId}
        </Link>
      ),
  },
  { head: '>Tokens in', cell: ({ inputTokens }) => <Tokens count={inputTokens} /> },
  { head: '>Tokens out', cell: ({ outputTokens }) => <Tokens count={outputTokens} /> },
  { head: '>Cost (USD)', cell: ({ decimal }) => <Money value={decimal.estimatedCostUsd} exact /> },
]

const isOwn = (account: string): boolean => account.startsWith('acc_')

const ENTRIES: readonly ColumnOf<NonNullable<Transaction['entries']>[number]>[] = [
  { head: 'Entry', cell: ({ account }) => (isOwn(account) ? 'the account' : account) },
  {
    head: 'Grant',
    look: { ff: 'monospace' },
    cell: ({ account, grantId }) => grantId ?? (isOwn(account) ? 'debt' : ''),
  },
  {
    head: '>Credits',
    amount: ({ decimal }) => decimal.amount,
    cell: ({ decimal }) => <Credits value={decimal.amount} />,
  },
]

const TONES = { pending: 'warn', confirmed: 'good', cancelled: 'off', expired: 'bad' } as const

type ReservedProps = { readonly reservation: Reservation; readonly charged: string | undefined }

/** What was set aside before, beside what was charged of it. */
const Reserved = ({ reservation, charged }: ReservedProps) => (
  <SimpleGrid component="section" aria-label="Reservation" cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm" my="xs">
    <Fact label="Reservation">{reservation.id}</Fact>
    <Fact label="Set aside (credits)">
      <Credits value={reservation.decimal.amount} />
    </Fact>
    <Fact label="Charged of it (credits)">
      <Credits value={charged} />
    </Fact>
    <Fact label="State">
      <StateBadge tone={TONES[reservation.status]}>{reservation.status}</StateBadge>
    </Fact>
    <Fact label="Made">
      <When at={reservation.createdAt} exact />
    </Fact>
    <Fact label="Would have expired">
      <When at={reservation.expiresAt} exact />
    </Fact>
  </SimpleGrid>
)
