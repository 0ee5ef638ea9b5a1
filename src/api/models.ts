/** Which models can be called and what they cost, in the words of each kind of client; and what a usage would cost. */
import { refuse } from '../contract/errors.ts'
import type { Endpoint, ListedModel, Model, PricedModel } from '../contract/models.ts'
import { openrouterPricing, perMillion } from '../core/published-prices.ts'
import { cardAt, type RateCard } from '../core/rate-card.ts'
import { instantText } from '../lib/clock.ts'
import { allowedTo } from './allowed-routes.ts'
import { estimateCost } from './estimate-cost.ts'
import { withDecimal } from './money.ts'
import type { ApiEndpoint, ApiModel, ApiParts, ApiRoute, ApiRoutes, Handlers } from './parts.ts'

type Names =
  | 'listModels'
  | 'countModels'
  | 'getModel'
  | 'listEndpoints'
  | 'listProviders'
  | 'listEndpointStates'
  | 'listAllModels'
  | 'getOneModel'
  | 'calculateCost'

const MOST_LISTED = 1_000

export const modelHandlers: Handlers<Names> = {
  async listModels({ routes }, { caller, query: { limit = MOST_LISTED, offset = 0 }, at }) {
    const all = allowedTo(caller, routes).list()
    const more = offset + limit < all.length
    const next = more ? `/api/v1/models?limit=${limit}&offset=${offset + limit}` : null
    return {
      body: {
        data: all.slice(offset, offset + limit).map((route) => modelOf(route, at)),
        links: { next },
        total_count: all.length,
      },
    }
  },

  async countModels({ routes }, { caller }) {
    return { body: { data: { count: allowedTo(caller, routes).list().length } } }
  },

  async getModel({ routes }, { caller, params: { author, slug }, at }) {
    return { body: { data: modelOf(routeOf(allowedTo(caller, routes), author, slug), at) } }
  },

  async listEndpoints({ health, routes }, { caller, params: { author, slug }, at }) {
    const { model, endpoints } = routeOf(allowedTo(caller, routes), author, slug)
    const { id, displayName: name, created } = model
    const architecture = { ...architectureOf(model), instruct_type: null, tokenizer: null }
    return {
      body: {
        data: {
          id,
          name,
          created,
          description: '',
          architecture,
          endpoints: endpoints.map((endpoint) => endpointOf(health, model, endpoint, at)),
        },
      },
    }
  },

  async listProviders({ routes, settings }) {
    const data = [...routes.providers.values()].map(({ key, name }) => ({
      name,
      slug: key,
      privacy_policy_url: settings.providers.get(key)?.privacyPolicyUrl ?? null,
    }))
    return { body: { data } }
  },

  async listEndpointStates({ health, routes }, { at }) {
    const known = new Map(routes.list().flatMap(({ model, endpoints }) => endpoints.map(({ id }) => [id, model.id])))
    return {
      body: {
        endpoints: health.list().map(({ coolingMs, figures, ...state }) => ({
          ...state,
          model: known.get(state.id) ?? null,
          coolsUntil: coolingMs > 0 ? instantText(at + coolingMs) : null,
          uptime: { last5m: figures.uptime5m, last30m: figures.uptime30m, last1d: figures.uptime1d },
          latencyMs: figures.latency30m,
          tokensPerSecond: figures.throughput30m,
        })),
      },
    }
  },

  async listAllModels({ routes: all }, { caller, query: { modelId, provider, tier }, at }) {
    const shared = sharedNames(all.list())
    const routes = allowedTo(caller, all)
    if (modelId !== undefined) {
      const route = routes.find(modelId)
      if (!route) throw notThere(modelId)
      return { body: { success: true, model: pricedModel(route, shared, at) } }
    }
    const served = routes.list().filter((route) => isServedBy(route, provider) && (tier === undefined || tier === TIER))
    const data = served.flatMap(({ model }) => listed(model, shared))
    const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
    const models = served.map((route) => pricedModel(route, shared, at))
    return { body: { object: 'list', data, has_more: false, ...ends, success: true, models } }
  },

  async getOneModel({ routes }, { caller, params: { id } }) {
    const route = allowedTo(caller, routes).find(id)
    if (!route) throw notThere(id)
    return { body: listedAs(route.model, id) }
  },

  async calculateCost({ routes }, { body, at }) {
    const route = routes.find(body.modelId)
    if (!route)
      throw refuse('unknown_model', undefined, {
        param: 'modelId',
        reason: { kind: 'unknown_model', model: body.modelId },
      })
    const card = currentCard(route.endpoints[0], at)
    if (!card) throw refuse('unpriced_model', undefined, { param: 'modelId' })
    const { estimatedCostUsd, decimal } = withDecimal({ estimatedCostUsd: estimateCost(body, card) })
    const modelId = nameOf(route.model, sharedNames(routes.list()))
    return {
      body: {
        success: true,
        modelId,
        modelName: route.model.displayName,
        estimatedCostUsd,
        pricing: textPrices(card),
        decimal,
      },
    }
  },
}

