/**
 * Canonical models, `author/slug`: vendors' own rows make them, OpenRouter's names the rest; resellers become endpoints
 * of them through the reviewed alias file. What the source does not know of a model comes from the overlay.
 */
import type { CompactModel, CompactProvider, CompactRow, ModelKind } from '../src/core/catalogue-data.ts'

export type Aliases = {
  authors: Record<string, string>
  /** Rows that their provider resells or does not serve: no models of its own. */
  resold: Record<string, readonly string[]>
  /** A canonical id that differs from the row's. */
  names: Record<string, string>
  aliases: Record<string, readonly string[]>
  endpoints: Record<string, readonly (readonly [string, string])[]>
}

export type ModelFacts = Partial<Omit<CompactModel, 'id' | 'bare' | 'aliases' | 'endpoints'>>

type Draft = {
  id: string
  name: string
  row: CompactRow
  facts: SourceFacts
  endpoints: (readonly [string, string])[]
  aliases: Set<string>
}
export type SourceFacts = { readonly name?: string; readonly context?: number }

export function canonicalModels(
  providers: readonly CompactProvider[],
  factsOf: (provider: string, row: string) => SourceFacts,
  aliases: Aliases,
  overlay: Readonly<Record<string, ModelFacts>>,
): CompactModel[] {
  const drafts = new Map<string, Draft>()
  for (const provider of providers) addVendor(provider, drafts, factsOf, aliases)
  for (const provider of providers) if (provider.key === 'openrouter') addOpenrouter(provider, drafts, factsOf)
  for (const [id, names] of Object.entries(aliases.aliases))
    for (const name of names) draftOf(drafts, id).aliases.add(name)
  for (const [id, endpoints] of Object.entries(aliases.endpoints)) addEndpoints(draftOf(drafts, id), endpoints)
  for (const id of Object.keys(overlay)) draftOf(drafts, id)
  dropShadowed(drafts)
  return [...drafts.values()].map((draft) => finish(draft, overlay[draft.id] ?? {}))
}

/** Fine-tunes, variants and rows that are only patterns name no model. */
const isModelName = (id: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$/.test(id)

function addVendor(
  provider: CompactProvider,
  drafts: Map<string, Draft>,
  factsOf: (provider: string, row: string) => SourceFacts,
  aliases: Aliases,
): void {
  if (provider.author === undefined) return
  for (const row of provider.rows) {
    if (!isModelName(row.id)) continue
    const own = `${provider.author}/${row.id.toLowerCase()}`
    const id = aliases.names[own] ?? own
    const resold = aliases.resold[provider.key]?.includes(row.id) === true
    if (resold && provider.author !== 'openai') continue
    const draft = drafts.get(id) ?? newDraft(id, row, factsOf(provider.key, row.id))
    if (!resold) draft.endpoints.push([provider.key, row.id])
    if (row.id !== row.id.toLowerCase()) draft.aliases.add(row.id).add(`${provider.author}/${row.id}`)
    drafts.set(id, draft)
  }
}

/** A name that differs from a vendor's only in its dots is that vendor's model. */
function addOpenrouter(
  provider: CompactProvider,
  drafts: Map<string, Draft>,
  factsOf: (provider: string, row: string) => SourceFacts,
): void {
  const dashed = new Map([...drafts.keys()].map((id) => [id.replaceAll('.', '-'), id]))
  for (const row of provider.rows) {
    const [author, slug, ...more] = row.id.split('/')
    if (!author || !slug || more.length > 0 || author.startsWith('~') || !isModelName(slug)) continue
    const id = dashed.get(row.id.replaceAll('.', '-')) ?? row.id
    const draft = drafts.get(id) ?? newDraft(id, row, factsOf(provider.key, row.id))
    if (id !== row.id) draft.aliases.add(row.id).add(slug)
    draft.endpoints.push(['openrouter', row.id])
    drafts.set(id, draft)
  }
}

const newDraft = (id: string, row: CompactRow, facts: SourceFacts): Draft => ({
  id,
  name: facts.name ?? id,
  row,
  facts,
  endpoints: [],
  aliases: new Set(),
})

function draftOf(drafts: ReadonlyMap<string, Draft>, id: string): Draft {
  const draft = drafts.get(id)
  if (!draft) throw new Error(`aliases or overlay name no model: ${id}`)
  return draft
}

function addEndpoints(draft: Draft, endpoints: readonly (readonly [string, string])[]): void {
  for (const [provider, model] of endpoints) {
    if (!draft.endpoints.some((known) => known[0] === provider && known[1] === model))
      draft.endpoints.push([provider, model])
  }
}

/** An alias that is a model's own id belongs to the alias: OpenRouter's twin of a vendor's model is no second model. */
function dropShadowed(drafts: Map<string, Draft>): void {
  for (const draft of drafts.values()) {
    draft.aliases.delete(draft.id)
    for (const alias of draft.aliases) {
      const shadowed = drafts.get(alias)
      if (!shadowed) continue
      addEndpoints(draft, shadowed.endpoints)
      drafts.delete(alias)
    }
  }
}

function finish({ id, name, row, facts, endpoints, aliases }: Draft, overlay: ModelFacts): CompactModel {
  const bare = id.slice(id.indexOf('/') + 1)
  const kind = overlay.kind ?? kindOf(id, row)
  const context = overlay.context ?? facts.context
  return {
    id,
    bare,
    name: overlay.name ?? name,
    ...(kind === 'text' ? {} : { kind }),
    ...(context === undefined ? {} : { context }),
    ...(overlay.maxOutput === undefined ? {} : { maxOutput: overlay.maxOutput }),
    ...(overlay.created === undefined ? {} : { created: overlay.created }),
    ...(overlay.in === undefined ? {} : { in: overlay.in }),
    ...(overlay.out === undefined ? {} : { out: overlay.out }),
    ...(aliases.size === 0 ? {} : { aliases: [...aliases].sort() }),
    endpoints,
  }
}

function kindOf(id: string, row: CompactRow): ModelKind {
  const lines = row.cards.at(-1)?.lines ?? {}
  if (/embed|voyage/.test(id) && lines.output === undefined) return 'embedding'
  if (/transcribe|whisper/.test(id)) return 'audio_stt'
  if (/-tts(-|$)/.test(id)) return 'audio_tts'
  return /gpt-image/.test(id) ? 'image' : 'text'
}
