/** Amounts, exact in `<data value>`, rounded for the eye. */
import { Text } from '@mantine/core'
import { readable, rounded } from './amount-text.ts'

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
  const [whole, fraction] = readable(exact ? value : rounded(value), unit).split('.')
  return (
    <data value={value} title={`${unit}${value}`} style={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>
      {whole}
      {fraction === undefined ? <span className="no-point" /> : '.'}
      <span className="fraction">{fraction}</span>
    </data>
  )
}
