/** Counts and durations for people. Amounts are none of these, see `money.tsx`. */
const grouped = new Intl.NumberFormat('en')

export const whole = (count: number | null | undefined): string =>
  count === null || count === undefined ? '—' : grouped.format(count)

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** To three digits. */
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return '—'
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)))
  const size = count / 1024 ** power
  return `${size.toFixed(power === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2)} ${UNITS[power]}`
}

export const milliseconds = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '—' : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
