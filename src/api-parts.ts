/** What the control plane needs of the gateway: rooms of one floor don't know each other, so they are introduced here. */
import type { Alerts } from './alerts.ts'
import type { ApiParts } from './api/parts.ts'
import { secretOf } from './gateway/caller-secret.ts'
import type { Gateway } from './gateway/gateway.ts'
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
