/** What a wire has no place for: refused by name where it would change the answer, else named to the client, never lost. */
import { type Fields, isFields } from './json-fields.ts'
import { UpstreamFailure } from './provider.ts'

/** For the caller to throw. `param` is the path of the field in the client's request. */
export const unsupported = (param: string, problem: string): UpstreamFailure =>
  new UpstreamFailure('unsupported', `${param}: ${problem}`, { param })

/** What is left out, each once, whatever the number of places; told to the client in `X-Turnpike-Ignored`. */
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

/** Members that Turnpike acts on itself, or that say nothing to a model. */
export const OWN_MEMBERS: readonly string[] = [
  'model',
  'models',
  'stream',
  'stream_options',
  'usage',
  'route',
  'provider',
  'session_id',
  'trace',
  'debug',
  'metadata',
]

/** Members whose value asks for nothing: it is the one that holds without them. */
export function asksForNothing(member: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true
  if (typeof value === 'number') return value === NEUTRAL[member]
  if (Array.isArray(value)) return value.length === 0
  return isFields(value) && Object.keys(value).length === 0
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

/** Members that are in the body and that the conversion did not know. */
export function ignoreUnknown(body: Fields, known: ReadonlySet<string>, ignored: Ignored): void {
  for (const [member, value] of Object.entries(body))
    if (!known.has(member) && !asksForNothing(member, value)) ignored.add(member)
}
