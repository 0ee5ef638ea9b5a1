/** Instants and the calendar of a time zone, by the browser's own tables. */

export function isTimeZone(name: string): boolean {
  try {
    return formatIn(name) !== undefined
  } catch {
    return false
  }
}

/** `2026-11-22T14:05`, as clocks of the zone show the instant. */
export function wallTime(at: Date, timeZone: string): string {
  const { year, month, day, hour, minute } = partsOf(at, timeZone)
  return `${year}-${month}-${day}T${hour}:${minute}`
}

export const dayIn = (timeZone: string, at: Date): string => wallTime(at, timeZone).slice(0, 10)

/** The instant at which clocks of the zone show it; of two the first, where there is none the one as long after midnight. */
export function instantAt(wall: string, timeZone: string): Date {
  const wanted = Date.parse(`${wall}Z`)
  const offsets = [wanted - HALF_DAY_MS, wanted + HALF_DAY_MS].map((at) => offsetAt(at, timeZone))
  const found = offsets.map((offset) => wanted - offset).filter((at) => at + offsetAt(at, timeZone) === wanted)
  return new Date(found.length > 0 ? Math.min(...found) : wanted - (offsets[0] ?? 0))
}

const HALF_DAY_MS = 43_200_000

/** Milliseconds that its clocks are ahead, in whole minutes. */
const offsetAt = (at: number, timeZone: string): number =>
  Date.parse(`${wallTime(new Date(at), timeZone)}Z`) - Math.floor(at / 60_000) * 60_000

function partsOf(at: Date, timeZone: string): Record<string, string> {
  return Object.fromEntries(
    formatIn(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
}

/** For people: `22 Nov 2026, 14:05`. */
export const timeText = (at: Date, timeZone: string, toTheSecond = false): string =>
  formatIn(timeZone, toTheSecond ? READ_EXACT : READ).format(at)

/** Of a day as text. */
export const dayText = (day: string): string => formatIn('UTC', DAY).format(new Date(day))

/** `14:02:11` */
export const clockText = (at: Date, timeZone: string): string => formatIn(timeZone, CLOCK_ALONE).format(at)

type Form = { readonly locale: string; readonly options: Intl.DateTimeFormatOptions }

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const SORTED: Form = {
  locale: 'en-CA',
  options: { year: 'numeric', month: '2-digit', day: '2-digit', ...CLOCK },
}
const READ: Form = { locale: 'en-GB', options: { year: 'numeric', month: 'short', day: '2-digit', ...CLOCK } }
const READ_EXACT: Form = { locale: 'en-GB', options: { ...READ.options, second: '2-digit' } }

const DAY: Form = { locale: 'en-GB', options: { year: 'numeric', month: 'short', day: '2-digit' } }
const CLOCK_ALONE: Form = { locale: 'en-GB', options: { ...CLOCK, second: '2-digit' } }

/** Making one takes longer than using it hundreds of times. */
const formats = new Map<Form, Map<string, Intl.DateTimeFormat>>()

export function formatIn(timeZone: string, form: Form = SORTED): Intl.DateTimeFormat {
  const known = formats.get(form)?.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat(form.locale, { timeZone, ...form.options })
  formats.set(form, (formats.get(form) ?? new Map()).set(timeZone, made))
  return made
}
