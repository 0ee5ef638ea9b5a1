/**
 * Every model that is known, by every name that it has, with its endpoints and their dated rate cards. Nothing here
 * decides what is offered: that is a question of which providers are configured.
 */
import {
  type CatalogueData,
  type CompactModel,
  type CompactProvider,
  type CompactRow,
  expandCard,
  type ModelKind,
  matches,
} from './catalogue-data.ts'
import type { RateCard } from './rate-card.ts'

export type CatalogueModel = {
  /** `author/slug`. */
  readonly id: string
  /** The name without its author, as the vendor's own clients write it. */
  readonly bareName: string
  readonly displayName: string
  readonly author: string
  readonly kind: ModelKind
  readonly contextLength: number
  /** The length is only the common default: nothing is known of this model. */
  readonly isDefaultContextLength: boolean
  readonly maxOutputTokens: number
  readonly isDefaultMaxOutput: boolean
  /** Unix seconds; 0 where it is not known. */
  readonly created: number
  readonly inputModalities: readonly string[]
  readonly outputModalities: readonly string[]
  readonly aliases: readonly string[]
  readonly endpoints: readonly CatalogueEndpoint[]
}

/** A model at a provider, under the name that it has there. */
type CatalogueEndpoint = { readonly provider: string; readonly model: string }

export type CatalogueOverrides = {
  readonly models?: readonly ModelOverride[]
  /** Cards beside the shipped ones; their `source` ranks them. `model` is the exact name upstream. */
  readonly cards?: readonly RateCard[]
}

/** What a configuration says of a model: it takes all the names that it gives, and replaces what it names. */
type ModelOverride = {
  readonly id: string
  readonly aliases?: readonly string[]
  readonly displayName?: string
  readonly contextLength?: number
  readonly maxOutputTokens?: number
  readonly endpoints?: readonly CatalogueEndpoint[]
}

export type Catalogue = {
  /** `gpt-4o` and `openai/gpt-4o` are one model. A dated sibling, caught by a row's pattern, is a model of its own at that row's rates. */
  find(name: string): CatalogueModel | undefined
  /** The endpoints of a model, each with the cards that may hold there. */
  endpoints(model: CatalogueModel): readonly (CatalogueEndpoint & { readonly cards: readonly RateCard[] })[]
  /** Every card for a name upstream, of every date and source: choose with `cardAt`. */
  cards(provider: string, upstreamModel: string): readonly RateCard[]
  list(): readonly CatalogueModel[]
  /** The display name of a provider. */
  providerName(provider: string): string | undefined
}

const DEFAULT_CONTEXT = 128_000
const DEFAULT_MAX_OUTPUT = 16_384
const MAX_NAME = 256

export function createCatalogue(data: CatalogueData, overrides: CatalogueOverrides = {}): Catalogue {
  const providers = new Map(data.providers.map((provider) => [provider.key, provider]))
  const models = mergeModels(data.models.map(modelOf), overrides.models ?? [])
  const names = nameIndex(models, overrides.models ?? [])
  const expanded = new Map<CompactRow, readonly RateCard[]>()
  const overriding = Map.groupBy(overrides.cards ?? [], (card) => `${card.provider} ${card.model}`)

  function cards(provider: string, upstreamModel: string): readonly RateCard[] {
    const own = overriding.get(`${provider} ${upstreamModel}`) ?? []
    const found = rowFor(providers, provider, upstreamModel)
    if (!found) return own
    const shipped =
      expanded.get(found.row) ??
      found.row.cards.map((card) => expandCard(data.source, found.provider.key, found.row, card))
    expanded.set(found.row, shipped)
    return own.length === 0 ? shipped : [...own, ...shipped]
  }

  return {
    find: (name) => (name.length > MAX_NAME ? undefined : (names.get(name) ?? siblingOf(name, data.providers, names))),
    endpoints: (model) =>
      model.endpoints.map((endpoint) => ({ ...endpoint, cards: cards(endpoint.provider, endpoint.model) })),
    cards,
    list: () => models,
    providerName: (provider) => providers.get(provider)?.name,
  }
}

const UNKNOWN: CompactModel = { id: '', bare: '', name: '', endpoints: [] }

function modelOf(model: CompactModel): CatalogueModel {
  const kind = model.kind ?? 'text'
  const contextLength = model.context ?? DEFAULT_CONTEXT
  return {
    id: model.id,
    bareName: model.bare,
    displayName: model.name,
    author: model.id.slice(0, Math.max(0, model.id.indexOf('/'))),
    kind,
    contextLength,
    isDefaultContextLength: model.context === undefined,
    maxOutputTokens: kind === 'embedding' ? 0 : (model.maxOutput ?? Math.min(DEFAULT_MAX_OUTPUT, contextLength)),
    isDefaultMaxOutput: model.maxOutput === undefined && kind !== 'embedding',
    created: model.created ?? 0,
    inputModalities: model.in ?? ['text'],
    outputModalities: model.out ?? [kind === 'embedding' ? 'embeddings' : 'text'],
    aliases: model.aliases ?? [],
    endpoints: model.endpoints.map(([provider, upstream]) => ({ provider, model: upstream })),
  }
}