const notThere = (model: string) =>
  refuse('model_not_found', undefined, { param: 'model', reason: { kind: 'unknown_model', model } })

function routeOf(routes: Pick<ApiRoutes, 'find'>, author: string, slug: string): ApiRoute {
  const route = routes.find(`${author}/${slug}`)
  if (!route) throw refuse('not_found', `No model ${author}/${slug} is served here`)
  return route
}

/** What any endpoint of the model takes. */
const parametersOf = (endpoints: readonly ApiEndpoint[]): string[] => [
  ...new Set(endpoints.flatMap(({ provider }) => provider.parameters)),
]

function modelOf({ model, endpoints }: ApiRoute, at: number): Model {
  return {
    id: model.id,
    canonical_slug: model.id,
    name: model.displayName,
    created: model.created,
    context_length: model.contextLength,
    architecture: architectureOf(model),
    pricing: pricingOf(endpoints[0], at),
    top_provider: {
      context_length: model.contextLength,
      max_completion_tokens: model.maxOutputTokens,
      is_moderated: false,
    },
    per_request_limits: null,
    supported_parameters: parametersOf(endpoints),
    default_parameters: null,
    supported_voices: null,
    links: { details: `/api/v1/models/${model.id}/endpoints` },
  }
}

const architectureOf = ({ inputModalities, outputModalities }: ApiModel) => ({
  modality: `${inputModalities.join('+')}->${outputModalities.join('+')}`,
  input_modalities: [...inputModalities],
  output_modalities: [...outputModalities],
})

function endpointOf(health: ApiParts['health'], model: ApiModel, endpoint: ApiEndpoint, at: number): Endpoint {
  const { provider, quantization = null } = endpoint
  const figures = health.of(endpoint.id)
  return {
    name: `${provider.name} | ${model.id}`,
    model_id: model.id,
    model_name: model.displayName,
    provider_name: provider.name,
    tag: provider.key,
    context_length: model.contextLength,
    pricing: pricingOf(endpoint, at),
    supported_parameters: [...provider.parameters],
    supports_implicit_caching: currentCard(endpoint, at)?.lines.some(({ meter }) => meter === 'cache_read') ?? false,
    supports_tool_choice: { auto: true, function: true, none: true, required: true },
    quantization,
    max_completion_tokens: model.maxOutputTokens,
    max_prompt_tokens: null,
    uptime_last_5m: figures.uptime5m,
    uptime_last_30m: figures.uptime30m,
    uptime_last_1d: figures.uptime1d,
    latency_last_30m: figures.latency30m,
    throughput_last_30m: figures.throughput30m,
  }
}

/** The card of this hour; what other hours cost stands beside it. */
export const currentCard = (endpoint: ApiEndpoint | undefined, at: number): RateCard | undefined =>
  endpoint && cardAt(endpoint.cards, at)

/** OpenRouter's sign for a price that is not known beforehand: 0 would promise that the model is free. */
const UNKNOWN_PRICE = { prompt: '-1', completion: '-1' }

