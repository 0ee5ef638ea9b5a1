/** A list whose next page is asked for by a button. */
import { Button, Group, Stack, Text } from '@mantine/core'
import { type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Problem } from './problem.tsx'
import { Empty, Loading } from './states.tsx'

type Props<T> = {
  readonly list: UseInfiniteQueryResult<Listed<T>>
  /** What is listed: `Keys`. */
  readonly what: string
  /** What is said where there is none. */
  readonly empty: string
  /** Only where all rows are there does it mean anything to sort them. */
  readonly children: (rows: readonly T[], isWhole: boolean) => ReactNode
}

type Listed<T> = { readonly rows: readonly T[]; readonly total: number | undefined }

/** In each of its states: it comes, it failed, it is empty, it is there and may go on. */
export function PagedList<T>({ list, what, empty, children }: Props<T>) {
  const { rows, total } = list.data ?? { rows: [], total: undefined }
  const problem = list.error !== null && (
    <Problem error={list.error} doing={`${what} could not be loaded`} retry={() => void list.refetch()} />
  )
  if (list.isPending) return <Loading what={what} />
  if (rows.length === 0) return problem || <Empty title={empty} />
  return (
    <Stack gap="xs">
      {children(rows, !list.hasNextPage)}
      {problem}
      <Group gap="sm">
        <Text size="sm" c="dimmed">
          {rows.length} of {total ?? rows.length}
        </Text>
        {list.hasNextPage && (
          <Button
            variant="default"
            size="xs"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Load more
          </Button>
        )}
      </Group>
    </Stack>
  )
}

type Page = { readonly pagination: { readonly nextCursor: string | null; readonly totalCount: number } }

/** Where a page begins, as lists of the API take it; the first says nothing. */
type Start = { readonly cursor?: string }

export function usePagedList<P extends Page, T>(
  key: readonly unknown[],
  fetch: (start: Start) => PromiseLike<P>,
  rowsOf: (page: P) => readonly T[],
  /** In how many milliseconds these rows are asked for again. */
  again: (rows: readonly T[]) => number | false = () => false,
) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: async ({ pageParam }) => await fetch(pageParam),
    initialPageParam: {} as Start,
    getNextPageParam: ({ pagination: { nextCursor } }: P) => (nextCursor === null ? undefined : { cursor: nextCursor }),
    refetchInterval: ({ state }) => again(state.data?.pages.flatMap((page) => rowsOf(page)) ?? []),
    select: ({ pages }): Listed<T> => ({
      rows: pages.flatMap((page) => rowsOf(page)),
      total: pages[0]?.pagination.totalCount,
    }),
  })
}
