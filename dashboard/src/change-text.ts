/** More, less and parts of a whole, in words: reckoned from decimal text, never from floats. */
import { unitsOf } from './decimal.ts'
import { percentOf } from './percent.ts'

/** In percent, to a tenth; more than nothing is new. */
export function changeText(now: string, before: string): string {
  const [is, was] = [unitsOf(now), unitsOf(before)]
  if (is === was) return 'as before'
  if (was === 0n) return 'new'
  const twentieths = ((is - was) * 2000n) / (was < 0n ? -was : was)
  const tenths = Number((twentieths + (twentieths < 0n ? -1n : 1n)) / 2n)
  return `${tenths < 0 ? '▼ −' : '▲ +'}${(Math.abs(tenths) / 10).toFixed(1)} %`
}

export const shareText = (part: number, whole: number): string => partText(String(part), String(whole))

/** How much of all it is. */
export function partText(part: string, whole: string): string {
  if (unitsOf(whole) <= 0n) return '—'
  const percent = percentOf(part, whole)
  return percent === 0 && unitsOf(part) > 0n ? '< 0.1 %' : `${percent.toFixed(1)} %`
}
