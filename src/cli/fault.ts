/** What is wrong with the settings, in the words that the person at the terminal reads: what, where, and what to do. */
export type Place = { readonly file: string; readonly line: number; readonly column: number }

export type Fault = { readonly message: string; readonly place?: Place }

/** `turnpike: turnpike.yaml:6:5  unknown setting …` */
export function faultLine({ message, place }: Fault): string {
  return visible(place ? `turnpike: ${placeText(place)}  ${message}` : `turnpike: ${message}`)
}

export const placeText = ({ file, line, column }: Place): string => `${file}:${line}:${column}`

const LONGEST_SHOWN = 60

/**
 * A value from outside as it may be shown in one line: text in quotes, no control characters, not longer than a glance.
 */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a group of settings'
  return typeof value === 'string' ? JSON.stringify(shortened(value)) : shortened(String(value))
}

/** A name from outside, between the back quotes of a message. */
export const shownName = (name: string): string => `\`${JSON.stringify(shortened(name)).slice(1, -1)}\``

function shortened(text: string): string {
  const safe = visible(text)
  return safe.length > LONGEST_SHOWN ? `${safe.slice(0, LONGEST_SHOWN)}…` : safe
}

/** Control characters, direction marks and line ends go: what a file holds must not steer the terminal. */
export const visible = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')

/** `['models', 0, 'id']` → `models[0].id` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    const name = shortened(String(part))
    return text === '' ? name : `${text}.${name}`
  }, '')
}
