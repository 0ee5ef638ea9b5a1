/** Secrets that callers show: made from 256 random bits, kept as a hash, named by a label. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { Random } from './random.ts'

const SECRET_BYTES = 32

/** `newSecret('sk-tp', random)` = `sk-tp-` and 64 hexadecimal digits. */
export const newSecret = (prefix: string, random: Random): string =>
  `${prefix}-${Buffer.from(random.bytes(SECRET_BYTES)).toString('hex')}`

/** SHA-256 in lower-case hexadecimal. A plain hash is enough for a secret that nobody can guess. */
export const hashSecret = (secret: string): string => hash('sha256', secret, 'hex')

/** Compares in a time that says nothing about where, or in which length, the two differ. */
export const sameSecret = (a: string, b: string): boolean =>
  timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))

/**
 * `sk-tp-1f3...9c2`: enough to tell one's own secrets apart. A secret in another form shows no prefix, and one too short to
 * keep most of it back shows nothing.
 */
export function secretLabel(secret: string): string {
  const prefix = /^[a-z]{2}-tp-/.exec(secret)?.[0] ?? ''
  const body = secret.slice(prefix.length)
  return body.length < MIN_LABELLED ? `${prefix}...` : `${prefix}${body.slice(0, SHOWN)}...${body.slice(-SHOWN)}`
}

const SHOWN = 3
const MIN_LABELLED = 8 * SHOWN
