/** How a request is carried over to a wire that is not OpenAI's: what has no word there is refused or named, never lost. */
import { UpstreamFailure } from './provider.ts'
import { type Fields, isFields } from './wire-json.ts'

/** What a conversion leaves out, by the names of the members; told to the client in `X-Turnpike-Ignored`. */
export type Ignored = Set<string>

/** Without this member the request would mean something else. */
export const unsupported = (param: string, message: string): UpstreamFailure =>
  new UpstreamFailure('unsupported', `${param}: ${message}`, { param })

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

/** The names of all members that nobody has a word for, cut to what a header may hold. */
export function ignoredNames(ignored: Ignored): string[] {
  const names = [...ignored].map((name) => name.replace(/[^\w.:[\]-]/g, '_').slice(0, 64))
  return names.length > MOST_NAMES ? [...names.slice(0, MOST_NAMES), '...'] : names
}

const MOST_NAMES = 32

/** Members that are in the body and that the conversion did not know. */
export function ignoreUnknown(body: Fields, known: ReadonlySet<string>, ignored: Ignored): void {
  for (const [member, value] of Object.entries(body))
    if (!known.has(member) && !asksForNothing(member, value)) ignored.add(member)
}
