/** Amounts as they are read. Digits are cut as text: no amount is ever a float. */

/** With a unit and groups of three digits, and a true minus: `−$1,234.50`. Only a real zero is `$0`. */
export function readable(value: string, unit: '$' | '' = '$'): string {
  const [, sign = '', whole = '0', fraction = ''] = PARTS.exec(value) ?? []
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  const isZero = /^0*$/.test(whole + fraction)
  const cents = unit === '$' && fraction.length < 2 && !isZero ? fraction.padEnd(2, '0') : fraction
  return `${sign === '-' ? '−' : ''}${unit}${grouped}${cents === '' || isZero ? '' : `.${cents}`}`
}

/** From a cent on two places; below, two digits that count: `0.0000066` stays as it is. */
export function rounded(value: string): string {
  const [all, sign = '', whole = '0', fraction = ''] = PARTS.exec(value) ?? []
  if (all === undefined) return value
  const first = whole === '0' ? (/[1-9]/.exec(fraction)?.index ?? 0) : 0
  const places = first < 2 ? 2 : first + 2
  if (fraction.length <= places) return value
  const kept = BigInt(whole + fraction.slice(0, places))
  const digits = (Number(fraction[places]) >= 5 ? kept + 1n : kept).toString().padStart(places + 1, '0')
  const end = digits.slice(-places).replace(/0+$/, '')
  return `${sign}${digits.slice(0, -places)}${end === '' ? '' : `.${end}`}`
}

/** As tables show it. */
export const dollars = (value: string | null | undefined): string => readable(rounded(value ?? '0'))

/** How many digits are behind its point, as it is read. */
export const placesOf = (text: string): number => text.split('.')[1]?.length ?? 0

const PARTS = /^(-?)(\d+)(?:\.(\d+))?$/
