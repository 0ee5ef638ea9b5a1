/** The ledger of an account: what moved its credits, for a month or in all, with what stands behind each charge. */
import { Button, Group, Table, Text, TextInput, Title } from '@mantine/core'
import type { Account, Transaction } from '@turnpike/sdk'
import { Fragment, useState } from 'react'
import { client } from '../client.ts'
import { Money } from '../money.tsx'
import { Count, Listed, RowButton, Rows, Small, useDialog, useRows, When } from './account-parts.tsx'
import { Credits, Refund } from './accounts-credits.tsx'

type Props = { readonly account: Account; readonly isAdmin: boolean }

const HEADS = ['When', 'Kind', 'Description', '>Amount', '>Balance after', 'Actions']

export function Transactions({ account, isAdmin }: Props) {
  const [month, setMonth] = useState('')
  const refunding = useDialog<Transaction>()
  const [opened, setOpened] = useState<string>()
  const filter = { accountId: account.id, ...daysOf(month) }
  const list = useRows(
    ['transactions', filter],
    (cursor) => client.listTransactions({ ...filter, include: 'reservation,usage', ...(cursor ? { cursor } : {}) }),
    ({ items }) => items,
  )
  const csv = `/v1/transactions?${new URLSearchParams({ ...filter, format: 'csv' })}`
  return (
    <section aria-label="Transactions">
      <Group justify="space-between" align="flex-end" mb="xs">
        <Title order={2} size="h4">
          Transactions
        </Title>
        <Group align="flex-end" gap="xs">
          <TextInput label="Month" type="month" value={month} onChange={(e) => setMonth(e.currentTarget.value)} />
          <Button component="a" href={csv} download={fileName(account, month)} variant="default">
            CSV
          </Button>
        </Group>
      </Group>
      <Listed
        list={list}
        what="Transactions"
        empty={month === '' ? 'Nothing has moved credits yet.' : 'Nothing moved credits in this month.'}
      >
        <Rows caption="Transactions" width={860} heads={HEADS}>
          {list.rows.map((transaction) => (
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
      </Listed>
      {refunding.subject && <Refund transaction={refunding.subject} onClose={refunding.close} />}
    </section>
  )
}

/** The whole days of a month, `2026-11`; the server counts them in the zone of the organisation. */
function daysOf(month: string): { startDate?: string; endDate?: string } {
  const [year, number] = month.split('-').map(Number)
  if (year === undefined || number === undefined) return {}
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate()
  return { startDate: `${month}-01`, endDate: `${month}-${last}` }
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

/** What a movement came from: its price in dollars, its reservation, the usage that was recorded with it. */
function Behind({ transaction: { decimal, reservation, usageRecords = [], metadata } }: { transaction: Transaction }) {
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
        <Table aria-label="Usage" mt="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Model</Table.Th>
              <Table.Th ta="right">Tokens in</Table.Th>
              <Table.Th ta="right">Tokens out</Table.Th>
              <Table.Th ta="right">Cost</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {usageRecords.map((record) => (
              <Table.Tr key={record.id}>
                <Table.Td>{record.modelId}</Table.Td>
                <Table.Td ta="right">
                  <Tokens count={record.inputTokens} />
                </Table.Td>
                <Table.Td ta="right">
                  <Tokens count={record.outputTokens} />
                </Table.Td>
                <Table.Td ta="right">
                  <Money value={record.decimal.estimatedCostUsd} exact />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {metadata !== null && Object.keys(metadata).length > 0 && (
        <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
          {JSON.stringify(metadata)}
        </Text>
      )}
    </>
  )
}

const Tokens = ({ count }: { count: number | null }) =>
  count === null ? <span>unknown</span> : <Count value={String(count)} />
