/**
 * Which endpoint is tried first. A client's `order` and `sort` decide before anything else; then the weights of the
 * settings, the price, or the order of the list. Where a circuit is open or a provider asked for a pause, an endpoint comes
 * last, whoever wanted it first.
 */
import type { ProviderPreferences } from '../contract/model-request.ts'
import { drawFirst } from '../core/draw.ts'
import type { Candidate } from './candidates.ts'
import { isAmong } from './fitting.ts'
import type { Gateway } from './gateway.ts'
import { byPrice, priceWeights } from './price-preferences.ts'

type Watching = Pick<Gateway, 'health' | 'random'>

/** The candidates of one model. */
export function ordered(
  gateway: Watching,
  candidates: readonly Candidate[],
  preferences: ProviderPreferences,
  balance: 'listed' | 'price',
): Candidate[] {
  const { order = [], sort, allow_fallbacks } = preferences
  const by = sortOf(sort)
  const balanced = by || order.length > 0 ? [...candidates] : balancedBy(gateway, candidates, balance)
  const sorted = by ? sortedBy(gateway, balanced, by) : balanced
  const named = order.flatMap((name) => sorted.filter((candidate) => isAmong([name], candidate)))
  const last = allow_fallbacks === false && named.length > 0 ? [] : sorted
  const all = coolingLast(gateway, [...new Set([...named, ...last])])
  return allow_fallbacks === false ? all.slice(0, Math.max(1, order.length)) : all
}

/** `partition: none` compares the endpoints of all models that were named; else the first model's come first. */
export function acrossModels(
  gateway: Watching,
  candidates: readonly Candidate[],
  { sort }: ProviderPreferences,
): readonly Candidate[] {
  if (typeof sort !== 'object' || sort?.partition !== 'none') return candidates
  return sortedBy(gateway, candidates, sort.by)
}

/** Those that may be called now, and then the others: they are what remains when all else has failed. */
export function coolingLast({ health }: Watching, candidates: readonly Candidate[]): Candidate[] {
  const cools = ({ endpoint }: Candidate) => health.comesLast(endpoint)
  return [...candidates.filter((candidate) => !cools(candidate)), ...candidates.filter(cools)]
}

type By = 'price' | 'throughput' | 'latency'

const sortOf = (sort: ProviderPreferences['sort']): By | undefined =>
  typeof sort === 'string' ? sort : (sort?.by ?? undefined)

/** What nobody measured yet comes last; equals stay as they were. */
function sortedBy({ health }: Watching, candidates: readonly Candidate[], by: By): Candidate[] {
  if (by === 'price') return byPrice(candidates)
  const figures = candidates.map((candidate) => {
    const { throughput30m, latency30m } = health.of(candidate.endpoint.id)
    const rank = by === 'latency' ? latency30m?.p50 : throughput30m && -throughput30m.p50
    return { candidate, rank: rank ?? Number.POSITIVE_INFINITY }
  })
  return figures.sort((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank)).map(({ candidate }) => candidate)
}

/** Failing ones come after the others, and only then chance decides. */
function balancedBy(
  { health, random }: Watching,
  candidates: readonly Candidate[],
  balance: 'listed' | 'price',
): Candidate[] {
  const weighted = candidates.some(({ endpoint }) => endpoint.weight !== undefined)
  if (candidates.length < 2 || (!weighted && balance === 'listed')) return [...candidates]
  const isFailing = ({ endpoint }: Candidate) => health.isFailing(endpoint)
  const stable = candidates.filter((candidate) => !isFailing(candidate))
  const draw = (among: readonly Candidate[]) => {
    if (!weighted) return drawFirst(byPrice(among), priceWeights(among), random.fraction())
    const weightOf = ({ endpoint }: Candidate) => endpoint.weight ?? 1
    const first = drawFirst(among, weightOf, random.fraction())
    return [...first.filter((each) => weightOf(each) > 0), ...first.filter((each) => weightOf(each) === 0)]
  }
  return [...draw(stable), ...draw(candidates.filter(isFailing))]
}