function pricingOf(endpoint: ApiEndpoint | undefined, at: number) {
  const flat =
    cardAt(endpoint?.cards.filter(({ windows }) => windows === undefined) ?? [], at) ?? currentCard(endpoint, at)
  if (!flat) return UNKNOWN_PRICE
  const windowed =
    endpoint?.cards.filter(
      (card) => card.windows !== undefined && card.source === flat.source && isCurrent(card, at),
    ) ?? []
  const { overrides, ...pricing } = openrouterPricing(flat, windowed)
  return overrides === undefined ? pricing : { ...pricing, overrides: overrides.map(withNumbers) }
}

/** Prices are text, but the hours of a window are numbers: `0830` is 830. */
const withNumbers = (override: Readonly<Record<string, string | number>>) =>
  Object.fromEntries(
    Object.entries(override).map(([name, value]) => [name, name.startsWith('utc_') ? Number(value) : value]),
  )

const isCurrent = ({ validFrom, validTo }: RateCard, at: number): boolean =>
  (validFrom === undefined || Date.parse(validFrom) <= at) && (validTo === undefined || at < Date.parse(validTo))

/** All models are of one tier until an organisation sorts them. */
const TIER = 'standard'

const isServedBy = ({ model, endpoints }: ApiRoute, name: string | undefined): boolean =>
  name === undefined ||
  model.author === name ||
  endpoints.some(({ provider }) => provider.key === name || provider.name === name)

/** What each model is called outside, by the name it is recorded under: the bare one, unless two authors share it. */
export function modelNames(routes: ApiParts['routes']): (id: string) => string {
  const shared = sharedNames(routes.list())
  return (id) => {
    const route = routes.find(id)
    return route ? nameOf(route.model, shared) : id
  }
}

/** Bare names that two authors share: those models go by their full ones. */
function sharedNames(routes: readonly ApiRoute[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const { model } of routes) {
    if (seen.has(model.bareName)) shared.add(model.bareName)
    seen.add(model.bareName)
  }
  return shared
}

const nameOf = ({ id, bareName }: ApiModel, shared: ReadonlySet<string>): string =>
  shared.has(bareName) ? id : bareName

/** Full names, and bare ones too: some clients keep only ids that begin with a vendor's word. */
const listed = (model: ApiModel, shared: ReadonlySet<string>): ListedModel[] =>
  shared.has(model.bareName) || model.bareName === model.id
    ? [listedAs(model, model.id)]
    : [listedAs(model, model.id), listedAs(model, model.bareName)]

const listedAs = (model: ApiModel, id: string): ListedModel => ({
  id,
  object: 'model',
  created: model.created,
  owned_by: model.author,
  type: 'model',
  display_name: model.displayName,
  created_at: instantText(model.created * 1000),
})

function pricedModel({ model, endpoints }: ApiRoute, shared: ReadonlySet<string>, at: number): PricedModel {
  const card = currentCard(endpoints[0], at)
  const { audioPerMinute, charactersPerMillion } = card ? perMillion(card) : {}
  const text = card ? textPrices(card) : {}
  return {
    modelId: nameOf(model, shared),
    provider: endpoints[0]?.provider.key ?? model.author,
    displayName: model.displayName,
    modelType: model.kind,
    tier: TIER,
    pricing: {
      ...(Object.keys(text).length > 0 ? { text } : {}),
      ...(audioPerMinute === undefined ? {} : { audio: { perMinute: Number(audioPerMinute) } }),
      ...(charactersPerMillion === undefined ? {} : { characters: { perMillion: Number(charactersPerMillion) } }),
      contextWindow: model.contextLength,
    },
  }
}

function textPrices(card: RateCard) {
  const { inputPerMillion, outputPerMillion, cachedInputPerMillion } = perMillion(card)
  return {
    ...(inputPerMillion === undefined ? {} : { inputPerMillion: Number(inputPerMillion) }),
    ...(outputPerMillion === undefined ? {} : { outputPerMillion: Number(outputPerMillion) }),
    ...(cachedInputPerMillion === undefined ? {} : { cachedInputPerMillion: Number(cachedInputPerMillion) }),
  }
}
