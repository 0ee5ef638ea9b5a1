/** The secret that a request carries: `Authorization: Bearer`, else `x-api-key`. */
import type { IncomingHttpHeaders } from 'node:http'

const LONGEST = 512

export function secretOf(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const own = headers['x-api-key']
  const secret = bearer ?? (typeof own === 'string' ? own.trim() : undefined)
  return secret !== undefined && secret.length <= LONGEST ? secret : undefined
}
