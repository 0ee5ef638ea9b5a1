/** Lets people name an account by its id or by their own name for it, whichever of the two the operation takes. */
import type { Command } from './fields.ts'
import { jsonReply, membersOf } from './pages.ts'
import { isAccountId, type Values } from './request.ts'

/** Asks the server where the operation takes the other of the two. `get` is a GET. */
export async function nameAccounts(
  { places, options }: Command,
  values: Values,
  get: (path: string) => Promise<string>,
): Promise<void> {
  for (const { account, part, name } of [...places.flat(), ...options]) {
    if (account !== 'id' && account !== 'name') continue
    const given = values[part][name]
    const asked = (text: unknown) => nameOf(text, account, get)
    if (Array.isArray(given)) values[part][name] = await Promise.all(given.map(asked))
    else if (given !== undefined) values[part][name] = await asked(given)
  }
}

/** Empty text is nobody's name: filters say with it that there is none. */
async function nameOf(given: unknown, wanted: 'id' | 'name', get: (path: string) => Promise<string>): Promise<unknown> {
  if (typeof given !== 'string' || given === '' || isAccountId(given) === (wanted === 'id')) return given
  const path = wanted === 'id' ? `get?externalId=${encodeURIComponent(given)}` : given
  const found = membersOf(jsonReply(await get(`/v1/accounts/${path}`)))
  return wanted === 'id' ? found.id : found.externalId
}
