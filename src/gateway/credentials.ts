/**
 * Customers' credentials as calls find them: read once, unsealed in memory alone, forgotten when they change; and for
 * any credential, ours too, whether a provider refused it a moment ago.
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { SealBroken, type Sealer } from '../lib/sealer.ts'
import type { UpstreamFailure } from '../providers/provider.ts'
import {
  type CredentialState,
  type StoredCredential,
  saveCredentialStates,
  sealFor,
  unsealed,
  usableCredentials,
} from '../store/credentials.ts'
import type { Store } from '../store/store.ts'
import { type Credential, coolingMs, coolingReason } from './credential.ts'

/** A stored one with its secret; undefined: it cannot be read. */
export type Held = { readonly stored: StoredCredential; readonly credential: Credential | undefined }

export type Credentials = {
  /** All that calls of the organisation may use. */
  of(organisationId: bigint): Promise<readonly Held[]>
  /** A change to one of the organisation's holds from here on. */
  forget(organisationId: bigint): void
  used(credential: Credential): void
  refused(credential: Credential, failure: UpstreamFailure): void
  /** A provider refused it, and its time is not over. */
  isCooling(credential: Credential): boolean
  /** Names the key that seals. */
  readonly sealedBy: string
  seal(owner: { organisationId: bigint; code: string }, secret: string): string
  /** Throws `SealBroken`. */
  open(stored: StoredCredential): string
  fingerprint(secret: string): string
  /** Writes what is not written yet. */
  flush(): Promise<void>
}

/** Another node's change holds here after this time, if it was not heard of. */
const FRESH_FOR_MS = 1_000
const MOST_ORGANISATIONS = 10_000
const MOST_COOLING = 10_000
/** How far behind the list of credentials may say when they were used. */
const WRITE_EVERY_MS = 10_000
/** More that wait to be written are dropped: they tell a time, and the next call tells a later one. */
const MOST_WAITING = 10_000

type Parts = { readonly store: Store; readonly clock: Clock; readonly log: Log; readonly sealer: Sealer }

export function createCredentials({ store, clock, log, sealer }: Parts): Credentials {
  const known = new LRUCache<bigint, { readonly readAt: number; readonly held: Promise<readonly Held[]> }>({
    max: MOST_ORGANISATIONS,
  })
  const cooling = new LRUCache<string, number>({ max: MOST_COOLING })
  const states = createStates({ store, clock, log })

  async function read(organisationId: bigint): Promise<readonly Held[]> {
    const stored = await usableCredentials(store, organisationId)
    return stored.map((each) => {
      const { coolingUntil } = each
      // What another node was told holds here as well. Nodes share the store's clock, not their own.
      const rests = (coolingUntil ?? 0) - store.now()
      if (rests > 0) cooling.set(cooledId(each), clock.now() + rests)
      return { stored: each, credential: opened(each) }
    })
  }

  const told = new LRUCache<bigint, true>({ max: MOST_ORGANISATIONS })
  function opened(stored: StoredCredential): Credential | undefined {
    try {
      return credentialOf(stored, unsealed(sealer, stored))
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error
      if (!told.has(stored.id))
        log.error({ credential: `cred_${stored.code}`, why: error.message }, 'a credential cannot be read')
      told.set(stored.id, true)
      return undefined
    }
  }

  store.onChange((change) => {
    if (change.kind === 'credentials') known.delete(change.organisationId)
    else if (change.kind === 'everything') known.clear()
  })

  return {
    of(organisationId) {
      const seen = known.get(organisationId)
      if (seen && clock.now() - seen.readAt < FRESH_FOR_MS) return seen.held
      const held = read(organisationId)
      known.set(organisationId, { readAt: clock.now(), held })
      held.catch(() => known.delete(organisationId))
      return held
    },
    forget(organisationId) {
      known.delete(organisationId)
      store.announce({ kind: 'credentials', organisationId })
    },
    used({ customer }) {
      if (customer) states.add({ ...customer, lastUsedAt: store.now() })
    },
    refused(credential, failure) {
      const rests = coolingMs(failure)
      cooling.set(coolingName(credential), clock.now() + rests)
      const { customer } = credential
      if (customer) states.add({ ...customer, cooling: { until: store.now() + rests, reason: coolingReason(failure) } })
    },
    isCooling: (credential) => (cooling.get(coolingName(credential)) ?? 0) > clock.now(),
    sealedBy: sealer.keyId,
    seal: (owner, secret) => sealFor(sealer, owner, secret),
    open: (stored) => unsealed(sealer, stored),
    fingerprint: sealer.fingerprint,
    flush: states.flush,
  }
}

/** A rotated secret is another credential: what its predecessor was refused says nothing of it. */
const coolingName = ({ id, version = '' }: Pick<Credential, 'id' | 'version'>): string => `${id} ${version}`
const cooledId = ({ code, sealed }: StoredCredential): string => coolingName({ id: `cred_${code}`, version: sealed })

const credentialOf = (stored: StoredCredential, secret: string): Credential => ({
  id: `cred_${stored.code}`,
  label: stored.label,
  version: stored.sealed,
  secret,
  weight: stored.weight,
  priority: stored.priority,
  customer: {
    organisationId: stored.organisationId,
    id: stored.id,
    name: stored.name,
    fallback: stored.fallback,
  },
})

function createStates({ store, clock, log }: Omit<Parts, 'sealer'>) {
  const waiting = new Map<bigint, CredentialState>()
  let armed = false
  const flush = async () => {
    armed = false
    const states = [...waiting.values()]
    waiting.clear()
    if (states.length === 0) return
    await saveCredentialStates(store, states).catch((error: unknown) =>
      log.warn({ error: String(error) }, 'when credentials were last used was not saved'),
    )
  }
  return {
    flush,
    add({ organisationId, id, lastUsedAt, cooling }: CredentialState) {
      if (waiting.size >= MOST_WAITING && !waiting.has(id)) return
      waiting.set(id, {
        ...waiting.get(id),
        ...{ organisationId, id },
        ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
        ...(cooling ? { cooling } : {}),
      })
      if (armed) return
      armed = true
      clock.after(WRITE_EVERY_MS, () => void flush())
    },
  }
}
