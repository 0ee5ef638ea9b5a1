/** Who is signed in, the organisation that all numbers are about, and the zone that all times are told in. */
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { client } from './client.ts'
import { zoneIn } from './search.ts'

export const useSession = () =>
  useQuery({ queryKey: ['session'], queryFn: () => client.admin.getSession(), staleTime: 60_000 })

/** The one in the address, else the organisation's; no screen is drawn before that is known. */
export function useTimeZone(): string {
  const zone = useSearch({ strict: false, select: (search) => zoneIn(search).zone })
  const own = useOwnTimeZone()
  return zone ?? own
}

export const useOwnTimeZone = (): string => useSession().data?.session.organisation.timeZone ?? 'UTC'

/** Whether the one who looks may change things; the server decides in any case. */
export const useIsAdmin = (): boolean => useSession().data?.session.role === 'admin'
