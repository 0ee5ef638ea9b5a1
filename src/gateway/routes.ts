/** Which models can be called, and where each is served: what the settings define, then the catalogue's at the providers that are there. */
import type { Meter } from '../contract/meters.ts'
import type { EndpointSettings, ModelSettings } from '../contract/model-settings.ts'
import type { Settings } from '../contract/settings.ts'
import type { Catalogue, CatalogueModel } from '../core/catalogue.ts'
import { configCards } from '../core/config-cards.ts'
import type { RateCard } from '../core/rate-card.ts'
import type { Provider } from '../providers/provider.ts'
import type { AdminCards } from './admin-cards.ts'

type Model = {
  /** `author/slug` */
  readonly id: string
  readonly bareName: string
  readonly displayName: string
  readonly author: string
  readonly created: number
  readonly contextLength: number
  readonly maxOutputTokens: number
  /** Nobody told us the model's maximum: the default must be sent upstream to hold. */
  readonly maxOutputIsDefault: boolean
  readonly inputModalities: readonly string[]
  readonly outputModalities: readonly string[]
  readonly kind: string
  readonly unpricedAllowed: boolean
}

export type Endpoint = {
  readonly id: string
  readonly model: Model
  readonly provider: Provider
  /** The model's name at the provider. */
  readonly upstreamModel: string
  readonly cards: readonly RateCard[]
  readonly weight?: number | undefined
  readonly quantization?: string | undefined
  /** Whether it is left alone for a while after failures. */
  readonly hasCircuit: boolean
  /** What its provider does with what it is sent; undefined: nobody said. */
  readonly dataCollection?: 'allow' | 'deny' | undefined
  readonly zdr?: boolean | undefined
}

type Route = {
  readonly model: Model
  readonly endpoints: readonly Endpoint[]
  /** Where no endpoint has a weight: in the order of the list, or drawn by price. */
  readonly balance: 'listed' | 'price'
}

export type Routes = {
  /** By canonical name, bare name or alias. */
  find(name: string): Route | undefined
  list(): readonly Route[]
  /** Of any model by its name at the provider: its prices as configured there, else the catalogue's. */
  cards(provider: Provider, upstreamModel: string): readonly RateCard[]
  readonly providers: ReadonlyMap<string, Provider>
}

const DEFAULT_CONTEXT = 128_000
const DEFAULT_MAX_OUTPUT = 16_384

export type RouteParts = {
  readonly settings: Settings
  readonly catalogue: Catalogue
  readonly providers: ReadonlyMap<string, Provider>
  /** Answers for every model of the catalogue, at that model's real prices. */
  readonly simulator: Provider | undefined
  readonly simulated: readonly string[]
  /** What was set through the API comes beside the cards that an endpoint has of itself. */
  readonly adminCards: Pick<AdminCards, 'of'>
}

export function createRoutes(parts: RouteParts): Routes {
  const { settings, catalogue, providers, simulator, simulated } = parts
  const byName = new Map<string, Route>()
  const all: Route[] = []
  const offered = new Map<string, Endpoint>()
  const add = (route: Route, aliases: readonly string[]) => {
    if (byName.has(route.model.id)) return
    all.push(route)
    for (const endpoint of route.endpoints) {
      const name = endpointName(endpoint.provider.key, endpoint.upstreamModel)
      if (!offered.has(name)) offered.set(name, endpoint)
    }
    for (const name of [route.model.id, ...aliases]) if (!byName.has(name)) byName.set(name, route)
  }
  for (const entry of settings.models)
    add(
      configured(entry, parts, (key) => providers.get(key) ?? simulator),
      [bareName(entry.id), ...entry.aliases],
    )
  if (simulator)
    for (const name of simulated) {
      const model = plainModel(`simulator/${name}`, name, settings)
      add(
        {
          model,
          endpoints: [
            {
              id: `simulator/${name}`,
              model,
              provider: simulator,
              upstreamModel: name,
              cards: [simulatorCard(name)],
              hasCircuit: false,
            },
          ],
          balance: 'listed',
        },
        [],
      )
    }
  /** A behaviour with a number at its end is the same one, slower or longer: `simulator/slow-250`. */
  const numbered = (name: string): Route | undefined => {
    const behaviour = /^(simulator\/[a-z-]+)-[0-9]{1,9}$/.exec(name)?.[1]
    const route = behaviour === undefined ? undefined : byName.get(behaviour)
    const upstreamModel = name.slice('simulator/'.length)
    return route && { ...route, endpoints: route.endpoints.map((endpoint) => ({ ...endpoint, upstreamModel })) }
  }
  const reach = (model: CatalogueModel): Route | undefined => catalogued(model, parts)
  for (const model of catalogue.list()) {
    const route = reach(model)
    if (route) add(route, [model.bareName, ...model.aliases])
  }
  return {
    providers,
    list: () => all,
    cards: ({ key }, upstreamModel) =>
      offered.get(endpointName(key, upstreamModel))?.cards ?? catalogue.cards(key, upstreamModel),
    find(name) {
      const known = byName.get(name) ?? numbered(name)
      if (known) return known
      const model = catalogue.find(name)
      if (!model) return undefined
      return byName.get(model.id) ?? reach(model)
    },
  }
}

const endpointName = (provider: string, upstreamModel: string): string => `${provider}/${upstreamModel}`

