/** Which endpoints a client would have, by its `provider` member. What we know nothing of, an endpoint is not known to fit. */
import type { ProviderPreferences } from '../contract/model-request.ts'
import type { Call } from './call.ts'
import type { Candidate } from './candidates.ts'
import type { Gateway } from './gateway.ts'
import { withinPrice } from './price-preferences.ts'
import { upstreamCall } from './upstream-call.ts'

export function fitting(gateway: Gateway, call: Call, candidates: readonly Candidate[]): Candidate[] {
  const { preferences } = call
  const { only, ignore, require_parameters } = preferences
  return withinPrice(candidates, preferences).filter(
    (candidate) =>
      (!only || isAmong(only, candidate)) &&
      !(ignore && isAmong(ignore, candidate)) &&
      keepsData(preferences, candidate) &&
      isQuantized(preferences, candidate) &&
      (require_parameters !== true || takesAll(gateway, call, candidate)),
  )
}

/** By the provider's key or name, or by its key and the model's name there. */
export const isAmong = (
  names: readonly string[],
  { endpoint: { id, provider } }: Pick<Candidate, 'endpoint'>,
): boolean => {
  const own = [provider.key, provider.name, id].map((name) => name.toLowerCase())
  return names.some((name) => own.includes(name.toLowerCase()))
}

/** Who keeps nothing collects nothing either. */
const keepsData = ({ data_collection, zdr }: ProviderPreferences, { endpoint }: Candidate): boolean =>
  (zdr !== true || endpoint.zdr === true) &&
  (data_collection !== 'deny' || endpoint.dataCollection === 'deny' || endpoint.zdr === true)

const isQuantized = ({ quantizations = [] }: ProviderPreferences, { endpoint: { quantization } }: Candidate): boolean =>
  quantizations.length === 0 || quantizations.includes(quantization ?? 'unknown')

const takesAll = (gateway: Gateway, call: Call, { endpoint }: Candidate): boolean =>
  endpoint.provider.unmet(upstreamCall(gateway, call, endpoint, {})).length === 0
