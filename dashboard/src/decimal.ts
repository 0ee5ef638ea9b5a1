/** Decimal text, compared and scaled without floats; the SDK adds it. */

export const negated = (text: string): string => (text.startsWith('-') ? text.slice(1) : `-${text}`)

export const isAbove = (a: string, b: string): boolean => unitsOf(a) > unitsOf(b)

/** `n` of `d` parts of it, to a billionth, cut. */
export function scaled(amount: string, n: bigint, d: bigint): string {
  const units = (unitsOf(amount) * n) / d
  const digits = (units < 0n ? -units : units).toString().padStart(PLACES + 1, '0')
  const part = digits.slice(-PLACES).replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -PLACES)}${part === '' ? '' : `.${part}`}`
}

const PLACES = 9

/** In billionths. What is no decimal counts as 0. */
export function unitsOf(text: string): bigint {
  const [, sign = '', whole = '0', part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const units = BigInt(whole + part.slice(0, PLACES).padEnd(PLACES, '0'))
  return sign === '-' ? -units : units
}
