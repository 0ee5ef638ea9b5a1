/** The endpoints that a call may go to, in order, each with its rate card at the instant of admission. */
import type { ProviderPreferences } from '../contract/chat.ts'
import { refuse } from '../contract/errors.ts'
import { cardAt, type RateCard } from '../core/rate-card.ts'
import type { Gateway } from './gateway.ts'
import type { Call } from './read.ts'
import type { Endpoint } from './routes.ts'

export type Candidate = {
  readonly endpoint: Endpoint
  /** As the client named the model. */
  readonly asSpelled: string
  readonly card: RateCard | undefined
}

export function candidatesFor({ routes }: Gateway, call: Call, at: number): Candidate[] {
  const candidates: Candidate[] = []
  for (const name of call.models) {
    const suffix = /:(free|nitro|floor|online)$/.exec(name)?.[0]
    if (suffix || name === 'openrouter/auto')
      throw refuse('invalid_request', `${suffix ? `The suffix ${suffix}` : name} is not offered here; name a model and, for a choice of providers, use the \`provider\` member`, { param: 'model' })
    const route = routes.find(name)
    if (!route) throw refuse('model_not_found', undefined, { param: 'model', reason: { kind: 'unknown_model', model: name } })
    for (const endpoint of preferred(route.endpoints, call.preferences)) candidates.push({ endpoint, asSpelled: name, card: cardAt(endpoint.cards, at) })
  }
  if (candidates.length === 0) throw refuse('no_endpoints')
  return candidates
}

/** What we know nothing of, an endpoint is not known to fit. */
function preferred(endpoints: readonly Endpoint[], preferences: ProviderPreferences): Endpoint[] {
  const { order, only, ignore, allow_fallbacks, data_collection, zdr, quantizations } = preferences
  if (data_collection === 'deny' || zdr === true || (quantizations && quantizations.length > 0)) return []
  const among = (names: readonly string[], { provider }: Endpoint) => names.some((name) => [provider.key, provider.name.toLowerCase()].includes(name.toLowerCase()))
  let fitting = endpoints.filter((endpoint) => (!only || among(only, endpoint)) && !(ignore && among(ignore, endpoint)))
  if (order && order.length > 0) {
    const ranked = order.flatMap((name) => fitting.filter((endpoint) => among([name], endpoint)))
    fitting = allow_fallbacks === false ? ranked : [...new Set([...ranked, ...fitting])]
  }
  return allow_fallbacks === false ? fitting.slice(0, Math.max(1, order?.length ?? 1)) : fitting
}
