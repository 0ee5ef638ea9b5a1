import type { ChargeMeter, Meter } from '../contract/meters.ts'
import type { Nanos } from '../lib/money.ts'
import type { Ratio } from '../lib/ratio.ts'

/** One line: quantity × price ÷ per (× factor) = cost; `charge` is what the account pays of it (markup inside, 0 when insured or BYOK). */
export type PricedItem = {
  readonly meter: ChargeMeter
  /** The meter of the rate card's line that priced it: itself or an ancestor. */
  readonly pricedBy: ChargeMeter
  /** Set where one reply bills several models. */
  readonly model?: string
  readonly quantity: Ratio
  /** USD as decimal text, as it stands in the rate card. */
  readonly price: string
  readonly per: number
  /** Product of the multipliers that applied, as decimal text; absent: 1. */
  readonly factor?: string
  readonly cost: Ratio
  readonly charge: Ratio
}

export type PriceFlag = 'fallback_rate' | 'partly_unpriced' | 'unpriced' | 'tier_ambiguous' | 'cost_differs'

export type Priced = {
  readonly items: readonly PricedItem[]
  /** Exact sums of the items. Undefined: nothing could be priced, the cost is unknown, never 0. */
  readonly cost: Ratio | undefined
  readonly charge: Ratio | undefined
  readonly costNanos: Nanos | undefined
  readonly chargeNanos: Nanos | undefined
  readonly unpriced: readonly Meter[]
  readonly flags: readonly PriceFlag[]
}
