/** Accounts by their id, for people to read. */
import { useQuery } from '@tanstack/react-query'
import { client } from './client.ts'

export function useAccountNames(): ReadonlyMap<string, string> {
  const { data } = useQuery({
    queryKey: ['account-names'],
    queryFn: () => client.listAccounts({ limit: 500 }),
    staleTime: 60_000,
  })
  return new Map((data?.accounts ?? []).map(({ id, name, externalId }) => [id, name || externalId]))
}
