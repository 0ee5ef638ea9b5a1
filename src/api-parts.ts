/** What the control plane needs of the gateway: rooms of one floor don't know each other, so they are introduced here. */
import type { ApiParts } from './api/parts.ts'
import { secretOf } from './gateway/caller-secret.ts'
import type { Gateway } from './gateway/gateway.ts'
import { hashSecret } from './lib/secret.ts'
import { requestIdOf } from './request-id.ts'

export function apiParts(
  { store, settings, budgets, routes, terms, rateCards, random, log, keys, hashDetails, addressOf }: Gateway,
  operatorKey: string,
): ApiParts {
  const operatorHash = hashSecret(operatorKey)
  return {
    store,
    settings,
    budgets,
    routes,
    terms,
    rateCards,
    random,
    hashDetails,
    log,
    authenticate: ({ raw }) => keys.authenticate(secretOf(raw.headers), addressOf(raw)),
    isOperator: ({ keyHash }) => keyHash === operatorHash,
    forgetKey: (hash) => keys.forget(hash),
    forgetKeys: () => keys.forgetAll(),
    requestId: ({ raw }) => requestIdOf(raw),
  }
}
