/** Who calls: keys by the hash of their secret, kept in memory once seen, looked up in the store otherwise. */
import { LRUCache } from 'lru-cache'
import { refuse } from '../contract/errors.ts'
import { type Caller, NO_DEFAULTS } from '../core/caller.ts'
import type { Clock } from '../lib/clock.ts'
import { hashSecret, sameSecret, secretLabel } from '../lib/secret.ts'
import { findKey, type StoredKey } from '../store/keys.ts'
import { findOrganisation } from '../store/organisations.ts'
import type { Store } from '../store/store.ts'
import type { LastUse } from './last-use.ts'
import { createUnknownKeys } from './unknown-keys.ts'

export type Keys = {
  /**
   * The caller behind a secret that came from this address. Throws `Refused('invalid_api_key')` for none, unknown,
   * disabled or expired, and `rate_limit_exceeded` where too many unknown ones came from there.
   */
  authenticate(secret: string | undefined, address: string): Promise<Caller>
  /** A change to a key holds from here on. */
  forget(hash: string): void
  /** A change that may be told of any key: what its organisation is called. */
  forgetAll(): void
}

const MOST_KNOWN = 50_000
/** Unknown keys are remembered briefly, so that a flood of them does not reach the store. */
const MOST_UNKNOWN = 10_000
const UNKNOWN_FOR_MS = 2_000
/** Other nodes tell of their changes; where they are not heard, those hold here after so long. */
const FRESH_FOR_MS = { sqlite: Number.POSITIVE_INFINITY, postgres: 1_000 } as const

export type KeysParts = {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  readonly operator: { readonly secret: string; readonly organisationId: bigint }
  readonly lastUse: Pick<LastUse, 'seen'>
  /** Hashes of keys that there are: to them the bound on unknown ones does not apply. */
  readonly expected?: readonly string[]
}

/** Undefined: there is such a key, and it has to be read again. */
type Known = { readonly key: StoredKey | undefined; readonly readAt: number }

export function createKeys({ store, clock, operator, lastUse, expected = [] }: KeysParts): Keys {
  const known = new LRUCache<string, Known>({ max: MOST_KNOWN })
  const unknown = new LRUCache<string, number>({ max: MOST_UNKNOWN })
  const unknownKeys = createUnknownKeys(clock)
  const asOperator = createOperator(store, clock, operator)
  for (const hash of expected) known.set(hash, NEVER_READ)
  let changes = 0

  /** Many calls of one key come at once, and one read serves them. */
  const reading = new Map<string, Promise<StoredKey | undefined>>()
  function lookUpOnce(hash: string, address: string): Promise<StoredKey | undefined> {
    if (!known.has(hash)) return lookUp(hash, address)
    const underWay = reading.get(hash)
    if (underWay) return underWay
    const begun = lookUp(hash, address).finally(() => {
      if (reading.get(hash) === begun) reading.delete(hash)
    })
    reading.set(hash, begun)
    return begun
  }

  async function lookUp(hash: string, address: string): Promise<StoredKey | undefined> {
    const since = unknown.get(hash)
    if (since !== undefined && isWithin(clock.now() - since, UNKNOWN_FOR_MS)) return undefined
    if (!known.has(hash)) unknownKeys.admit(address)
    const before = changes
    const readAt = clock.now()
    const found = await findKey(store, hash)
    if (!found) unknownKeys.count(address)
    // What was read before a change must not be kept after it.
    if (changes !== before) return found
    if (found) known.set(hash, { key: found, readAt })
    else {
      known.delete(hash)
      unknown.set(hash, readAt)
    }
    return found
  }

  const forgetHere = (hash: string) => {
    changes++
    reading.delete(hash)
    known.set(hash, NEVER_READ)
    unknown.delete(hash)
  }
  const forgetAllHere = () => {
    changes++
    reading.clear()
    for (const hash of [...known.keys()]) known.set(hash, NEVER_READ)
    unknown.clear()
    asOperator.forget()
  }
  store.onChange((change) => {
    if (change.kind === 'key') forgetHere(change.hash)
    else if (change.kind === 'keys' || change.kind === 'everything') forgetAllHere()
  })

  return {
    async authenticate(secret, address) {
      if (secret === undefined || secret === '') throw refuse('invalid_api_key')
      const hash = hashSecret(secret)
      const seen = known.get(hash)
      if (!seen?.key && asOperator.is(hash)) return asOperator.caller()
      const isFresh = seen !== undefined && isWithin(clock.now() - seen.readAt, FRESH_FOR_MS[store.engine])
      const key = (isFresh ? seen.key : undefined) ?? (await lookUpOnce(hash, address))
      if (!key || key.disabled || (key.until !== null && key.until <= store.now())) throw refuse('invalid_api_key')
      lastUse.seen(key.kind, key.id)
      return callerOf(key)
    },
    forget(hash) {
      forgetHere(hash)
      store.announce({ kind: 'key', hash })
    },
    forgetAll() {
      forgetAllHere()
      store.announce({ kind: 'keys' })
    },
  }
}

/** A clock that was set back makes nothing young. */
const isWithin = (age: number, ms: number): boolean => age >= 0 && age < ms

const NEVER_READ: Known = { key: undefined, readAt: Number.NEGATIVE_INFINITY }

/** The operator's key is in no table; what its organisation is called may change. */
function createOperator(store: Store, clock: Pick<Clock, 'now'>, { secret, organisationId }: KeysParts['operator']) {
  const keyHash = hashSecret(secret)
  let named: { readonly name: string; readonly readAt: number } | undefined
  return {
    is: (hash: string) => sameSecret(hash, keyHash),
    forget() {
      named = undefined
    },
    async caller(): Promise<Caller> {
      if (!named || !isWithin(clock.now() - named.readAt, FRESH_FOR_MS[store.engine])) {
        const organisation = await findOrganisation(store, { id: organisationId })
        named = { name: organisation?.name ?? '', readAt: clock.now() }
      }
      const label = secretLabel(secret)
      return {
        ...management,
        organisationId,
        organisation: named.name,
        keyHash,
        label,
        actor: 'operator',
        role: 'admin',
      }
    },
  }
}

const management = {
  kind: 'management_key',
  principal: 'management',
  keyId: null,
  accountId: null,
  externalId: null,
  reserveMode: null,
  budgets: [],
  includeByokInLimit: false,
  allowedModels: null,
  defaults: NO_DEFAULTS,
} as const

function callerOf(key: StoredKey): Caller {
  const { organisationId, organisation, hash: keyHash, label } = key
  const shared = { organisationId, organisation, keyHash, label }
  if (key.kind === 'management_key')
    return {
      ...management,
      ...shared,
      actor: `management:${key.name}`,
      role: key.role === 'reader' ? 'reader' : 'admin',
    }
  return {
    kind: 'api_key',
    ...shared,
    principal: key.accountId === null ? `key:${key.id}` : `account:${key.accountId}`,
    actor: `key:${label}`,
    role: 'caller',
    keyId: key.id,
    accountId: key.accountId,
    externalId: key.externalId,
    reserveMode: key.reserveMode,
    budgets: key.limit ? [key.limit] : [],
    includeByokInLimit: key.includeByokInLimit,
    allowedModels: key.allowedModels,
    defaults: key.defaults,
  }
}
