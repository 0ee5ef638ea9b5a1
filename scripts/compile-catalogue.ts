/**
 * Compiles the rates of `@pydantic/genai-prices`, our overlay and the reviewed alias file into `catalogue/catalogue.json`.
 * Run `node scripts/compile-catalogue.ts` after a change of any of them; a test fails while the file lags behind.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { CatalogueData, CompactCard, CompactProvider } from '../src/core/catalogue-data.ts'
import { matches } from '../src/core/catalogue-data.ts'
import type { Multiplier } from '../src/core/rate-card.ts'
import { divide, exactText, multiply, ratio } from '../src/lib/ratio.ts'
import { type Aliases, canonicalModels, type ModelFacts } from './catalogue-models.ts'
import { type Row, rowOf } from './catalogue-rows.ts'
import { SOURCE_VERSION, sourceProviders } from './catalogue-source.ts'

const FILE = new URL('../catalogue/catalogue.json', import.meta.url)

/** The text of the file: one line per row and model, so that an update is a diff to read. */
export function compileCatalogue(): string {
  const aliases: Aliases = readCatalogueFile('aliases.json')
  const overlay: Overlay = readCatalogueFile('overlay.json')
  const providers = sourceProviders().map((provider) => ({
    key: provider.id,
    name: provider.name,
    ...(aliases.authors[provider.id] === undefined ? {} : { author: aliases.authors[provider.id] ?? '' }),
    ...(provider.fallback_model_providers ? { fallback: provider.fallback_model_providers } : {}),
    rows: provider.models.map((model) => rowOf(provider.id, model)),
  }))
  deriveBedrockWrites(providers)
  for (const entry of overlay.rows) addRows(providers, entry)
  for (const entry of overlay.lines) addLines(providers, entry)
  for (const entry of overlay.multipliers) addMultipliers(providers, entry)
  for (const entry of overlay.weekdays) restrictToWeekdays(providers, entry)
  nameCards(providers)
  const facts = new Map(providers.flatMap(({ key, rows }) => rows.map((row) => [`${key} ${row.id}`, row])))
  const compact: CompactProvider[] = providers.map((provider) => ({
    ...provider,
    rows: provider.rows.map(({ id, match, cards }) => ({ id, match, cards })),
  }))
  const known = Object.assign({}, ...overlay.models.map(({ models }) => models)) as Record<string, ModelFacts>
  const models = canonicalModels(compact, (key, row) => facts.get(`${key} ${row}`) ?? {}, aliases, known)
  return fileText({ source: `genai-prices ${SOURCE_VERSION}`, providers: compact, models })
}

type Overlay = {
  rows: { provider: string; rows: (Omit<Row, 'cards'> & { lines: Record<string, string> })[] }[]
  lines: { provider: string; rows: string[]; lines: Record<string, string> }[]
  multipliers: { provider: string; rows: '*' | string[]; multipliers: Multiplier[] }[]
  weekdays: Weekdays[]
  models: { models: Record<string, ModelFacts> }[]
}
type Weekdays = { provider: string; rows: string[]; from: string; zone: string; days: number[] }
type Provider = { key: string; rows: Row[] }

