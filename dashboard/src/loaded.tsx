/** What was asked for, in each of its states: it comes, it failed, it is there. */
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Problem } from './problem.tsx'
import { Loading } from './states.tsx'

type Props<T> = {
  readonly query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>
  /** What could not be loaded, if so: `Requests`. */
  readonly what: string
  /** In its place until it comes, of its size. */
  readonly waiting?: ReactNode
  readonly children: (data: T) => ReactNode
}

/** What was there before a failure is shown on, below it. */
export const Loaded = <T,>({ query: { data, error, refetch }, what, waiting = <Loading />, children }: Props<T>) => (
  <>
    {error !== null && <Problem error={error} doing={`${what} could not be loaded`} retry={() => void refetch()} />}
    {data === undefined ? error === null && waiting : children(data)}
  </>
)
