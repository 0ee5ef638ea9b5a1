/** The endpoints that a call may go to, in order, each with its rate card at the instant of admission. */

import { refuse } from '../contract/errors.ts'
import type { UpstreamApi } from '../contract/upstream-api.ts'
import { cardAt, type RateCard } from '../core/rate-card.ts'
import type { Call } from './call.ts'
import { acrossModels, coolingLast, ordered } from './candidate-order.ts'
import { type Credential, isByok } from './credential.ts'
import { fitting } from './fitting.ts'
import type { Gateway } from './gateway.ts'
import type { Endpoint } from './routes.ts'

export type Candidate = {
  readonly endpoint: Endpoint
  /** As the client named the model. */
  readonly asSpelled: string
  readonly card: RateCard | undefined
  /** What it is sent with; undefined: the provider's own one. */
  readonly credential?: Credential
}

export function candidatesFor(gateway: Gateway, call: Call, at: number): Candidate[] {
  const all = call.models.flatMap((name) => {
    const { endpoints, balance } = routeFor(gateway, call, name)
    const reachable = endpoints.map((endpoint) => ({ endpoint, asSpelled: name, card: cardAt(endpoint.cards, at) }))
    return ordered(gateway, fitting(gateway, call, reachable), call.preferences, balance)
  })
  if (all.length === 0) throw refuse('no_endpoints')
  return coolingLast(gateway, acrossModels(gateway, all, call.preferences))
}

/** Throws where every circuit is open. What our credentials met there says nothing about a customer's own. */
export function checkOpen({ health }: Gateway, candidates: readonly Candidate[]): void {
  const waits = candidates.map((candidate) => (isByok(candidate) ? 0 : health.waitFor(candidate.endpoint)))
  if (waits.some((wait) => wait === 0)) return
  const providerName = candidates[0]?.endpoint.provider.name
  throw refuse('provider_overloaded', undefined, {
    retryAfterMs: Math.min(...waits),
    ...(providerName === undefined ? {} : { providerName }),
  })
}

/** The endpoints of a model that offer what is called. Throws where there is no such model, or it does something else. */
function routeFor({ routes }: Gateway, call: Call, name: string) {
  const suffix = /:(free|nitro|floor|online)$/.exec(name)?.[0]
  if (suffix || name === 'openrouter/auto')
    throw refuse(
      'invalid_request',
      `${suffix ? `The suffix ${suffix}` : name} is not offered here; name a model and, for a choice of providers, use the \`provider\` member`,
      { param: 'model' },
    )
  const route = routes.find(name)
  if (!route)
    throw refuse('model_not_found', undefined, { param: 'model', reason: { kind: 'unknown_model', model: name } })
  checkKind(name, route.model.kind, call.api)
  const endpoints = route.endpoints.filter(({ provider }) => provider.readingOf(call.api))
  if (endpoints.length === 0 && route.endpoints.length > 0)
    throw refuse('invalid_request', `${name} is not offered for ${call.api} by any provider that serves it here`, {
      param: 'model',
    })
  const speaking = endpoints.filter(({ provider }) => !call.nativeOnly || provider.wire === call.native?.wire)
  if (speaking.length === 0 && endpoints.length > 0 && call.nativeOnly) throw call.nativeOnly
  return { endpoints: speaking, balance: route.balance }
}

/** What models of a kind do, and where. Those of text, and those that nobody described, are let through: the provider knows. */
const KINDS: ReadonlyMap<string, { readonly does: string; readonly api: UpstreamApi }> = new Map([
  ['embedding', { does: 'gives embeddings, not text', api: 'embeddings' }],
  ['audio_tts', { does: 'reads texts aloud', api: 'audio/speech' }],
  ['audio_stt', { does: 'writes down what was said', api: 'audio/transcriptions' }],
])

function checkKind(name: string, kind: string, api: UpstreamApi): void {
  const known = KINDS.get(kind)
  if (known && known.api !== api)
    throw refuse('invalid_request', `${name} ${known.does}; call it on /${known.api}`, { param: 'model' })
}
