/** The endpoints that a call may go to, in order, each with its rate card at the instant of admission. */

import { refuse } from '../contract/errors.ts'
import type { ProviderPreferences } from '../contract/model-request.ts'
import { cardAt, type RateCard } from '../core/rate-card.ts'
import type { Call } from './call.ts'
import type { Credential } from './credential.ts'
import type { Gateway } from './gateway.ts'
import { byPrice } from './price-preferences.ts'
import type { Endpoint } from './routes.ts'

export type Candidate = {
  readonly endpoint: Endpoint
  /** As the client named the model. */
  readonly asSpelled: string
  readonly card: RateCard | undefined
  /** What it is sent with; undefined: the provider's own one. */
  readonly credential?: Credential
}

export function candidatesFor({ routes }: Gateway, call: Call, at: number): Candidate[] {
  const candidates: Candidate[] = []
  for (const name of call.models) {
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
    if (route.model.kind === 'embedding' && call.api !== 'embeddings')
      throw refuse('invalid_request', `${name} gives embeddings, not text; call it on /embeddings`, { param: 'model' })
    const offering = route.endpoints.filter(({ provider }) => provider.readingOf(call.api))
    if (offering.length === 0 && route.endpoints.length > 0)
      throw refuse('invalid_request', `${name} is not offered for ${call.api} by any provider that serves it here`, {
        param: 'model',
      })
    const speaking = offering.filter(({ provider }) => !call.nativeOnly || provider.wire === call.native?.wire)
    if (speaking.length === 0 && offering.length > 0 && call.nativeOnly) throw call.nativeOnly
    const reachable = speaking.map((endpoint) => ({
      endpoint,
      asSpelled: name,
      card: cardAt(endpoint.cards, at),
    }))
    candidates.push(...preferred(byPrice(reachable, call.preferences), call.preferences))
  }
  if (candidates.length === 0) throw refuse('no_endpoints')
  return candidates
}

/** What we know nothing of, an endpoint is not known to fit. */
function preferred(candidates: readonly Candidate[], preferences: ProviderPreferences): Candidate[] {
  const { order, only, ignore, allow_fallbacks, data_collection, zdr, quantizations } = preferences
  if (data_collection === 'deny' || zdr === true || (quantizations && quantizations.length > 0)) return []
  let fitting = candidates.filter(
    (candidate) => (!only || isAmong(only, candidate)) && !(ignore && isAmong(ignore, candidate)),
  )
  if (order && order.length > 0) {
    const ranked = order.flatMap((name) => fitting.filter((candidate) => isAmong([name], candidate)))
    fitting = [...new Set(allow_fallbacks === false ? ranked : [...ranked, ...fitting])]
  }
  return allow_fallbacks === false ? fitting.slice(0, Math.max(1, order?.length ?? 1)) : fitting
}

const isAmong = (names: readonly string[], { endpoint: { provider } }: Candidate): boolean =>
  names.some((name) => [provider.key.toLowerCase(), provider.name.toLowerCase()].includes(name.toLowerCase()))
