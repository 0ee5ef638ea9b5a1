/** One value of a reply as text. Money comes from the exact `decimal` beside it and is never computed with. */
import { decimalText, parseRatio } from '../lib/ratio.ts'
import { membersOf } from './pages.ts'

/** Text that stands for a number may begin with a minus, and lines up at the right. */
export type Cell = { readonly text: string; readonly isNumber: boolean }

/** `undefined`: unknown, which is not 0. */
export function cellAt(row: unknown, path: readonly string[]): Cell | undefined {
  const last = path.at(-1) ?? ''
  const holder = path.slice(0, -1).reduce<unknown>((outer, name) => membersOf(outer)[name], row)
  const exact = membersOf(membersOf(holder).decimal)[last]
  const value = membersOf(holder)[last]
  if (value === null || value === undefined) return undefined
  if (typeof exact === 'string') return { text: exact, isNumber: true }
  if (typeof value === 'number') return { text: plainNumber(value), isNumber: true }
  if (typeof value === 'string') return { text: value, isNumber: PLAIN_DECIMAL.test(value) }
  return { text: typeof value === 'boolean' ? String(value) : JSON.stringify(value), isNumber: false }
}

const PLAIN_DECIMAL = /^-?[0-9]+(\.[0-9]+)?$/

const MOST_PLACES = 30

/** `6.6e-7` → `0.00000066`: exponents are for machines. */
function plainNumber(value: number): string {
  const text = String(value)
  const exact = text.includes('e') ? parseRatio(text) : undefined
  return exact ? decimalText(exact, MOST_PLACES) : text
}

/** Every value of an object by its path; lists, and groups without a member, stay whole. */
export function pathsOf(value: unknown, outer: readonly string[] = []): string[][] {
  const names = Object.keys(membersOf(value)).filter((name) => name !== 'decimal')
  return names.flatMap((name) => {
    const path = [...outer, name]
    const inner = membersOf(value)[name]
    const isGroup = !Array.isArray(inner) && Object.keys(membersOf(inner)).length > 0
    return isGroup ? pathsOf(inner, path) : [path]
  })
}
