/** A part keeps its colour: on every screen, after filtering, and whatever its rank is. */

/** Marks are told from the ground at 3:1, in the light and in the dark. */
const LIGHT = ['blue-7', 'orange-8', 'teal-8', 'grape-7', 'red-8', 'lime-9', 'indigo-9', 'cyan-8', 'pink-7', 'green-8']
const DARK = ['blue-4', 'orange-4', 'teal-4', 'grape-4', 'red-4', 'lime-5', 'indigo-3', 'cyan-4', 'pink-4', 'green-5']

const COLOURS = LIGHT.length
export const OTHER_COLOUR = 'var(--series-other)'

/** The colours of parts that are seen together, the first ones first: each its own, as far as there are so many. */
export function coloursOf(values: readonly string[]): Map<string, string> {
  const taken = new Set<number>()
  const colours = new Map<string, string>()
  for (const value of values) {
    let colour = given.get(value) ?? hash(value) % COLOURS
    if (taken.size < COLOURS) while (taken.has(colour)) colour = (colour + 1) % COLOURS
    taken.add(colour)
    if (!given.has(value)) keep(value, colour)
    colours.set(value, `var(--series-${colour})`)
  }
  return colours
}

const STORE = 'turnpike.colours'
/** Of users of all kinds there may be any number. */
const MOST_KEPT = 500

/** From visit to visit; a browser that keeps nothing gives them anew. */
function remembered(): Map<string, number> {
  try {
    const pairs: unknown = JSON.parse(localStorage.getItem(STORE) ?? '[]')
    return new Map(Array.isArray(pairs) ? pairs.filter(isPair) : [])
  } catch {
    return new Map()
  }
}

const isPair = (pair: unknown): pair is [string, number] =>
  Array.isArray(pair) && typeof pair[0] === 'string' && Number.isInteger(pair[1]) && pair[1] >= 0 && pair[1] < COLOURS

const given = remembered()

function keep(value: string, colour: number): void {
  given.set(value, colour)
  if (given.size > MOST_KEPT) return
  try {
    localStorage.setItem(STORE, JSON.stringify([...given]))
  } catch {
    // The colour holds until the page is left.
  }
}

function hash(text: string): number {
  let sum = 5381
  for (const char of text) sum = (sum * 33 + (char.codePointAt(0) ?? 0)) % 4_294_967_291
  return sum
}

const variables = (names: readonly string[], other: string): Record<string, string> => ({
  ...Object.fromEntries(names.map((name, index) => [`--series-${index}`, `var(--mantine-color-${name})`])),
  '--series-other': `var(--mantine-color-${other})`,
})
export const seriesVariables = { light: variables(LIGHT, 'gray-6'), dark: variables(DARK, 'gray-5') }
