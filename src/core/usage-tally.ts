/**
 * Reads one usage body by its shape: every part that the body states, as bounded numbers, before anybody asks what is
 * counted inside of what.
 */
import type { Ratio } from '../lib/ratio.ts'
import { type Flags, readCount, readQuantity } from './read-count.ts'
import type { UsagePartName, UsageShape } from './usage-shapes.ts'

/** What the body states, by part; absent parts are `undefined`. */
export type Tally = { [part in CountedPart]?: number } & { audioSeconds?: Ratio }

type CountedPart = Exclude<UsagePartName, 'audioSeconds'>
export type Body = Readonly<Record<string, unknown>>
export type TallyReader = (body: Body, flags: Flags) => Tally | undefined

/** The shape's places are parsed once; the reader answers `undefined` for a body that states nothing but a total. */
export function createTallyReader(shape: UsageShape): TallyReader {
  const places = Object.entries(shape.places).map(([part, text]) => ({
    part: part as UsagePartName,
    alternatives: text.split(' | ').map(parsePlace),
  }))
  return (body, flags) => {
    const tally: Tally = {}
    let seen = false
    for (const { part, alternatives } of places) {
      const value = firstPresent(body, alternatives)
      if (value === undefined) continue
      if (part === 'audioSeconds') setSeconds(tally, readQuantity(value, flags))
      else setCount(tally, part, Array.isArray(value) ? addUp(value, flags) : readCount(value, flags))
      if (part !== 'total' && tally[part] !== undefined) seen = true
    }
    completeInput(tally, shape, flags)
    return seen ? tally : undefined
  }
}

export const isBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The cache writes: as stated, else as the lifetimes add up. */
export const writtenOf = ({ written, written5m, written1h }: Tally): number =>
  written ?? (written5m ?? 0) + (written1h ?? 0)

/** The members that a body of this shape has at its top. */
export const topMembers = (shape: UsageShape): ReadonlySet<string> =>
  new Set(
    Object.values(shape.places).flatMap((text) => text.split(' | ').map((place) => parsePlace(place).path[0] ?? '')),
  )

type Place = {
  readonly path: readonly string[]
  readonly items?: { readonly key: string; readonly value: string; readonly count: string }
}

const LIST = /^(.+)\[(\w+)=(\w+)\]\.(\w+)$/

function parsePlace(text: string): Place {
  const list = LIST.exec(text)
  if (!list) return { path: text.split('.') }
  const [, path = '', key = '', value = '', count = ''] = list
  return { path: path.split('.'), items: { key, value: value.toUpperCase(), count } }
}

function firstPresent(body: Body, alternatives: readonly Place[]): unknown {
  for (const place of alternatives) {
    const value = valueAt(body, place)
    if (value !== undefined && value !== null) return value
  }
  return undefined
}

/** The value at the place, or for a list the counts of the matching items, `undefined` if there are none. */
function valueAt(body: Body, { path, items }: Place): unknown {
  let value: unknown = body
  for (const member of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Body)[member]
  }
  if (!items) return Array.isArray(value) ? {} : value
  if (!Array.isArray(value)) return undefined
  const matching = value.filter((item) => isBody(item) && isNamed(item[items.key], items.value))
  return matching.length > 0 ? matching.map((item: Body) => item[items.count]) : undefined
}

const isNamed = (name: unknown, value: string): boolean => typeof name === 'string' && name.toUpperCase() === value

const addUp = (values: readonly unknown[], flags: Flags): number | undefined =>
  values.reduce<number | undefined>((total, value) => {
    const count = readCount(value, flags)
    return count === undefined ? total : (total ?? 0) + count
  }, undefined)

function setCount(tally: Tally, part: CountedPart, value: number | undefined): void {
  if (value !== undefined) tally[part] = value
}

function setSeconds(tally: Tally, value: Ratio | undefined): void {
  if (value !== undefined) tally.audioSeconds = value
}

function completeInput(tally: Tally, shape: UsageShape, flags: Flags): void {
  if (!shape.inputSum || tally.uncached === undefined) return
  const sum = (tally.cached ?? 0) + tally.uncached
  if (tally.input === undefined) tally.input = sum
  else if (tally.input !== sum) flags.add('usage_inconsistent')
}
