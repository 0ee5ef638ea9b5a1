/** Models whose calls of the last 30 days have no known price: their cost is in no sum. */
import { Alert, Anchor, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { client } from '../client.ts'
import { daysOf } from '../days.ts'
import { whole } from '../numbers.ts'
import { Rows } from '../rows.tsx'
import { useTimeZone } from '../session.ts'

export function Unpriced() {
  const timeZone = useTimeZone()
  const used = useQuery({
    queryKey: ['unpriced', timeZone],
    queryFn: () =>
      client.admin.reportUsage({
        ...daysOf({ range: 'Last 30 days' }, timeZone),
        timeZone,
        bucket: 'month',
        groupBy: ['model', 'provider'],
      }),
  })
  const unpriced = used.data?.groups.filter(({ unpricedRequests }) => unpricedRequests > 0) ?? []
  if (unpriced.length === 0) return null
  return (
    <Alert color="yellow" title="Models without a price">
      <Rows caption="Unpriced models" width={360} heads={['Model', 'Provider', '>Calls without a price']}>
        {unpriced.map(({ key: { model, provider }, unpricedRequests }) => (
          <Table.Tr key={`${model} ${provider}`}>
            <Table.Th scope="row">
              <Anchor component={Link} to="/models" search={{ model } as never} inherit>
                {model}
              </Anchor>
            </Table.Th>
            <Table.Td>{provider}</Table.Td>
            <Table.Td ta="right">{whole(unpricedRequests)}</Table.Td>
          </Table.Tr>
        ))}
      </Rows>
    </Alert>
  )
}
