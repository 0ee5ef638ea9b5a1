import { unitsOf } from './decimal.ts'

/** How wide a part is drawn, 0 to 100. Nothing of nothing is full: a limit of 0 refuses all. */
export function percentOf(part: string, whole: string): number {
  const of = unitsOf(whole)
  if (of <= 0n) return 100
  const tenths = (unitsOf(part) * 1000n) / of
  return Number(tenths > 1000n ? 1000n : tenths < 0n ? 0n : tenths) / 10
}
