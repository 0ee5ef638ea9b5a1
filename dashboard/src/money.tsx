/** Amounts, exact in `<data value>`, rounded for the eye. Digits are cut as text: no amount is ever a float. */
import { Text } from '@mantine/core'

type Props = {
  /** Exact, as the API tells it: `'0.0000066'`; null where there is no price. */
  readonly value: string | null | undefined
  /** `'$'` unless told; credits have none. */
  readonly unit?: '$' | ''
  /** All of its digits. */
  readonly exact?: boolean
  /** Why nobody knows it. */
  readonly why?: string
}

export function Money({ value, unit = '$', exact = false, why = 'no price' }: Props) {
  if (value === null || value === undefined)
    return (
      <Text span c="dimmed" inherit title={why}>
        — {why}
      </Text>
    )
  return (
    <data value={value} title={`${unit}${value}`} style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>
      {readable(exact ? value : rounded(value), unit)}
    </data>
  )
}

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

const PARTS = /^(-?)(\d+)(?:\.(\d+))?$/
