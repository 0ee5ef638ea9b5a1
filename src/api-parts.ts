/** What the control plane needs of the gateway and of sign-in: rooms of one floor don't know each other, so they are introduced here. */
import type { FastifyRequest } from 'fastify'
import type { Alerts } from './alerts.ts'
import type { ApiParts, SystemFacts } from './api/parts.ts'
import { demandJson, isOwnPage } from './api/same-origin.ts'
import type { Caller } from './core/caller.ts'
import { secretOf } from './gateway/caller-secret.ts'
import { checkCredential } from './gateway/check-credential.ts'
import type { Gateway } from './gateway/gateway.ts'
import { assert } from './lib/assert.ts'
import { hashSecret } from './lib/secret.ts'
import type { People } from './people/people.ts'
import { requestIdOf } from './request-id.ts'

type Introduced = {
  readonly gateway: Gateway
  readonly alerts: Pick<Alerts, 'sealer' | 'addresses'>
  readonly people: People
  readonly system: SystemFacts
}

export function apiParts({ gateway, alerts, people, system }: Introduced, operatorKey: string): ApiParts {
  const {
    store,
    budgets,
    rateCards,
    adminCards,
    operatorOrganisationId,
    random,
    log,
    keys,
    health,
    hashDetails,
    settlements,
    addressOf,
  } = gateway
  const { sealer, addresses } = alerts
  const operatorHash = hashSecret(operatorKey)
  return {
    store,
    system,
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
    adminCards,
    random,
    hashDetails,
    log,
    sealer,
    addresses,
    people,
    settlements,
    operatorOrganisationId,
    authenticate: (request) => authenticate(gateway, people, request),
    addressOf: ({ raw }) => addressOf(raw),
    isOperator: ({ keyHash }) => keyHash === operatorHash,
    runsServer: ({ keyHash, member, role, organisationId }) =>
      keyHash === operatorHash ||
      (member !== undefined && role === 'admin' && organisationId === operatorOrganisationId),
    callsUnderWay: (asked) => [...gateway.open].filter(({ organisationId }) => organisationId === asked).length,
    forgetKey: (hash) => keys.forget(hash),
    forgetKeys: () => keys.forgetAll(),
    requestId: ({ raw }) => requestIdOf(raw),
  }
}

/** A key comes first. Without one a session counts, where one of our own pages sends it. */
async function authenticate({ keys, addressOf }: Gateway, people: People, request: FastifyRequest): Promise<Caller> {
  const secret = secretOf(request.raw.headers)
  const member = secret === undefined && isOwnPage(request) ? await people.callerOf(request.headers.cookie) : undefined
  if (member === undefined) return keys.authenticate(secret, addressOf(request.raw))
  demandJson(request)
  return member
}
const credentialParts = (gateway: Gateway): ApiParts['credentials'] => ({
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
