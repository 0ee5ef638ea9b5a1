/**
 * Which requests a session counts for: those of the dashboard's own pages. A browser says where a request came from, in
 * headers that no page can set; another site's page may send the cookie along, and is nobody here.
 */
import type { FastifyRequest } from 'fastify'
import { refuse } from '../contract/errors.ts'
import type { Settings } from '../contract/settings.ts'

type Asked = Pick<FastifyRequest, 'headers' | 'method' | 'host'>

/** Whether a page of this origin sent it. For a read it is enough that nothing speaks against it: no other page gets to see the answer. */
export function isOwnPage(request: Asked): boolean {
  const said = origin(request)
  return isRead(request) ? said !== 'other' : said === 'own'
}

/** Whether it may ask to sign in: only a page of another origin may not. What says nothing of pages is no browser. */
export const mayAsk = (request: Asked): boolean => origin(request) !== 'other'

/** Throws where a change comes as anything that a form of another site could send. */
export function demandJson({ headers, method }: Pick<FastifyRequest, 'headers' | 'method'>): void {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  if (isRead({ method }) || !hasBody || /^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '')) return
  throw refuse('unsupported_media_type', 'The body must be JSON: send content-type: application/json')
}

const isRead = ({ method }: Pick<FastifyRequest, 'method'>): boolean => method === 'GET' || method === 'HEAD'

function origin(request: Asked): 'own' | 'other' | 'unsaid' {
  const { headers, host } = request
  const site = headers['sec-fetch-site']
  // `none`: typed into the address bar, or opened from a bookmark. That is how a page is read, never how one writes.
  if (site === 'none') return isRead(request) ? 'unsaid' : 'other'
  if (site !== undefined) return site === 'same-origin' ? 'own' : 'other'
  if (headers.origin === undefined) return 'unsaid'
  return URL.parse(headers.origin)?.host === host.toLowerCase() ? 'own' : 'other'
}

/** Where people reach the dashboard: as it is set, else as this request did. */
export const originOf = (request: FastifyRequest, { publicUrl }: Pick<Settings, 'publicUrl'>): string =>
  publicUrl?.replace(/\/+$/, '') ?? `${request.protocol}://${request.host}`
