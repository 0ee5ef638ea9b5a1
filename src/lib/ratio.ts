/**
 * Exact arithmetic: a ratio of two bigints, from decimal text to decimal text. No float exists between the two.
 * The denominator is positive; a ratio is not kept in lowest terms, because most are decimals that share one.
 */
export type Ratio = { readonly n: bigint; readonly d: bigint }

export const ZERO: Ratio = { n: 0n, d: 1n }

/** Decimal text has at most this many digits before any bigint is made of it, so that no input can buy CPU time. */
const MAX_DIGITS = 40
const DECIMAL = /^(-?)([0-9]{1,40})(?:\.([0-9]{1,40}))?(?:[eE]([+-]?[0-9]{1,3}))?$/

/** Reads a plain or scientific decimal (`"0.20"`, `"-3"`, `"4.14e-05"`). `undefined` for anything else. */
export function parseRatio(text: string): Ratio | undefined {
  const match = DECIMAL.exec(text)
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponentText] = match
  if (whole.length + fraction.length > MAX_DIGITS) return undefined
  const exponent = Number(exponentText ?? 0) - fraction.length
  if (exponent > MAX_DIGITS || exponent < -2 * MAX_DIGITS) return undefined
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n)
  return exponent >= 0 ? { n: digits * 10n ** BigInt(exponent), d: 1n } : { n: digits, d: 10n ** BigInt(-exponent) }
}

/** As {@link parseRatio}, for text that was validated before. */
export function ratio(text: string): Ratio {
  const parsed = parseRatio(text)
  if (!parsed) throw new Error(`not a decimal: ${text.slice(0, 60)}`)
  return parsed
}

export const whole = (n: bigint): Ratio => ({ n, d: 1n })
export const add = (a: Ratio, b: Ratio): Ratio =>
  a.d === b.d ? { n: a.n + b.n, d: a.d } : { n: a.n * b.d + b.n * a.d, d: a.d * b.d }
export const subtract = (a: Ratio, b: Ratio): Ratio => add(a, { n: -b.n, d: b.d })
export const multiply = (a: Ratio, b: Ratio): Ratio => ({ n: a.n * b.n, d: a.d * b.d })
/** `b` must not be zero. */
export const divide = (a: Ratio, b: Ratio): Ratio =>
  b.n < 0n ? { n: -a.n * b.d, d: a.d * -b.n } : { n: a.n * b.d, d: a.d * b.n }
export const sum = (items: readonly Ratio[]): Ratio => items.reduce(add, ZERO)
export const compare = (a: Ratio, b: Ratio): number => {
  const difference = a.n * b.d - b.n * a.d
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
export const max = (a: Ratio, b: Ratio): Ratio => (compare(a, b) >= 0 ? a : b)

/** Divides and rounds toward −∞. */
export function floorDivide(n: bigint, d: bigint): bigint {
  const quotient = n / d
  return n % d !== 0n && n < 0n !== d < 0n ? quotient - 1n : quotient
}

/** The nearest integer, ties to the even one. */
export function roundHalfEven({ n, d }: Ratio): bigint {
  const floor = floorDivide(n, d)
  const twice = 2n * (n - floor * d)
  if (twice === d) return floor % 2n === 0n ? floor : floor + 1n
  return twice > d ? floor + 1n : floor
}

/** The smallest integer that is not below the ratio. */
export const ceiling = ({ n, d }: Ratio): bigint => -floorDivide(-n, d)

/** A plain decimal where the fraction ends (`"0.00005085"`), else `"n/d"` in lowest terms. Reads back with {@link exactRatio}. */
export function exactText(value: Ratio): string {
  const known = POWERS_OF_TEN.get(value.d)
  if (known !== undefined) return scaledText(value.n, known)
  const { n, d } = lowest(value)
  const places = decimalPlaces(d)
  return places === undefined ? `${n}/${d}` : decimalText({ n, d }, places)
}

/** Nearly every denominator is one of these: decimals need no lowest terms to be written. */
const POWERS_OF_TEN: ReadonlyMap<bigint, number> = new Map(
  Array.from({ length: 31 }, (_, places) => [10n ** BigInt(places), places]),
)

export function exactRatio(text: string): Ratio {
  const [n = '', d] = text.split('/')
  return d === undefined ? ratio(n) : { n: BigInt(n), d: BigInt(d) }
}

/**
 * Plain decimal text without exponent or trailing zeros, rounded half-even at `places` where the fraction goes on
 * (WIRE 1.4: what does not end within 15 decimals is rounded there).
 */
export function decimalText(value: Ratio, places = 15): string {
  const scaled = roundHalfEven({ n: value.n * 10n ** BigInt(places), d: value.d })
  return scaledText(scaled, places)
}

/** `scaledText(50850n, 9)` = `"0.00005085"`. */
export function scaledText(scaled: bigint, places: number): string {
  if (scaled === 0n) return '0'
  const negative = scaled < 0n
  const digits = (negative ? -scaled : scaled).toString().padStart(places + 1, '0')
  const point = digits.length - places
  let end = digits.length
  while (end > point && digits.charCodeAt(end - 1) === 48) end--
  const fraction = digits.slice(point, end)
  const text = fraction === '' ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`
  return negative ? `-${text}` : text
}

/**
 * Splits a whole total over exact parts: each is floored, then the missing units go to the largest remainders, ties in
 * the order given. The result sums to `total`, which must be within one unit per part of the exact sum.
 */
export function apportion(parts: readonly Ratio[], total: bigint): bigint[] {
  const shares = parts.map(({ n, d }) => floorDivide(n, d))
  let missing = total - shares.reduce((a, b) => a + b, 0n)
  if (missing === 0n) return shares
  const order = parts
    .map(({ n, d }, index) => ({ index, remainder: { n: n - floorDivide(n, d) * d, d } }))
    .sort((a, b) => compare(b.remainder, a.remainder) || a.index - b.index)
  for (let i = 0; missing > 0n; i = (i + 1) % order.length, missing--) {
    const { index } = order[i] as { index: number }
    shares[index] = (shares[index] as bigint) + 1n
  }
  return shares
}

function lowest({ n, d }: Ratio): Ratio {
  let a = n < 0n ? -n : n
  let b = d
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? { n: 0n, d: 1n } : { n: n / a, d: d / a }
}

function decimalPlaces(denominator: bigint): number | undefined {
  let d = denominator
  let twos = 0
  let fives = 0
  for (; d % 2n === 0n; d /= 2n) twos++
  for (; d % 5n === 0n; d /= 5n) fives++
  return d === 1n ? Math.max(twos, fives) : undefined
}
