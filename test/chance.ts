/** Chance that comes again from its seed. */
export type Chance = {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number
}

export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
    },
  }
}

/** From `FC_SEED` where it is set, so that a run can be repeated. */
export const seedOfRun = (): number => Number(process.env.FC_SEED ?? Math.floor(performance.timeOrigin) % 2 ** 31)
