/** What a wire has no place for, and without which the answer would be another one: refused by name. */
import type { Ignored } from '../contract/ignored.ts'
import { listOf, textOf } from './json-fields.ts'
import { UpstreamFailure } from './provider.ts'

/** For the caller to throw. `param` is the path of the field in the client's request. */
export const unsupported = (param: string, problem: string): UpstreamFailure =>
  new UpstreamFailure('unsupported', `${param}: ${problem}`, { param })

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

/** Options of a search without which the answer would rest on pages that the client has ruled out. */
export const RESTRICTS: ReadonlySet<string> = new Set(['allowed_domains', 'blocked_domains'])
export const RESTRICTION = 'searches cannot be kept to some domains at this provider'

/** OpenRouter's plugins, of which a provider acts upon those alone that it has words for. */
export function namePlugins(plugins: unknown, ignored: Ignored, actedUpon?: string): void {
  for (const { id, enabled } of listOf(plugins))
    if (enabled !== false && id !== actedUpon) ignored.add(`plugins:${textOf(id)}`)
}
