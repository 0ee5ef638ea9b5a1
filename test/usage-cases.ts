/**
 * The worked examples of usage and price: real and published usage bodies with the counts and the exact cost that must
 * come of them. Several tests read them, each for its own side.
 */
import { readFileSync } from 'node:fs'

export const usageCases: readonly UsageCase[] = load()

export type UsageCase = {
  readonly id: string
  readonly kind: string
  readonly source: string
  readonly notes?: string
  readonly provider: string
  readonly api: string
  readonly model: string
  /** The instant of the call, UTC. */
  readonly at: string
  readonly rules: readonly string[]
  /** The usage object as the provider sent it. */
  readonly raw: unknown
  /** The events of a stream, in order; what they accumulate to must equal `raw`. */
  readonly raw_stream?: readonly Readonly<Record<string, unknown>>[]
  readonly context?: Readonly<Record<string, string>>
  /** Id of the catalogue's row that must be found and must yield `price_per_mtok`. */
  readonly catalogue?: string
  /** A whole rate card, from which the choice of lines must yield `price_per_mtok`. */
  readonly card?: readonly CaseRate[]
  readonly expected_tokens: {
    readonly input_total: number
    readonly output_total: number
    readonly leaves: CountsByMeter
  }
  readonly expected_parts?: readonly CasePart[]
  readonly price_per_mtok: PricesByMeter
  readonly price_other?: readonly CasePrice[]
  readonly multiplier?: string
  readonly expected_cost: { readonly components: PricesByMeter; readonly total: string }
  readonly provider_reported_cost?: string
}

type CountsByMeter = Readonly<Record<string, number>>
/** Decimal text by meter. */
type PricesByMeter = Readonly<Record<string, string>>

type CaseRate = {
  readonly meter: string
  readonly price: string
  readonly tier?: { readonly op: '>' | '>='; readonly threshold: number }
  readonly service_tier?: string
}

type CasePart = { readonly model: string; readonly leaves: CountsByMeter; readonly price_per_mtok: PricesByMeter }

type CasePrice = { readonly meter: string; readonly count: string; readonly per: number; readonly price: string }

function load(): readonly UsageCase[] {
  const text = readFileSync(new URL('./fixtures/usage-cases.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly cases: readonly UsageCase[] }).cases
}
