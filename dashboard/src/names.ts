/** What keys and accounts are called, to name things by and to choose from: the newest 500 of each, asked for once. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Account, ApiKey } from '@turnpike/sdk'
import { client } from './client.ts'

/** Keys by the hash that records name them with. */
export const useKeyNames = (): Names => useQuery({ ...newestKeys, select: keyNames }).data ?? NONE
/** Accounts by their id. */
export const useAccountNames = (): Names => useQuery({ ...newestAccounts, select: accountNames }).data ?? NONE

/** Keys by their hash, each with so much of its secret as tells it from others of that name. */
export const useKeyChoices = () => useQuery({ ...newestKeys, select: keyChoices }).data ?? []
/** External ids, by which people name accounts in forms. */
export const useAccountChoices = () => useQuery({ ...newestAccounts, select: accountChoices }).data ?? []

type Names = ReadonlyMap<string, string>
const NONE: Names = new Map()
const MOST = 500

/** In the cache is the answer as it came. Who wants another shape selects it: under one query key lies one shape. */
const newestKeys = queryOptions({
  queryKey: ['newest-keys'],
  queryFn: async () => await client.admin.listApiKeys({ limit: MOST }),
})
const newestAccounts = queryOptions({
  queryKey: ['newest-accounts'],
  queryFn: async () => await client.listAccounts({ limit: MOST }),
})

type Keys = { readonly keys: readonly ApiKey[] }
const keyNames = ({ keys }: Keys): Names => new Map(keys.map(({ hash, name }) => [hash, name]))
const keyChoices = ({ keys }: Keys) =>
  keys.map(({ hash, name, label }) => ({ value: hash, label: `${name} (${label})` }))

type Accounts = { readonly accounts: readonly Account[] }
const accountNames = ({ accounts }: Accounts): Names =>
  new Map(accounts.map(({ id, name, externalId }) => [id, name || externalId]))
const accountChoices = ({ accounts }: Accounts) => accounts.map(({ externalId }) => externalId)
