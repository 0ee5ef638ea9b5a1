/** One id for each reply: in its header, in bodies, and in the log. */
import type { IncomingMessage } from 'node:http'
import { systemRandom } from './lib/random.ts'

const ids = new WeakMap<object, string>()

/** 32 hex digits, the same for every question about one request. */
export function requestIdOf(raw: IncomingMessage): string {
  const known = ids.get(raw)
  if (known !== undefined) return known
  const made = Buffer.from(systemRandom.bytes(16)).toString('hex')
  ids.set(raw, made)
  return made
}
