/** As of when the numbers are, in which zone, and a way to have them anew. */
import { Button, Group, Text } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { useTimeZone } from './session.ts'
import { clockText } from './zone.ts'

type Props = { readonly query: Pick<UseQueryResult, 'dataUpdatedAt' | 'isFetching' | 'refetch'> }

export function Freshness({ query: { dataUpdatedAt, isFetching, refetch } }: Props) {
  const timeZone = useTimeZone()
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed" mih={22}>
        {dataUpdatedAt > 0 && `As of ${clockText(new Date(dataUpdatedAt), timeZone)}. `}Times and days in {timeZone}.
      </Text>
      <Button variant="default" size="compact-xs" loading={isFetching && dataUpdatedAt > 0} onClick={() => refetch()}>
        Refresh
      </Button>
    </Group>
  )
}
