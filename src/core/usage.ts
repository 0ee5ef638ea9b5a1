import type { Meter } from '../contract/meters.ts'
import type { Ratio } from '../lib/ratio.ts'

/** Counts by meter; an absent meter is 0. Tokens are whole, seconds may have fractions. */
export type Counts = ReadonlyMap<Meter, Ratio>

/** What one model's inference used. A reply that bills several models or several inferences has several parts. */
export type UsagePart = { readonly model?: string; readonly counts: Counts }

export type UsageFlag =
  | 'usage_string'
  | 'usage_invalid'
  | 'usage_negative'
  | 'usage_huge'
  | 'usage_implausible'
  | 'usage_inconsistent'
  | 'tier_ambiguous'

export type Usage = {
  readonly parts: readonly UsagePart[]
  readonly flags: readonly UsageFlag[]
  /** The tier the provider says it served; `default` reads as `standard`. */
  readonly serviceTier?: string
  readonly inferenceGeo?: string
  /** A cost stated by the upstream itself, USD, rounded to 15 decimals. */
  readonly reportedCost?: Ratio
}
