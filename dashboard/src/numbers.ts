/** Counts and times for people. Amounts are none of these, see `money.tsx`. */
const grouped = new Intl.NumberFormat('en')

export const whole = (count: number | null | undefined): string =>
  count === null || count === undefined ? '—' : grouped.format(count)

export const milliseconds = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '—' : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`

export const instant = (iso: string, timeZone: string): string =>
  new Intl.DateTimeFormat('en-GB', {
    timeZone,
    ...{ year: 'numeric', month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  } as Intl.DateTimeFormatOptions).format(new Date(iso))
