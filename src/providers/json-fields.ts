/** JSON that others wrote: what is not of the form that is asked for reads as absent, and nothing throws. */
import { topLevelMembers } from '../lib/json-scan.ts'

export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})

/** Its objects; none where the value is no list. */
export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Undefined for anything but text with something in it. */
export const someText = (value: unknown): string | undefined => textOf(value) || undefined

/** Of a number that was kept exactly, the double that is nearest. */
export function numberOf(value: unknown): number | undefined {
  const number = isRaw(value) ? Number(value.rawJSON) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Undefined: the text is no JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * JSON that passes through without loss: a number that a double cannot hold keeps its digits on the way through
 * `JSON.stringify`, so that an id of twenty digits in a tool's arguments is still the same id.
 */
export function parseExact(text: string): unknown {
  if (!MAY_NOT_FIT.test(text)) return parse(text)
  try {
    return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
  } catch {
    return undefined
  }
}

/** An object, read exactly; undefined where the text is none. */
export function parseFields(text: string): Fields | undefined {
  const value = parseExact(text)
  return isFields(value) ? value : undefined
}

/** The text of a member of a JSON object, as it stands there; undefined where it has none, or is no object. */
export function memberText(text: string, ...path: readonly string[]): string | undefined {
  let found: string | undefined = text
  for (const key of path) {
    if (found === undefined) return undefined
    const within: string = found
    const member = topLevelMembers(within)?.findLast((each) => each.key === key)
    found = member && within.slice(member.valueStart, member.valueEnd)
  }
  return found
}

/** Sixteen digits in a row, or an exponent: most bodies have neither, and are parsed at full speed. */
const MAY_NOT_FIT = /[0-9]{16}|[0-9][eE][-+]?[0-9]/

type Source = { readonly source?: string }

/** A reviver is told the text of a scalar, and `rawJSON` writes such a text as it stands (ECMAScript 2025). */
function keepDigits(_key: string, value: unknown, { source }: Source): unknown {
  return typeof value !== 'number' || source === undefined || fits(value, source) ? value : rawJSON(source)
}

/** A fraction that is written as it was read loses nothing, however long it is. */
function fits(value: number, source: string): boolean {
  if (Number.isInteger(value)) return Number.isSafeInteger(value)
  const written = String(value)
  return Number.isFinite(value) && (written === source || written.length < 17)
}

const { rawJSON, isRawJSON: isRaw } = JSON as unknown as {
  rawJSON(text: string): unknown
  isRawJSON(value: unknown): value is { readonly rawJSON: string }
}
