/** A keyed hash over several texts, so that personal values can be pointed at without being told. */
import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'

/** Clients say the same of themselves with each call: what was hashed before is remembered. */
const MOST_REMEMBERED = 1_000

/** 32 hex digits; which text ends where is part of what is hashed. */
export function createDetailsHash(key: string): (texts: readonly string[]) => string {
  const known = new LRUCache<string, string>({ max: MOST_REMEMBERED })
  return (texts) => {
    const text = JSON.stringify(texts)
    const seen = known.get(text)
    if (seen !== undefined) return seen
    const hash = createHmac('sha256', key).update(text).digest('hex').slice(0, 32)
    known.set(text, hash)
    return hash
  }
}
