/** What a wire has no place for: refused by name where it would change the answer, else named to the client. */
import { UpstreamFailure } from './provider.ts'

/** For the caller to throw. `param` is the path of the field in the client's request. */
export const unsupported = (param: string, problem: string): UpstreamFailure =>
  new UpstreamFailure('unsupported', `${param}: ${problem}`, { param })

/** Paths of what was left out, each once, whatever the number of places. */
export type Ignored = { add(path: string): void; readonly paths: () => readonly string[] }

/** They go out in a header: a request with more unknown members than this is told their number. */
const MOST_PATHS = 32
const MOST_CHARACTERS = 64

export function createIgnored(): Ignored {
  const paths = new Set<string>()
  return {
    add: (path) => void paths.add(path.slice(0, MOST_CHARACTERS).replace(/[^!-+\--~]/g, '?')),
    paths() {
      const told = [...paths].slice(0, MOST_PATHS)
      return paths.size > told.length ? [...told, `and ${paths.size - told.length} more`] : told
    },
  }
}
