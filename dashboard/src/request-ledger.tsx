/** What a call moved: the transaction that charged it, and the credit that was set aside for it before. */
import { Anchor, Code, SimpleGrid, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { GenerationRecord } from '@turnpike/sdk'
import { Fact } from './fact.tsx'
import { Loaded } from './loaded.tsx'
import { Money } from './money.tsx'
import { Bones } from './states.tsx'
import { Behind, useTransaction } from './transaction-behind.tsx'
import { When } from './when.tsx'

type Props = { readonly call: GenerationRecord }

export function Ledger({ call: { accountId, transactionId, reservationId } }: Props) {
  if (accountId === null) return <Text size="sm">The organisation itself pays: no account was charged.</Text>
  return (
    <>
      {transactionId === null ? (
        <Text size="sm">No transaction: nothing was charged.</Text>
      ) : (
        <Charged id={transactionId} accountId={accountId} />
      )}
      {reservationId !== null && (
        <Text size="sm" mt="xs">
          Credit was set aside by <Code>{reservationId}</Code> when the call was admitted. That ended with the call, and
          what was left of it went back to where it came from: the entries above are what was taken.
        </Text>
      )}
      <Text size="sm" mt="xs">
        <Anchor component={Link} to="/accounts/$id" params={{ id: accountId } as never} inherit>
          All transactions of the account
        </Anchor>
      </Text>
    </>
  )
}

function Charged({ id, accountId }: { readonly id: string; readonly accountId: string }) {
  return (
    <Loaded query={useTransaction(id)} what="The transaction" waiting={<Bones height={180} />}>
      {({ transaction }) => (
        <>
          <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
            <Fact label="Transaction">
              <Anchor
                component={Link}
                to="/accounts/$id"
                params={{ id: accountId } as never}
                search={{ transaction: id } as never}
                inherit
              >
                <Code>{id}</Code>
              </Anchor>
            </Fact>
            <Fact label="Charged (credits)">
              <Money value={transaction.decimal.amount} unit="" exact />
            </Fact>
            <Fact label="At">
              <When at={transaction.createdAt} exact />
            </Fact>
            <Fact label="Balance after (credits)">
              <Money value={transaction.decimal.balanceAfter} unit="" exact />
            </Fact>
          </SimpleGrid>
          {/* Its usage is the call itself. */}
          <Behind transaction={{ ...transaction, usageRecords: [] }} />
        </>
      )}
    </Loaded>
  )
}