function configured(
  entry: ModelSettings,
  { settings, catalogue, adminCards }: RouteParts,
  providerOf: (key: string) => Provider | undefined,
): Route {
  const known = catalogue.find(entry.id)
  const max = entry.maxOutputTokens ?? (known?.isDefaultMaxOutput ? undefined : known?.maxOutputTokens)
  const model: Model = {
    ...plainModel(entry.id, known?.displayName ?? entry.id, settings),
    ...(known ? described(known) : {}),
    id: entry.id,
    contextLength: entry.contextLength ?? known?.contextLength ?? DEFAULT_CONTEXT,
    maxOutputTokens: max ?? DEFAULT_MAX_OUTPUT,
    maxOutputIsDefault: max === undefined,
    unpricedAllowed: (entry.unpriced ?? settings.unpriced) === 'allow',
  }
  const endpoints = entry.endpoints.flatMap((endpoint): Endpoint[] => {
    const provider = providerOf(endpoint.provider)
    if (!provider) return []
    const { provider: key, model: upstreamModel, weight, quantization } = endpoint
    const cards = cardsOf(endpoint, entry.id, catalogue)
    const own = { id: `${key}/${upstreamModel}`, model, provider, upstreamModel, weight, quantization }
    return [priced({ ...own, ...traitsOf(settings, key) }, cards, adminCards)]
  })
  return { model, endpoints, balance: entry.balance ?? settings.routing.balance }
}

/** What the settings say of a provider; one that is there without them is the simulator in its place. */
function traitsOf({ providers }: Settings, key: string) {
  const { type = 'simulator', circuit, dataCollection, zdr } = providers.get(key) ?? {}
  // The simulator fails where it is asked to, and should go on doing so.
  return { hasCircuit: circuit ?? type !== 'simulator', dataCollection, zdr }
}

const cardsOf = (endpoint: EndpointSettings, model: string, catalogue: Catalogue): readonly RateCard[] => {
  const own = configCards(endpoint, model)
  return own.length > 0 ? own : catalogue.cards(endpoint.provider, endpoint.model)
}

/** A model of the catalogue at the providers that are configured; with the simulator on, there. */
function catalogued(
  entry: CatalogueModel,
  { settings, catalogue, providers, simulator, adminCards }: RouteParts,
): Route | undefined {
  const model: Model = { ...plainModel(entry.id, entry.displayName, settings), ...described(entry) }
  const known = catalogue.endpoints(entry)
  const endpoints = known.flatMap(({ provider: key, model: upstreamModel, cards }): Endpoint[] => {
    const provider = providers.get(key)
    if (!provider) return []
    const own = { id: `${key}/${upstreamModel}`, model, provider, upstreamModel, ...traitsOf(settings, key) }
    return [priced(own, cards, adminCards)]
  })
  const [first] = known
  if (endpoints.length === 0 && simulator && first)
    endpoints.push(
      priced(
        { id: `simulator/${entry.id}`, model, provider: simulator, upstreamModel: entry.id, hasCircuit: false },
        first.cards,
        adminCards,
      ),
    )
  // Nobody put these in an order.
  return endpoints.length > 0 ? { model, endpoints, balance: 'price' } : undefined
}

/** An endpoint whose cards are those of this moment: what is set through the API holds from then on, without a restart. */
function priced(
  endpoint: Omit<Endpoint, 'cards'>,
  shipped: readonly RateCard[],
  adminCards: Pick<AdminCards, 'of'>,
): Endpoint {
  let set: readonly RateCard[] | undefined
  let cards = shipped
  return {
    ...endpoint,
    get cards() {
      const now = adminCards.of(endpoint.id)
      if (now !== set) cards = now.length === 0 ? shipped : [...now, ...shipped]
      set = now
      return cards
    },
  }
}

const described = (entry: CatalogueModel) => ({
  bareName: entry.bareName,
  displayName: entry.displayName,
  author: entry.author,
  created: entry.created,
  contextLength: entry.contextLength,
  maxOutputTokens: entry.maxOutputTokens,
  maxOutputIsDefault: entry.isDefaultMaxOutput,
  inputModalities: entry.inputModalities,
  outputModalities: entry.outputModalities,
  kind: entry.kind,
})

const plainModel = (id: string, displayName: string, settings: Settings): Model => ({
  id,
  bareName: bareName(id),
  displayName,
  author: id.includes('/') ? id.slice(0, id.indexOf('/')) : 'custom',
  created: 0,
  contextLength: DEFAULT_CONTEXT,
  maxOutputTokens: DEFAULT_MAX_OUTPUT,
  maxOutputIsDefault: true,
  inputModalities: ['text'],
  outputModalities: ['text'],
  kind: 'text',
  unpricedAllowed: settings.unpriced === 'allow',
})

const bareName = (id: string): string => id.slice(id.indexOf('/') + 1)

/** The simulator's own models cost what a small real one does, so that their calls teach something. */
const SMALL_PRICES = {
  input: '0.15',
  cache_read: '0.075',
  cache_write: '0.1875',
  input_audio: '10',
  output: '0.60',
  output_audio: '20',
} as const
/** `exact` replays a documented call, at the prices of the model that made it. */
const DOCUMENTED_PRICES = { input: '0.20', cache_read: '0.05', output: '0.50' } as const

const simulatorCard = (name: string): RateCard => ({
  id: `simulator/${name}`,
  source: 'simulator',
  provider: 'simulator',
  model: name,
  currency: 'USD',
  lines: Object.entries(name === 'exact' ? DOCUMENTED_PRICES : SMALL_PRICES).map(([meter, price]) => ({
    meter: meter as Meter,
    price,
    per: 1_000_000,
  })),
})
