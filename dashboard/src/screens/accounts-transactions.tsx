/** The ledger of an account: what moved its credits, for a month or in all, with what stands behind each charge. */
import { Button, Group, Table, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Account, Transaction } from '@turnpike/sdk'
import { Fragment, useState } from 'react'
import { client } from '../client.ts'
import { useDialog } from '../dialog.tsx'
import { useView } from '../filters.tsx'
import { Money } from '../money.tsx'
import { whole } from '../numbers.ts'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { RowButton } from '../row-button.tsx'
import { Rows, Small } from '../rows.tsx'
import { Section } from '../section.tsx'
import { When } from '../when.tsx'
import { Credits, Refund } from './accounts-credits.tsx'
import { daysOf, Statement } from './accounts-statement.tsx'

type Props = { readonly account: Account; readonly isAdmin: boolean }

const HEADS = ['When', 'Kind', 'Description', '>Amount', '>Balance after', 'Actions']

export function Transactions({ account, isAdmin }: Props) {
  const { search, change } = useView()
  const { month = '' } = search
  const refunding = useDialog<Transaction>()
  const [opened, setOpened] = useState<string>()
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
          {(rows) => (
            <Rows caption="Transactions" width={860} heads={HEADS}>
              {rows.map((transaction) => (
                <Fragment key={transaction.id}>
                  <TransactionRow
                    {...{ transaction, isAdmin, refund: refunding.open, isOpen: opened === transaction.id }}
                    toggle={() => setOpened(opened === transaction.id ? undefined : transaction.id)}
                  />
                  {opened === transaction.id && (
                    <Table.Tr>
                      <Table.Td colSpan={HEADS.length}>
                        <Behind transaction={transaction} />
                      </Table.Td>
                    </Table.Tr>
                  )}
                </Fragment>
              ))}
            </Rows>
          )}
        </PagedList>
        {refunding.subject && <Refund transaction={refunding.subject} onClose={refunding.close} />}
      </Section>
    </>
  )
}

const fileName = ({ externalId }: Account, month: string) =>
  `transactions-${externalId.replace(/[^\w-]+/g, '_')}${month === '' ? '' : `-${month}`}.csv`

type RowProps = {
  readonly transaction: Transaction
  readonly isAdmin: boolean
  readonly isOpen: boolean
  readonly toggle: () => void
  readonly refund: (transaction: Transaction) => void
}

function TransactionRow({ transaction, isAdmin, isOpen, toggle, refund }: RowProps) {
  const { id, kind, type, description, decimal, createdAt } = transaction
  const isRefundable = isAdmin && (kind === 'usage' || kind === 'debit')
  return (
    <Table.Tr>
      <Table.Td>
        <When at={createdAt} />
        <Small>{id}</Small>
      </Table.Td>
      <Table.Td>{kind}</Table.Td>
      <Table.Td style={{ overflowWrap: 'anywhere' }}>{description}</Table.Td>
      <Table.Td ta="right">
        <span>{type === 'credit' ? '+' : '−'}</span>
        <Credits value={decimal.amount} />
      </Table.Td>
      <Table.Td ta="right">
        <Credits value={decimal.balanceAfter} />
      </Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap">
          <RowButton of={id} label={isOpen ? 'Hide' : 'Details'} onClick={toggle} />
          {isRefundable && <RowButton of={id} label="Refund" onClick={() => refund(transaction)} />}
        </Group>
      </Table.Td>
    </Table.Tr>
  )
}

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
        <Rows caption="Usage" width={480} heads={['Model', '>Tokens in', '>Tokens out', '>Cost']}>
          {usageRecords.map((record) => (
            <Table.Tr key={record.id}>
              <Table.Td>
                {record.generationId === undefined ? (
                  record.modelId
                ) : (
                  <Link to="/requests/$id" params={{ id: record.generationId }}>
                    {record.modelId}
                  </Link>
                )}
              </Table.Td>
              <Table.Td ta="right">{whole(record.inputTokens)}</Table.Td>
              <Table.Td ta="right">{whole(record.outputTokens)}</Table.Td>
              <Table.Td ta="right">
                <Money value={record.decimal.estimatedCostUsd} exact />
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {entries.length > 0 && (
        <Rows caption="Entries" width={480} heads={['Entry', 'Grant', '>Credits']}>
          {entries.map(({ account, grantId, decimal: { amount } }) => (
            <Table.Tr key={`${account} ${grantId}`}>
              <Table.Td>{account.startsWith('acc_') ? 'the account' : account}</Table.Td>
              <Table.Td ff="monospace">{grantId ?? (account.startsWith('acc_') ? 'debt' : '')}</Table.Td>
              <Table.Td ta="right">
                <Credits value={amount} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {metadata !== null && Object.keys(metadata).length > 0 && (
        <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
          {JSON.stringify(metadata)}
        </Text>
      )}
    </>
  )
}
