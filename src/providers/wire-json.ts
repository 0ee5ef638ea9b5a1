/** JSON from outside, looked into without trusting its types. What the wires that convert requests and replies share. */
import { topLevelMembers } from '../lib/json-scan.ts'

export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Its objects; nothing where the value is no list. */
export const fieldsIn = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Undefined: the text is no JSON object. */
export function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = LONG_DIGITS.test(text) ? JSON.parse(text, exactly) : JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Integers of more digits than a double holds must be written again as they were read. */
const LONG_DIGITS = /[0-9]{16}/
const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON

function exactly(_key: string, value: unknown, { source }: { source?: string } = {}): unknown {
  const isInexact = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
  return isInexact && source !== undefined && /^-?[0-9]+$/.test(source) ? raw(source) : value
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

/** `data:image/png;base64,…` → its parts; undefined where it is anything else. */
export function dataUrl(url: string): { readonly mediaType: string; readonly data: string } | undefined {
  if (!url.startsWith('data:')) return undefined
  const comma = url.indexOf(',')
  const match = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+)(?:;[a-z0-9=_.+-]+)*;base64$/i.exec(url.slice(0, Math.max(comma, 0)))
  return match?.[1] === undefined ? undefined : { mediaType: match[1].toLowerCase(), data: url.slice(comma + 1) }
}
