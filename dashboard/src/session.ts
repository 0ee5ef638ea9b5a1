/** Who is signed in, and the organisation that all numbers are about. */
import { useQuery } from '@tanstack/react-query'
import { client } from './client.ts'

export const useSession = () =>
  useQuery({ queryKey: ['session'], queryFn: () => client.admin.getSession(), staleTime: 60_000 })

/** Undefined until it is known: days mean nothing before. */
export const useTimeZone = (): string | undefined => useSession().data?.session.organisation.timeZone

/** Whether the one who looks may change things; the server decides in any case. */
export const useIsAdmin = (): boolean => useSession().data?.session.role === 'admin'
