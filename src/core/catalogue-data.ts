/**
 * The catalogue file: short keys and one string per line, so that it loads within milliseconds; a card takes its full
 * form only where it is asked for.
 */
import { type Meter, meterDefinition } from '../contract/meters.ts'
import type { DailyWindow, Multiplier, RateCard, RateLine } from './rate-card.ts'

export type CatalogueData = {
  /** Name and version of what it was compiled from. */
  readonly source: string
  readonly providers: readonly CompactProvider[]
  readonly models: readonly CompactModel[]
}

export type CompactProvider = {
  readonly key: string
  readonly name: string
  /** Set for vendors: the author of their models. */
  readonly author?: string
  /** Providers whose rows hold where this one has none. */
  readonly fallback?: readonly string[]
  readonly rows: readonly CompactRow[]
}

export type CompactRow = {
  readonly id: string
  readonly match: CompactMatch
  readonly cards: readonly CompactCard[]
}

/** `=` equals, `^` starts with, `$` ends with, `*` contains, `/` is a pattern; a list is any of its members. */
export type CompactMatch = string | readonly CompactMatch[] | { readonly all: readonly CompactMatch[] }

export type CompactCard = {
  id?: string
  /** Absent: the source of the file. */
  source?: string
  from?: string
  to?: string
  windows?: readonly DailyWindow[]
  /** `<meter>[<op><threshold>][@<service tier>]` → price per the meter's usual unit. */
  lines: Readonly<Record<string, string>>
  multipliers?: readonly Multiplier[]
  derived?: readonly string[]
}

export type ModelKind = 'text' | 'embedding' | 'audio_stt' | 'audio_tts' | 'image'

export type CompactModel = {
  readonly id: string
  readonly bare: string
  readonly name: string
  readonly kind?: ModelKind
  readonly context?: number
  readonly maxOutput?: number
  /** Unix seconds. */
  readonly created?: number
  readonly in?: readonly string[]
  readonly out?: readonly string[]
  readonly aliases?: readonly string[]
  /** Provider key and the name there. */
  readonly endpoints: readonly (readonly [provider: string, model: string])[]
}

export function expandCard(source: string, provider: string, row: CompactRow, card: CompactCard): RateCard {
  return {
    id: card.id ?? `${provider}/${row.id}`,
    source: card.source ?? source,
    provider,
    model: row.id,
    currency: 'USD',
    ...(card.from === undefined ? {} : { validFrom: card.from }),
    ...(card.to === undefined ? {} : { validTo: card.to }),
    ...(card.windows === undefined ? {} : { windows: card.windows }),
    lines: Object.entries(card.lines).map(expandLine),
    ...(card.multipliers === undefined ? {} : { multipliers: card.multipliers }),
    ...(card.derived === undefined ? {} : { derived: card.derived as readonly Meter[] }),
  }
}

const LINE = /^([a-z0-9_]+(?::[a-z0-9_.-]+)?)(?:(>=?)([0-9]+))?(?:@(.+))?$/

function expandLine([key, price]: [string, string]): RateLine {
  const [, meter = '', op, threshold, serviceTier] = LINE.exec(key) ?? []
  return {
    meter: meter as Meter,
    price,
    per: usualPer(meter as Meter),
    ...(op === undefined ? {} : { tier: { op: op as '>' | '>=', threshold: Number(threshold) } }),
    ...(serviceTier === undefined ? {} : { serviceTier }),
  }
}

/** The quantity that vendors quote a price for. */
function usualPer(meter: Meter): number {
  const { unit } = meterDefinition(meter)
  if (unit === 'second') return 3600
  if (unit === 'call' || unit === 'page') return 1000
  return unit === 'image' || unit === 'usd' ? 1 : 1_000_000
}

/** Whether a name is one of a row's. Upstream names are compared without regard to case, names that clients give with. */
export function matches(match: CompactMatch, name: string, exactCase: boolean): boolean {
  if (typeof match !== 'string') {
    return 'all' in match
      ? match.all.every((part) => matches(part, name, exactCase))
      : match.some((part) => matches(part, name, exactCase))
  }
  const fold = (text: string) => (exactCase ? text : text.toLowerCase())
  const pattern = match.slice(1)
  if (match[0] === '/') return new RegExp(pattern).test(fold(name))
  if (match[0] === '=') return fold(name) === fold(pattern)
  if (match[0] === '^') return fold(name).startsWith(fold(pattern))
  return match[0] === '$' ? fold(name).endsWith(fold(pattern)) : fold(name).includes(fold(pattern))
}
