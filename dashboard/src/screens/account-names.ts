/** Keys and accounts to choose from and to name things by: the newest 500 of each. */
import { useQuery } from '@tanstack/react-query'
import type { Account, ApiKey } from '@turnpike/sdk'
import { client } from '../client.ts'

const MOST = 500

export function useAccounts(): readonly Account[] {
  const { data } = useQuery({
    queryKey: ['account-names'],
    queryFn: async () => (await client.listAccounts({ limit: MOST })).accounts,
  })
  return data ?? []
}

export function useKeys(): readonly ApiKey[] {
  const { data } = useQuery({
    queryKey: ['key-names'],
    queryFn: async () => (await client.admin.listApiKeys({ limit: MOST })).keys,
  })
  return data ?? []
}
