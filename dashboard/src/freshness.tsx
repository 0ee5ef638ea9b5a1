/** As of when the numbers are, what is not in them yet, in which zone they are, and a way to have them anew. */
import { Button, Group, Text } from '@mantine/core'
import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query'
import { client } from './client.ts'
import { whole } from './numbers.ts'
import { useTimeZone } from './session.ts'
import { clockText } from './zone.ts'

type Props = { readonly query: Pick<UseQueryResult, 'dataUpdatedAt' | 'isFetching' | 'refetch'> }

export function Freshness({ query: { dataUpdatedAt, isFetching, refetch } }: Props) {
  const timeZone = useTimeZone()
  const inFlight = useCallsInFlight(dataUpdatedAt)
  const asOf = `As of ${clockText(new Date(dataUpdatedAt), timeZone)}`
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed" mih={22}>
        {dataUpdatedAt > 0 && `${asOf}${inFlight === undefined ? '' : ` · ${inFlight}`}. `}Times and days in {timeZone}.
      </Text>
      <Button variant="default" size="compact-xs" loading={isFetching && dataUpdatedAt > 0} onClick={() => refetch()}>
        Refresh
      </Button>
    </Group>
  )
}

/** Asked once for each time that the numbers came. Undefined: nobody said. */
function useCallsInFlight(asOf: number): string | undefined {
  const { data } = useQuery({
    queryKey: ['calls-in-flight', asOf],
    queryFn: () => client.admin.countCallsInFlight(),
    enabled: asOf > 0,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  })
  if (data === undefined) return undefined
  const { calls } = data.callsInFlight
  return `${whole(calls)} ${calls === 1 ? 'call' : 'calls'} in flight`
}
