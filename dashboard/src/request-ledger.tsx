/** What a call moved: the transaction that charged it, and the credit that was set aside for it before. */
import { Anchor, Code, SimpleGrid, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { GenerationRecord } from '@turnpike/sdk'
import { client } from './client.ts'
import { Fact } from './fact.tsx'
import { Loaded } from './loaded.tsx'
import { Money } from './money.tsx'
import { Bones } from './states.tsx'
import { When } from './when.tsx'

type Props = { readonly call: GenerationRecord }

export function Ledger({ call: { accountId, transactionId, reservationId } }: Props) {
  if (accountId === null) return <Text size="sm">The organisation itself pays: no account was charged.</Text>
  return (
    <>
      {transactionId === null ? (
        <Text size="sm">No transaction: nothing was charged.</Text>
      ) : (
        <Charged id={transactionId} />
      )}
      {reservationId !== null && (
        <Text size="sm" mt="xs">
          Credit was set aside by <Code>{reservationId}</Code> when the call was admitted, and that ended with it.
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

function Charged({ id }: { readonly id: string }) {
  const query = useQuery({ queryKey: ['transaction', id], queryFn: async () => await client.getTransaction(id) })
  return (
    <Loaded query={query} what="The transaction" waiting={<Bones height={48} />}>
      {({ transaction: { decimal, createdAt } }) => (
        <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
          <Fact label="Transaction">
            <Code>{id}</Code>
          </Fact>
          <Fact label="Charged (credits)">
            <Money value={decimal.amount} unit="" exact />
          </Fact>
          <Fact label="At">
            <When at={createdAt} exact />
          </Fact>
          <Fact label="Balance after (credits)">
            <Money value={decimal.balanceAfter} unit="" exact />
          </Fact>
        </SimpleGrid>
      )}
    </Loaded>
  )
}
