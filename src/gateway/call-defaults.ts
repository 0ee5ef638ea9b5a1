/** What a key says for its calls where they say nothing themselves. */
import type { CallDefaults } from '../core/caller.ts'
import type { Call } from './call.ts'

export function withDefaults(call: Call, { includeUsage, user, metadata }: CallDefaults): Call {
  if (!includeUsage && user === null && metadata === null) return call
  const { details } = call
  return {
    ...call,
    asked: call.asked || includeUsage,
    details: { ...details, endUser: details.endUser ?? user, metadata: bothOf(metadata, details.metadata) },
  }
}

/** Of the same name the call's own tag holds. */
function bothOf(defaults: string | null, own: string | null): string | null {
  if (defaults === null || own === null) return defaults ?? own
  return JSON.stringify({ ...(JSON.parse(defaults) as object), ...(JSON.parse(own) as object) })
}
