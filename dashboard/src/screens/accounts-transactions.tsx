/** The ledger of an account: what moved its credits, for a month or in all, with what stands behind each charge. */
import { Button, Group, TextInput } from '@mantine/core'
import type { Account, Transaction } from '@turnpike/sdk'
import { client } from '../client.ts'
import { negated, unitsOf } from '../decimal.ts'
import { useDialog } from '../dialog.tsx'
import { useView } from '../filters.tsx'
import { Loaded } from '../loaded.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { RowButton } from '../row-button.tsx'
import { Section } from '../section.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { Behind, useTransaction } from '../transaction-behind.tsx'
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
      {search.transaction !== undefined && <OneTransaction id={search.transaction} />}
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

/** The one that a link named, with what stands behind it. */
function OneTransaction({ id }: { readonly id: string }) {
  const { change } = useView()
  const close = (
    <Button variant="default" size="xs" onClick={() => change({ transaction: undefined })}>
      Close
    </Button>
  )
  return (
    <Section title={`Transaction ${id}`} actions={close}>
      <Loaded query={useTransaction(id)} what="The transaction">
        {({ transaction }) => (
          <>
            <DataTable caption="Transaction" width={700} columns={COLUMNS} rows={[transaction]} idOf={() => id} />
            <Behind transaction={transaction} />
          </>
        )}
      </Loaded>
    </Section>
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
    amount: ({ decimal }) => decimal.amount,
    cell: ({ type, decimal }) => (
      <>
        <span>{type === 'credit' ? '+' : '−'}</span>
        <Credits value={decimal.amount} />
      </>
    ),
  },
  {
    head: '>Balance after',
    amount: ({ decimal }) => decimal.balanceAfter,
    cell: ({ decimal }) => <Credits value={decimal.balanceAfter} />,
  },
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
