/** What of a call a wire has no word for, found by carrying it over without sending it. */
import { UpstreamFailure } from './provider.ts'

/** `convert` gives the members it would ignore, and throws where it refuses the call for one. */
export function unmetBy(convert: () => readonly string[] | undefined): readonly string[] {
  try {
    return convert() ?? []
  } catch (failure) {
    if (failure instanceof UpstreamFailure) return [failure.param ?? 'body']
    throw failure
  }
}
