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
  const { store, settings, budgets, routes, terms, rateCards, random, log, keys, hashDetails, addressOf } = gateway
  const operatorHash = hashSecret(operatorKey)
  return {
    store,
    settings,
    budgets,
    routes,
    credentials: credentialParts(gateway),
    terms,
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

export const credentialParts = ({ credentials, upstreams, clock }: Gateway): ApiParts['credentials'] => ({
  providers: upstreams,
  sealedBy: credentials.sealedBy,
  seal: credentials.seal,
  open: credentials.open,
  fingerprint: credentials.fingerprint,
  forget: credentials.forget,
  async check(key, secret) {
    const provider = upstreams.get(key)
    assert(provider, 'the provider of a check is there')
    return checkCredential(provider, secret, clock)
  },
})