const readCatalogueFile = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../catalogue/${name}`, import.meta.url), 'utf8'))

/** Bedrock publishes no price for one-hour writes of most models: Anthropic's, in the proportion of the input prices. */
function deriveBedrockWrites(providers: readonly Provider[]): void {
  const anthropic = providers.find(({ key }) => key === 'anthropic')?.rows ?? []
  for (const row of providers.find(({ key }) => key === 'aws')?.rows ?? []) {
    const name = /anthropic\.(claude-.+?)(?:-v[0-9]+:[0-9]+)?$/.exec(row.id)?.[1]
    const model = name && anthropic.find(({ id, match }) => id === name || matches(match, name, false))
    if (!model) continue
    for (const card of row.cards) deriveWrites(card, model.cards.at(-1)?.lines ?? {})
  }
}

function deriveWrites(card: CompactCard, anthropic: Readonly<Record<string, string>>): void {
  const { input, cache_write_1h } = anthropic
  const own = card.lines.input
  const lines: Record<string, string> = card.lines
  if (!input || !cache_write_1h || !own || !lines.cache_write_5m || lines.cache_write_1h) return
  lines.cache_write_1h = exactText(multiply(ratio(cache_write_1h), divide(ratio(own), ratio(input))))
  card.derived = ['cache_write_1h']
}

function rowsNamed(providers: readonly Provider[], provider: string, rows: '*' | readonly string[]): Row[] {
  const all = providers.find(({ key }) => key === provider)?.rows ?? []
  if (rows === '*') return all
  return rows.map((id) => {
    const row = all.find((candidate) => candidate.id === id)
    if (!row) throw new Error(`the overlay names no row: ${provider} ${id}`)
    return row
  })
}

/** Models that the source does not know. */
function addRows(providers: readonly Provider[], { provider, rows }: Overlay['rows'][number]): void {
  const all = rowsNamed(providers, provider, '*')
  for (const { lines, ...row } of rows) {
    if (all.some(({ id }) => id === row.id)) throw new Error(`the source knows it by now: ${provider} ${row.id}`)
    all.push({ ...row, cards: [{ source: 'overlay', lines }] })
  }
}

/** Prices of a row that the source leaves out. */
function addLines(providers: readonly Provider[], { provider, rows, lines }: Overlay['lines'][number]): void {
  for (const row of rowsNamed(providers, provider, rows))
    for (const card of row.cards) {
      const known = Object.keys(lines).find((line) => card.lines[line] !== undefined)
      if (known !== undefined) throw new Error(`the source knows it by now: ${known} of ${provider} ${row.id}`)
      card.lines = { ...card.lines, ...lines }
    }
}

function addMultipliers(providers: readonly Provider[], entry: Overlay['multipliers'][number]): void {
  for (const row of rowsNamed(providers, entry.provider, entry.rows)) {
    for (const card of row.cards) card.multipliers = [...(card.multipliers ?? []), ...entry.multipliers]
  }
}

/** From an instant on the windows of a row hold on some days of a zone alone. */
function restrictToWeekdays(providers: readonly Provider[], { provider, rows, from, zone, days }: Weekdays): void {
  const hours = Number(zone.slice(0, 3))
  const shift = (time: string) =>
    `${String((Number(time.slice(0, 2)) + hours + 24) % 24).padStart(2, '0')}${time.slice(2)}`
  for (const row of rowsNamed(providers, provider, rows)) {
    for (const card of row.cards.filter(({ windows, to }) => windows !== undefined && to === undefined)) {
      const windows = (card.windows ?? []).map((window) => ({
        zone,
        days,
        from: shift(window.from),
        to: shift(window.to),
      }))
      row.cards.push({ ...card, source: 'overlay', from, windows })
      card.to = from
    }
  }
}

/** A card is named by what it says, so that a changed price is another card. */
function nameCards(providers: readonly Provider[]): void {
  for (const { key, rows } of providers) {
    for (const row of rows) {
      row.cards = row.cards.map((card) => {
        const digest = createHash('sha256')
          .update(JSON.stringify([key, row.id, card]))
          .digest('hex')
        return { id: `rc_${digest.slice(0, 16)}`, ...card }
      })
    }
  }
}

function fileText({ source, providers, models }: CatalogueData): string {
  const lines = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).join(',\n')
  const blocks = providers.map(({ rows, ...provider }) => {
    const head = JSON.stringify(provider).slice(0, -1)
    return `${head},"rows":[\n${lines(rows)}\n]}`
  })
  return `{"source":${JSON.stringify(source)},"providers":[\n${blocks.join(',\n')}\n],"models":[\n${lines(models)}\n]}\n`
}

if (import.meta.main) writeFileSync(FILE, compileCatalogue())
