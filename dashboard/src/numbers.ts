/** Counts and durations for people. Amounts are none of these, see `money.tsx`. */
const grouped = new Intl.NumberFormat('en')

export const whole = (count: number | null | undefined): string =>
  count === null || count === undefined ? '—' : grouped.format(count)

export const milliseconds = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '—' : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
