/** Who calls: keys by the hash of their secret, kept in memory once seen, looked up in the store otherwise. */
import { LRUCache } from 'lru-cache'
import { refuse } from '../contract/errors.ts'
import type { Budget } from '../core/ledger-rows.ts'
import type { Clock } from '../lib/clock.ts'
import { hashSecret, sameSecret } from '../lib/secret.ts'
import { findKey, type StoredKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'

export type Caller = {
  readonly kind: 'api_key' | 'management_key'
  readonly organisationId: bigint
  readonly organisation: string
  /** Whose idempotency keys, generations and reads these are: the account, else the key, else the management role. */
  readonly principal: string
  readonly role: 'caller' | 'admin' | 'reader'
  readonly keyId: bigint | null
  readonly keyHash: string
  readonly label: string
  readonly accountId: bigint | null
  readonly externalId: string | null
  /** Budgets that every call of this key must pass. */
  readonly budgets: readonly Budget[]
  /** The limit of the key counts BYOK calls at the price of our own credential. */
  readonly includeByokInLimit: boolean
}

export type Keys = {
  /** The caller behind a secret. Throws `Refused('invalid_api_key')` for none, unknown, disabled or expired. */
  authenticate(secret: string | undefined): Promise<Caller>
  /** A change to a key holds from here on. */
  forget(hash: string): void
}

const MOST_KNOWN = 50_000
/** Unknown keys are remembered briefly, so that a flood of them does not reach the store. */
const MOST_UNKNOWN = 10_000
const UNKNOWN_FOR_MS = 2_000

export function createKeys({
  store,
  clock,
  operator,
}: {
  store: Store
  clock: Clock
  operator: { secret: string; organisationId: bigint; organisation: string }
}): Keys {
  const known = new LRUCache<string, StoredKey>({ max: MOST_KNOWN })
  const unknown = new LRUCache<string, number>({ max: MOST_UNKNOWN })
  const operatorHash = hashSecret(operator.secret)

  let changes = 0
  async function lookUp(hash: string): Promise<StoredKey | undefined> {
    const before = changes
    const since = unknown.get(hash)
    if (since !== undefined && clock.now() - since < UNKNOWN_FOR_MS) return undefined
    const found = await findKey(store, hash)
    // What was read before a change must not be kept after it.
    if (changes !== before) return found
    if (found) known.set(hash, found)
    else unknown.set(hash, clock.now())
    return found
  }

  return {
    async authenticate(secret) {
      if (secret === undefined || secret === '') throw refuse('invalid_api_key')
      const hash = hashSecret(secret)
      const seen = known.get(hash)
      if (!seen && sameSecret(hash, operatorHash)) return operatorOf(operator, hash)
      const key = seen ?? (await lookUp(hash))
      if (!key || key.disabled || (key.kind === 'api_key' && key.expiresAt !== null && key.expiresAt <= clock.now()))
        throw refuse('invalid_api_key')
      return callerOf(key, hash)
    },
    forget(hash) {
      changes++
      known.delete(hash)
      unknown.delete(hash)
    },
  }
}

const operatorOf = (
  { organisationId, organisation }: { organisationId: bigint; organisation: string },
  keyHash: string,
): Caller => ({
  kind: 'management_key',
  organisationId,
  organisation,
  principal: 'management',
  role: 'admin',
  keyId: null,
  keyHash,
  label: 'operator',
  accountId: null,
  externalId: null,
  budgets: [],
  includeByokInLimit: false,
})

function callerOf(key: StoredKey, keyHash: string): Caller {
  const { organisationId, organisation } = key
  if (key.kind === 'management_key')
    return {
      ...operatorOf({ organisationId, organisation }, keyHash),
      label: 'management',
      role: key.role === 'reader' ? 'reader' : 'admin',
    }
  return {
    kind: 'api_key',
    organisationId,
    organisation,
    principal: key.accountId === null ? `key:${key.id}` : `account:${key.accountId}`,
    role: 'caller',
    keyId: key.id,
    keyHash,
    label: key.label,
    accountId: key.accountId,
    externalId: key.externalId,
    budgets: key.limit ? [key.limit] : [],
    includeByokInLimit: key.includeByokInLimit,
  }
}
