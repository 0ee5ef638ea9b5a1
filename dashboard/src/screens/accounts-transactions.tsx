/** The ledger of an account: what moved its credits, for a month or in all, with what stands behind each charge. */
import { Button, Group, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Account, Transaction, UsageRecord } from '@turnpike/sdk'
import { client } from '../client.ts'
import { negated, unitsOf } from '../decimal.ts'
import { useDialog } from '../dialog.tsx'
import { useView } from '../filters.tsx'
import { Money } from '../money.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { RowButton } from '../row-button.tsx'
import { Section } from '../section.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { Tokens } from '../tokens.tsx'
import { When } from '../when.tsx'
import { Credits, Refund } from './accounts-credits.tsx'
import { daysOf, Statement } from './accounts-statement.tsx'

type Props = { readonly account: Account; readonly isAdmin: boolean }

export function Transactions({ account, isAdmin }: Props) {
  const { search, change } = useView()
  const { month = '' } = search
  const refunding = useDialog<Transaction>()
  const filter = { accountId: account.id, ...(month === '' ? {} : daysOf(month)) }
  const list = usePagedList(
    ['transactions', filter],
    (start) => client.listTransactions({ ...filter, include: 'reservation,usage,entries', ...start }),
    ({ items }) => items,
  )
  const csv = `/v1/transactions?${new URLSearchParams({ ...filter, format: 'csv' })}`
  const actions = (
    <Group align="flex-end" gap="xs">
      <TextInput
        label="Month"
        type="month"
        value={month}
        onChange={(e) => change({ month: e.currentTarget.value || undefined })}
      />
      <Button component="a" href={csv} download={fileName(account, month)} variant="default">
        CSV
      </Button>
    </Group>
  )
  return (
    <>
      {month !== '' && <Statement {...{ account, month, csv }} />}
      <Section title="Transactions" actions={actions}>
        <PagedList
          list={list}
          what="Transactions"
          empty={month === '' ? 'Nothing has moved credits yet.' : 'Nothing moved credits in this month.'}
        >
          {(rows, isWhole) => (
            <DataTable
              caption="Transactions"
              width={860}
              columns={[...COLUMNS, actionsFor(isAdmin, refunding.open)]}
              rows={rows}
              idOf={({ id }) => id}
              sortedAs={isWhole ? 'transactions' : undefined}
              detailsOf={(transaction) => <Behind transaction={transaction} />}
            />
          )}
        </PagedList>
        {refunding.subject && <Refund transaction={refunding.subject} onClose={refunding.close} />}
      </Section>
    </>
  )
}

const fileName = ({ externalId }: Account, month: string) =>
  `transactions-${externalId.replace(/[^\w-]+/g, '_')}${month === '' ? '' : `-${month}`}.csv`

const signedUnits = ({ type, decimal }: Transaction): bigint =>
  unitsOf(type === 'credit' ? (decimal.amount ?? '0') : negated(decimal.amount ?? '0'))

const COLUMNS: readonly ColumnOf<Transaction>[] = [
  {
    head: 'When',
    by: ({ createdAt }) => createdAt,
    cell: ({ id, createdAt }) => (
      <>
        <When at={createdAt} />
        <Small>{id}</Small>
      </>
    ),
  },
  { head: 'Kind', by: ({ kind }) => kind, cell: ({ kind }) => kind },
  {
    head: 'Description',
    look: { style: { overflowWrap: 'anywhere' } },
    cell: ({ description }) => description,
  },
  {
    head: '>Amount',
    by: signedUnits,
    cell: ({ type, decimal }) => (
      <>
        <span>{type === 'credit' ? '+' : '−'}</span>
        <Credits value={decimal.amount} />
      </>
    ),
  },
  { head: '>Balance after', cell: ({ decimal }) => <Credits value={decimal.balanceAfter} /> },
]

const actionsFor = (isAdmin: boolean, refund: (transaction: Transaction) => void): ColumnOf<Transaction> => ({
  head: 'Actions',
  cell: (transaction, { isOpen, toggle }) => {
    const { id, kind } = transaction
    const isRefundable = isAdmin && (kind === 'usage' || kind === 'debit')
    return (
      <Group gap={4} wrap="nowrap">
        <RowButton of={id} label={isOpen ? 'Hide' : 'Details'} onClick={toggle} />
        {isRefundable && <RowButton of={id} label="Refund" onClick={() => refund(transaction)} />}
      </Group>
    )
  },
})

/** What a movement came from, and the lines that it wrote: its reservation, its usage, its entries. */
function Behind({ transaction }: { transaction: Transaction }) {
  const { decimal, reservation, usageRecords = [], entries = [], metadata } = transaction
  return (
    <>
      <Text size="sm">
        In dollars: <Money value={decimal.amountUsd} exact />
      </Text>
      {reservation && (
        <Text size="sm">
          Reservation {reservation.id}: <Credits value={reservation.decimal.amount} /> credits, {reservation.status}
        </Text>
      )}
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
  { head: '>Credits', cell: ({ decimal }) => <Credits value={decimal.amount} /> },
]