function mergeModels(
  shipped: readonly CatalogueModel[],
  overrides: readonly ModelOverride[],
): readonly CatalogueModel[] {
  const merged = new Map(shipped.map((model) => [model.id, model]))
  for (const override of overrides) {
    const base = merged.get(override.id) ?? shippedUnder(shipped, override) ?? modelOf(UNKNOWN)
    merged.set(override.id, overridden(base, override))
  }
  return [...merged.values()]
}

/** A model that the configuration renames keeps what is known of it under its other names. */
const shippedUnder = (shipped: readonly CatalogueModel[], { aliases = [] }: ModelOverride) =>
  shipped.find(({ id, bareName }) => aliases.includes(id) || aliases.includes(bareName))

function overridden(base: CatalogueModel, override: ModelOverride): CatalogueModel {
  const bareName = override.id.slice(override.id.indexOf('/') + 1)
  const contextLength = override.contextLength ?? base.contextLength
  const maxOutputTokens = override.maxOutputTokens ?? Math.min(base.maxOutputTokens, contextLength)
  return {
    ...base,
    id: override.id,
    bareName,
    author: override.id.slice(0, Math.max(0, override.id.indexOf('/'))),
    displayName: override.displayName ?? (base.displayName || override.id),
    contextLength,
    isDefaultContextLength: override.contextLength === undefined && base.isDefaultContextLength,
    maxOutputTokens,
    isDefaultMaxOutput: override.maxOutputTokens === undefined && base.isDefaultMaxOutput,
    aliases: [...new Set([...(override.aliases ?? []), ...(base.id === override.id ? base.aliases : [])])],
    endpoints: override.endpoints ?? base.endpoints,
  }
}

/** What the configuration names comes first; then full names before bare ones; a bare name that two share is the first vendor's. */
function nameIndex(
  models: readonly CatalogueModel[],
  overrides: readonly ModelOverride[],
): ReadonlyMap<string, CatalogueModel> {
  const names = new Map<string, CatalogueModel>()
  const add = (name: string, model: CatalogueModel) => {
    if (!names.has(name)) names.set(name, model)
  }
  const configured = new Set(overrides.map(({ id }) => id))
  for (const model of models) {
    if (!configured.has(model.id)) continue
    for (const name of [model.id, ...model.aliases]) add(name, model)
  }
  for (const model of models) add(model.id, model)
  for (const model of models) for (const alias of model.aliases) add(alias, model)
  for (const model of models) add(model.bareName, model)
  return names
}

/** Variants with a suffix (`:free`) are not offered; a fine-tune's name has its colon in front. */
const isVariant = (name: string): boolean => name.includes(':') && !name.startsWith('ft:')

/** The row's pattern was made for names that nobody has listed yet; case counts, for the name goes upstream as it is. */
function siblingOf(
  name: string,
  providers: readonly CompactProvider[],
  names: ReadonlyMap<string, CatalogueModel>,
): CatalogueModel | undefined {
  const slash = name.indexOf('/')
  const author = slash < 0 ? undefined : name.slice(0, slash)
  const bareName = name.slice(slash + 1)
  if (bareName === '' || isVariant(bareName)) return undefined
  for (const provider of providers) {
    if (provider.author === undefined || (author !== undefined && provider.author !== author)) continue
    const row = provider.rows.find(({ id, match }) => id === bareName || matches(match, bareName, true))
    if (!row) continue
    const id = `${provider.author}/${bareName}`
    const base = names.get(`${provider.author}/${row.id.toLowerCase()}`) ?? modelOf(UNKNOWN)
    const endpoints = [{ provider: provider.key, model: bareName }]
    return { ...base, id, bareName, author: provider.author, displayName: id, aliases: [], endpoints }
  }
  return undefined
}

function rowFor(
  providers: ReadonlyMap<string, CompactProvider>,
  key: string,
  model: string,
): { readonly provider: CompactProvider; readonly row: CompactRow } | undefined {
  const provider = providers.get(key)
  if (!provider || model.length > MAX_NAME) return undefined
  const exact = provider.rows.find(({ id }) => id.toLowerCase() === model.toLowerCase())
  const row = exact ?? provider.rows.find(({ match }) => matches(match, model, false))
  if (row) return { provider, row }
  for (const other of provider.fallback ?? []) {
    const found = rowFor(providers, other, model)
    if (found) return found
  }
  return undefined
}
