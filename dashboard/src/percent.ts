/** How wide a part is drawn, 0 to 100. Nothing of nothing is full: a limit of 0 refuses all. */
export function percentOf(part: string, whole: string): number {
  const of = billionths(whole)
  if (of <= 0n) return 100
  const tenths = (billionths(part) * 1000n) / of
  return Number(tenths > 1000n ? 1000n : tenths < 0n ? 0n : tenths) / 10
}

/** Of decimal text, so that amounts are compared without floats. */
export function billionths(text: string): bigint {
  const [, sign = '', whole = '0', part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const units = BigInt(whole) * 1_000_000_000n + BigInt(part.slice(0, 9).padEnd(9, '0'))
  return sign === '-' ? -units : units
}
