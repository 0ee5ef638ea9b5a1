/** What the control plane needs of the gateway: rooms of one floor don't know each other, so they are introduced here. */
import type { Alerts } from './alerts.ts'
import type { ApiParts } from './api/parts.ts'
import { secretOf } from './gateway/caller-secret.ts'
import { checkCredential } from './gateway/check-credential.ts'
import type { Gateway } from './gateway/gateway.ts'
import { assert } from './lib/assert.ts'
import { hashSecret } from './lib/secret.ts'
import { requestIdOf } from './request-id.ts'

export function apiParts(
  gateway: Gateway,
  { seal, addresses }: Pick<Alerts, 'seal' | 'addresses'>,
  operatorKey: string,
): ApiParts {
  const { store, budgets, rateCards, random, log, keys, health, hashDetails, addressOf } = gateway
  const operatorHash = hashSecret(operatorKey)
  return {
    store,
    budgets,
    // These change when the settings are read again.
    get settings() {
      return gateway.settings
    },
    get routes() {
      return gateway.routes
    },
    get terms() {
      return gateway.terms
    },
    health,
    credentials: credentialParts(gateway),
    rateCards,
    random,
    hashDetails,
    log,
    seal,
    addresses,
    authenticate: ({ raw }) => keys.authenticate(secretOf(raw.headers), addressOf(raw)),
    isOperator: ({ keyHash }) => keyHash === operatorHash,
    forgetKey: (hash) => keys.forget(hash),
    forgetKeys: () => keys.forgetAll(),
    requestId: ({ raw }) => requestIdOf(raw),
  }
}

export const credentialParts = (gateway: Gateway): ApiParts['credentials'] => ({
  get providers() {
    return gateway.upstreams
  },
  sealedBy: gateway.credentials.sealedBy,
  seal: gateway.credentials.seal,
  open: gateway.credentials.open,
  fingerprint: gateway.credentials.fingerprint,
  forget: gateway.credentials.forget,
  async check(key, secret) {
    const provider = gateway.upstreams.get(key)
    assert(provider, 'the provider of a check is there')
    return checkCredential(provider, secret, gateway.clock)
  },
})
