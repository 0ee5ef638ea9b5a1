/** Lets people name an account by its id or by their own name for it, whichever of the two the operation takes. */
import type { Command, Field } from './fields.ts'
import { jsonReply, membersOf } from './pages.ts'
import { isAccountId, type Values } from './request.ts'

/** Asks the server where the operation takes the other of the two. `get` is a GET. */
export async function nameAccounts(
  { places, options }: Command,
  values: Values,
  get: (path: string) => Promise<string>,
): Promise<void> {
  for (const { account, part, name } of [...places.flat(), ...options]) {
    const given = values[part][name]
    if (typeof given !== 'string' || !isOther(account, given)) continue
    const path = account === 'id' ? `get?externalId=${encodeURIComponent(given)}` : given
    const found = membersOf(jsonReply(await get(`/v1/accounts/${path}`)))
    values[part][name] = account === 'id' ? found.id : found.externalId
  }
}

const isOther = (account: Field['account'], given: string): boolean =>
  account === 'id' ? !isAccountId(given) : account === 'name' && isAccountId(given)
