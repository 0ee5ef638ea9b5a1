/** Changes outside of the ledger that are done once under an idempotency key: the answer is kept in the same step as the change. */
import { Refused, refuse } from '../contract/errors.ts'
import type { Caller } from '../core/caller.ts'
import type { Idempotency } from '../core/ledger-commands.ts'
import { rememberedAnswer, remembering } from '../store/remembered.ts'
import type { Query } from '../store/store.ts'
import type { ApiParts } from './parts.ts'

type Once<B> = { readonly body: B; readonly replayed: boolean }

/** `change` writes what `remember` gives it together with its own; a key that somebody else took meanwhile undoes both. */
export async function once<B extends object>(
  { store }: Pick<ApiParts, 'store'>,
  { caller, at }: { readonly caller: Caller; readonly at: number },
  name: Idempotency | undefined,
  change: (remember: (body: B) => readonly Query<unknown>[]) => Promise<B>,
): Promise<Once<B>> {
  if (!name) return { body: await change(() => []), replayed: false }
  const { organisationId } = caller
  const before = await answered<B>(store, organisationId, name)
  if (before) return before
  try {
    const remember = (body: B) => [remembering(store, { organisationId, at }, name, JSON.stringify(body))]
    return { body: await change(remember), replayed: false }
  } catch (error) {
    const raced = error instanceof Refused ? undefined : await answered<B>(store, organisationId, name)
    if (raced) return raced
    throw error
  }
}

async function answered<B>(
  store: ApiParts['store'],
  organisationId: bigint,
  name: Idempotency,
): Promise<Once<B> | undefined> {
  const stored = await rememberedAnswer(store, organisationId, name)
  if (!stored) return undefined
  if (stored.fingerprint !== name.fingerprint) throw refuse('idempotency_key_mismatch')
  return { body: JSON.parse(stored.answer), replayed: true }
}
