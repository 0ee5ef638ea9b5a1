/** Counts of tokens: short for the eye, whole on asking. */
import { whole } from './numbers.ts'

export const Tokens = ({ count }: { readonly count: number | null | undefined }) =>
  count === null || count === undefined ? (
    '—'
  ) : (
    <data value={count} title={`${whole(count)} tokens`} style={{ whiteSpace: 'nowrap' }}>
      {shortText(count)}
    </data>
  )

/** `12.3 k` */
export function shortText(count: number): string {
  const [size, unit] = UNITS.find(([size]) => count >= size - size / 2000) ?? [1, '']
  if (unit === '') return whole(count)
  return `${(Math.round((count / size) * 10) / 10).toFixed(1)} ${unit}`
}

const UNITS = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const
