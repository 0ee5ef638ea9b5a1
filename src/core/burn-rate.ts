/** How fast something is used up, and when nothing is left if it goes on like that. */

export type Burn = {
  /** In the unit of `used`. */
  readonly perHour: bigint
  /** Milliseconds since the epoch; undefined: never, at this rate. */
  readonly exhaustedAt: number | undefined
}

type Burning = { readonly used: bigint; readonly left: bigint; readonly from: number; readonly at: number }

/** Undefined where nothing was used or no time has passed. */
export function burnRate({ used, left, from, at }: Burning): Burn | undefined {
  const elapsed = BigInt(Math.floor(at - from))
  if (used <= 0n || elapsed <= 0n) return undefined
  const perHour = (used * HOUR_MS) / elapsed
  const wait = left <= 0n ? 0n : (left * elapsed) / used
  return { perHour, exhaustedAt: wait > FAR_MS ? undefined : at + Number(wait) }
}

const HOUR_MS = 3_600_000n
/** A hundred years: nobody plans with that. */
const FAR_MS = 100n * 365n * 24n * HOUR_MS
