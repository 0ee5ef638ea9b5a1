/** Whether what a transaction charged covers what its usage cost. */
import { multiply, type Ratio, ratio, subtract, whole } from '../lib/ratio.ts'

type Verdict = 'missing' | 'unpriced' | 'below_cost' | 'matched'
export type Reconciled = {
  readonly verdict: Verdict
  /** Nano-dollars; null where there is no usage, or no price for some of it. */
  readonly cost: bigint | null
  /** Charged and written off, less the cost. */
  readonly difference: bigint | null
}

type Charged = { readonly amount: bigint; readonly writtenOff: bigint }
type Used = { readonly costNanos: bigint | null; readonly chargeNanos: bigint | null }

/**
 * Records with charges of their own must come to what was charged, to the nano. An amount that a caller gave may be below
 * the cost by the tolerance; above it is what the caller earns.
 */
export function reconcile(
  { amount, writtenOff }: Charged,
  usage: readonly Used[],
  tolerancePercent: string,
): Reconciled {
  const asked = amount + writtenOff
  if (usage.length === 0) return { verdict: asked > 0n ? 'missing' : 'matched', cost: null, difference: null }
  const cost = sumOf(usage.map(({ costNanos }) => costNanos))
  if (cost === null) return { verdict: 'unpriced', cost: null, difference: null }
  const own = sumOf(usage.map(({ chargeNanos }) => chargeNanos))
  const isCovered = own === null ? !isBelow(asked, cost, tolerancePercent) : asked === own
  return { verdict: isCovered ? 'matched' : 'below_cost', cost, difference: asked - cost }
}

const sumOf = (values: readonly (bigint | null)[]): bigint | null =>
  values.reduce<bigint | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0n)

function isBelow(asked: bigint, cost: bigint, tolerancePercent: string): boolean {
  const kept: Ratio = subtract(whole(1n), multiply(ratio(tolerancePercent), { n: 1n, d: 100n }))
  const least = multiply(whole(cost), kept)
  return asked * least.d < least.n
}
