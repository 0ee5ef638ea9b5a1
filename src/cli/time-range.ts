/** From when to when: `--since`, `--from`, `--to` and `--tz`, made into the dates or instants that the operation takes. */
import { Temporal } from 'temporal-polyfill'
import { isTimeZone } from '../contract/common.ts'
import { type WindowKind, windowAt } from '../core/window.ts'
import { CannotGoOn, EXIT } from './exit-code.ts'
import { shown } from './fault.ts'
import type { Command } from './fields.ts'
import { type RangeNames, rangeNames } from './range-names.ts'
import type { Values } from './request.ts'

type Typed = Readonly<Record<string, unknown>>
type Help = {
  readonly now: number
  /** Where the organisation's days begin; asked of the server where it has to be known. */
  readonly zone: () => Promise<string>
}

/** Writes the range into the query. What it came to is told as a line, where it was not typed as it is sent. */
export async function applyRange(
  command: Command,
  values: Values,
  typed: Typed,
  help: Help,
): Promise<string | undefined> {
  const names = rangeNames(command)
  if (!names) return undefined
  const { query } = values
  const { since, tz } = typed
  if (tz !== undefined && !isTimeZone(String(tz)))
    throw wrong(`--tz: expected a time zone, e.g. Europe/Berlin; found ${shown(tz)}`)
  takeShort(query, names, typed)
  const isOpen = query[names.from] === undefined && query[names.to] === undefined
  if (since !== undefined && !isOpen) throw wrong('--since goes without --from and --to')
  if (tz !== undefined && names.zone !== undefined) query[names.zone] = tz
  else if (tz !== undefined && since === undefined && isOpen)
    throw wrong('--tz says where the days of --since, --from and --to begin: name one of them')
  // What is reported in calendar buckets begins with one.
  const begins = (at: number) => (names.zone === undefined ? at : Math.floor(at / QUARTER_MS) * QUARTER_MS)
  if (since !== undefined) return tellRange(query, names, await windowSince(String(since), tz, help, begins))
  if (tz !== undefined && names.zone === undefined) readDates(query, names, String(tz))
  return undefined
}

/** `--from` and `--to` are names of `--start-date` and `--end-date`. */
function takeShort(query: Record<string, unknown>, names: RangeNames, typed: Typed): void {
  for (const short of ['from', 'to'] as const) {
    const text = typed[short]
    if (text === undefined || names[short] === short) continue
    if (query[names[short]] !== undefined) throw wrong(`--${short}: says the same as another option, once is enough`)
    query[names[short]] = text
  }
}

type Span = { readonly start: number; readonly end?: number | undefined; readonly zone?: string }

const QUARTER_MS = 15 * 60_000
const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const WORDS: Readonly<Record<string, { window: WindowKind; back: boolean }>> = {
  today: { window: 'day', back: false },
  yesterday: { window: 'day', back: true },
  'this-month': { window: 'month', back: false },
  'last-month': { window: 'month', back: true },
}

async function windowSince(
  text: string,
  tz: unknown,
  { now, zone: zoneOf }: Help,
  begins: (at: number) => number,
): Promise<Span> {
  const [, count, unit] = /^([1-9][0-9]{0,5})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return { start: begins(now - Number(count) * UNITS[unit as keyof typeof UNITS]) }
  const word = WORDS[text]
  if (!word) throw wrong(`--since: expected 15m, 24h, 7d, ${Object.keys(WORDS).join(', ')}; found ${shown(text)}`)
  const zone = tz === undefined ? await zoneOf() : String(tz)
  const rule = { window: word.window, timeZone: zone, weekStart: 1, anchorDay: 1 }
  const current = windowAt(rule, now)
  return word.back ? { ...windowAt(rule, current.start - 1), zone } : { start: current.start, zone }
}

/** Dates are whole days of the zone, both inclusive; anything else is left as it is. */
function readDates(query: Record<string, unknown>, { from, to }: RangeNames, zone: string): void {
  for (const [name, daysOn] of [
    [from, 0],
    [to, 1],
  ] as const) {
    const text = String(query[name])
    if (/^\d{4}-\d{2}-\d{2}$/.test(text)) query[name] = instant(startOfDay(text, zone, daysOn))
  }
}

function startOfDay(text: string, zone: string, daysOn: number): number {
  try {
    return Temporal.PlainDate.from(text).add({ days: daysOn }).toZonedDateTime(zone).epochMilliseconds
  } catch {
    throw wrong(`expected a date of the calendar; found ${shown(text)}`)
  }
}

const instant = (ms: number): string => new Date(ms).toISOString()

function tellRange(query: Record<string, unknown>, names: RangeNames, { start, end, zone }: Span): string {
  query[names.from] = instant(start)
  if (end !== undefined) query[names.to] = instant(end)
  const until = end === undefined ? ' on' : ` to ${instant(end)}`
  return `from ${instant(start)}${until}${zone === undefined ? '' : `, by the clock of ${zone}`}`
}

const wrong = (message: string) => new CannotGoOn(message, EXIT.usage)
