/** What of a request is left out on its way to a provider: it only advised, and the client is told its name. */

/** Each once, whatever the number of places; told in `X-Turnpike-Ignored`. */
export type Ignored = {
  /** The name of a member, or its path. */
  add(name: string): void
  names(): readonly string[]
}

/** They go out in a header: a request with more unknown members than this is told their number. */
const MOST_NAMES = 32
const MOST_CHARACTERS = 64
/** The client wrote the names: all else could end the header, or the name. The sign that stands for it is in no name. */
const NOT_IN_NAMES = /[^\w.:[\]-]/g

export function createIgnored(): Ignored {
  const names = new Set<string>()
  return {
    add: (name) => void names.add(name.slice(0, MOST_CHARACTERS).replace(NOT_IN_NAMES, '?')),
    names() {
      const told = [...names].slice(0, MOST_NAMES)
      return names.size > told.length ? [...told, `and ${names.size - told.length} more`] : told
    },
  }
}

/** Members whose value asks for nothing: it is the one that holds without them. */
export function asksForNothing(member: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true
  if (typeof value === 'number') return value === NEUTRAL[member]
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && Object.keys(value).length === 0
}

const NEUTRAL: Readonly<Record<string, number>> = {
  n: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
  repetition_penalty: 1,
  top_logprobs: 0,
  min_p: 0,
  top_a: 0,
}

/** Members that the conversion did not know, under the path of what holds them. */
export function ignoreUnknown(
  body: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  ignored: Ignored,
  path = '',
): void {
  for (const [member, value] of Object.entries(body))
    if (!known.has(member) && !asksForNothing(member, value)) ignored.add(path + member)
}
