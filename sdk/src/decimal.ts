/** Sums of decimal texts, exact: whole numbers of the smallest place, never a float. */

type Scaled = { readonly units: bigint; readonly places: number }

/**
 * Adds the `decimal` texts of replies without a float: `sumOf(['0.1', '2e-1'])` = `'0.3'`. Throws `RangeError` for what is
 * no decimal.
 */
export function sumOf(texts: Iterable<string>): string {
  let sum: Scaled = { units: 0n, places: 0 }
  for (const text of texts) sum = add(sum, scaled(text))
  return textOf(sum)
}

/** Whether {@link sumOf} would take it. */
export const isDecimal = (text: string): boolean => DECIMAL.test(text)

/** Exponents of more digits would buy memory with a few bytes. */
const DECIMAL = /^(-?)([0-9]{1,40})(?:\.([0-9]{1,40}))?(?:[eE]([+-]?[0-9]{1,2}))?$/

function scaled(text: string): Scaled {
  const match = DECIMAL.exec(text)
  if (!match) throw new RangeError(`not a decimal: ${text.slice(0, 60)}`)
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const places = fraction.length - Number(exponent)
  const units = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n)
  return places >= 0 ? { units, places } : { units: units * 10n ** BigInt(-places), places: 0 }
}

function add(a: Scaled, b: Scaled): Scaled {
  const places = Math.max(a.places, b.places)
  const unitsOf = ({ units, places: own }: Scaled) => units * 10n ** BigInt(places - own)
  return { units: unitsOf(a) + unitsOf(b), places }
}

function textOf({ units, places }: Scaled): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0')
  const fraction = places === 0 ? '' : digits.slice(-places).replace(/0+$/, '')
  const whole = places === 0 ? digits : digits.slice(0, -places)
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
