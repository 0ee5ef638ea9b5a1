/** Which account a request is about, and whether it is the caller's to see. */

import { refuse } from '../contract/errors.ts'
import type { Caller } from '../core/caller.ts'
import { type AccountName, findAccount, type StoredAccount } from '../store/accounts.ts'
import type { ApiParts } from './parts.ts'

/** `id`: of the path. An API key that names nobody means its own account. */
export type Named = {
  readonly id?: string | undefined
  readonly accountId?: string | undefined
  readonly externalId?: string | undefined
}

/** Throws `account_not_found` for what does not exist or is another's, `account_mismatch` where two names disagree. */
export async function accountFor(
  { store }: Pick<ApiParts, 'store'>,
  caller: Caller,
  named: Named,
  at: number,
): Promise<StoredAccount> {
  const { id, accountId, externalId } = named
  if (id !== undefined && accountId !== undefined && id !== accountId)
    throw refuse('account_mismatch', 'accountId names another account than the path', { param: 'accountId' })
  const account = await findAccount(store, caller.organisationId, nameOf(caller, id ?? accountId, externalId), at)
  if (!account || !isSeenBy(caller, account.id)) throw refuse('account_not_found')
  if (externalId !== undefined && account.externalId !== externalId)
    throw refuse('account_mismatch', undefined, { param: 'externalId' })
  return account
}

/** Lists show an API key its own account's rows alone; one without an account has none to see. */
export const ownAccount = ({ kind, accountId }: Caller): bigint | undefined =>
  kind === 'management_key' ? undefined : (accountId ?? 0n)

const isSeenBy = ({ kind, accountId }: Caller, id: bigint): boolean => kind === 'management_key' || accountId === id

function nameOf(caller: Caller, accountId: string | undefined, externalId: string | undefined): AccountName {
  if (accountId !== undefined) return { code: /^acc_(.+)$/.exec(accountId)?.[1] ?? '' }
  if (externalId !== undefined) return { externalId }
  if (caller.accountId !== null) return { id: caller.accountId }
  throw refuse('invalid_request', 'accountId or externalId is missing: name the account', { param: 'accountId' })
}
