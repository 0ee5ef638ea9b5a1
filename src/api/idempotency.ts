/** The name under which a request is done once: who asks, for what, by which key, with what content. */

import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { refuse } from '../contract/errors.ts'
import type { Operation } from '../contract/operation.ts'
import type { Caller } from '../core/caller.ts'
import type { Idempotency } from '../core/ledger-commands.ts'

export function idempotencyOf(
  { name }: Operation,
  headers: IncomingHttpHeaders,
  { principal }: Caller,
  content: unknown,
): Idempotency | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw refuse('invalid_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters', {
      param: 'Idempotency-Key',
    })
  return { principal, operation: name, key, fingerprint: fingerprintOf(content) }
}

/** The same content has the same one, however its members were ordered. */
export const fingerprintOf = (content: unknown): string => hash('sha256', canonicalJson(content), 'hex')

/** RFC 8785: members in the order of their UTF-16 names, no white space. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
}
