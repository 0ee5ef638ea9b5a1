/** One row of the source → dated cards in the compact form of the catalogue file. What is lossy there is repaired here. */
import type { ConditionalPrice, MatchLogic, ModelPrice } from '@pydantic/genai-prices'
import type { CompactCard, CompactMatch } from '../src/core/catalogue-data.ts'
import type { SourceModel } from './catalogue-source.ts'

export type Row = { id: string; name?: string; context?: number; match: CompactMatch; cards: CompactCard[] }

/** Numbers that a float spoilt, mended by hand: 0.18, and a twelfth of a dollar. */
const MENDED: Readonly<Record<string, string>> = {
  '0.18000000000000002': '0.18',
  '0.08333333333333334': '0.0833333333',
}

/** Vendors of Claude whose wire names the time to live of a cache write; elsewhere it is unknown. */
const CLAUDE_WIRE = new Set(['anthropic', 'aws', 'google', 'azure'])

const METERS: Readonly<Record<string, string>> = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cache_read',
  cache_write_mtok: 'cache_write',
  cache_write_1h_mtok: 'cache_write_1h',
  input_audio_mtok: 'input_audio',
  cache_audio_read_mtok: 'cache_read_audio',
  input_image_mtok: 'input_image',
  cache_image_read_mtok: 'cache_read_image',
  input_video_mtok: 'input_video',
  output_audio_mtok: 'output_audio',
  output_image_mtok: 'output_image',
  output_video_mtok: 'output_video',
  output_reasoning_mtok: 'output_reasoning',
  output_citation_mtok: 'output_citation',
  web_searches_kcount: 'web_search',
  requests_kcount: 'request',
  storage_searches_kcount: 'tool_call:file_search',
  input_text_messages_kcount: 'tool_call:text_message',
  input_document_kpages: 'pages',
  input_annotated_document_kpages: 'tool_call:annotated_page',
  audio_hours: 'audio_seconds',
  input_audio_hours: 'audio_seconds',
}

export function rowOf(provider: string, model: SourceModel): Row {
  const isClaude = model.id.includes('claude') && CLAUDE_WIRE.has(provider)
  return {
    id: model.id,
    ...(model.name === undefined ? {} : { name: model.name }),
    ...(model.context_window === undefined ? {} : { context: model.context_window }),
    match: compactMatch(model.match),
    cards: Array.isArray(model.prices)
      ? datedCards(model.prices, isClaude)
      : [{ lines: compactLines(model.prices, isClaude) }],
  }
}

/** `=` equals, `^` starts, `$` ends, `*` contains, `/` pattern; a list is any of them, `all` all of them. */
function compactMatch(match: MatchLogic): CompactMatch {
  if ('or' in match) return match.or.map(compactMatch)
  if ('and' in match) return { all: match.and.map(compactMatch) }
  if ('equals' in match) return `=${match.equals}`
  if ('starts_with' in match) return `^${match.starts_with}`
  if ('ends_with' in match) return `$${match.ends_with}`
  if ('contains' in match) return `*${match.contains}`
  return `/${match.regex}`
}

/** A start closes the era before it; a time of day belongs to the era of the start that stands before it in the list. */
function datedCards(entries: readonly ConditionalPrice[], isClaude: boolean): CompactCard[] {
  const cards: CompactCard[] = []
  let from: string | undefined
  for (const { constraint, prices } of entries) {
    const lines = compactLines(prices, isClaude)
    if (constraint?.type === 'start_date') {
      const start = `${constraint.start_date}T00:00:00Z`
      for (const card of cards) card.to ??= start
      from = start
    }
    const windows =
      constraint?.type === 'time_of_date'
        ? { windows: [{ from: minutes(constraint.start_time), to: minutes(constraint.end_time) }] }
        : {}
    const twin = cards.find((card) => card.windows && windows.windows && sameEra(card, from, lines))
    if (twin) twin.windows = [...(twin.windows ?? []), ...(windows.windows ?? [])]
    else cards.push({ ...(from === undefined ? {} : { from }), ...windows, lines })
  }
  return cards
}

const sameEra = (card: CompactCard, from: string | undefined, lines: Readonly<Record<string, string>>): boolean =>
  card.from === from && card.to === undefined && JSON.stringify(card.lines) === JSON.stringify(lines)

const minutes = (time: string): string => time.slice(0, 5)

function compactLines(prices: ModelPrice, isClaude: boolean): Record<string, string> {
  const lines: Record<string, string> = {}
  for (const [key, value] of Object.entries(prices)) {
    if (value === undefined) continue
    const named = METERS[key]
    if (named === undefined) throw new Error(`no meter for ${key}`)
    const meter = isClaude && named === 'cache_write' ? 'cache_write_5m' : named
    if (typeof value === 'number') {
      lines[meter] = priceText(value)
      continue
    }
    lines[meter] = priceText(value.base)
    for (const { start, price } of value.tiers) lines[`${meter}${tierText(start)}`] = priceText(price)
  }
  return lines
}

/** The source knows only `>`: a threshold that ends in …999 was `>=` of the next number. */
const tierText = (start: number): string => (start % 1000 === 999 ? `>=${start + 1}` : `>${start}`)

function priceText(price: number): string {
  const text = String(price)
  const clean = MENDED[text] ?? text
  if (!/^[0-9]+(\.[0-9]{1,12})?$/.test(clean)) throw new Error(`an unclean price to be mended by hand: ${text}`)
  return clean
}
