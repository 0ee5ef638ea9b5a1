/** The body of a request, within its limits of size and time, as text. */
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import { refuse } from '../contract/errors.ts'
import type { Clock } from '../lib/clock.ts'

type Limits = {
  readonly bytes: number
  readonly ms: number
  readonly clock: Clock
  /** Whether a multipart form is taken, too. */
  readonly forms?: boolean
}

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json(?:\s*;|$)/i
const FORM_TYPE = /^multipart\/form-data(?:\s*;|$)/i

/** How long a body may take to arrive. */
export const BODY_MS = 60_000

const decompress: Readonly<Record<string, (body: Buffer, most: number) => Promise<Buffer>>> = {
  gzip: (body, most) => promisify(gunzip)(body, { maxOutputLength: most }) as Promise<Buffer>,
  br: (body, most) => promisify(brotliDecompress)(body, { maxOutputLength: most }) as Promise<Buffer>,
}

/** Throws `payload_too_large`, `unsupported_media_type` or `request_timeout`. */
export async function readBody(request: IncomingMessage, limits: Limits): Promise<Buffer> {
  const type = request.headers['content-type']
  if (type !== undefined && !JSON_TYPE.test(type) && !(limits.forms && FORM_TYPE.test(type)))
    throw refuse(
      'unsupported_media_type',
      limits.forms
        ? 'The body must be a form or JSON: send content-type: multipart/form-data or application/json'
        : 'The body must be JSON: send content-type: application/json',
    )
  if (Number(request.headers['content-length'] ?? 0) > limits.bytes) throw refuse('payload_too_large')
  const body = await collect(request, limits)
  const encoding = request.headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return body
  const expand = decompress[encoding.toLowerCase()]
  if (!expand) throw refuse('unsupported_media_type', 'The body may be compressed with gzip or br')
  try {
    return await expand(body, limits.bytes)
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw refuse('payload_too_large')
    throw refuse('invalid_request', `The body is not valid ${encoding}`)
  }
}

function collect(request: IncomingMessage, { bytes, ms, clock }: Limits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const timer = clock.after(ms, () => reject(refuse('request_timeout')))
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= bytes) chunks.push(chunk)
      else {
        timer.cancel()
        reject(refuse('payload_too_large'))
      }
    })
    request.once('end', () => {
      timer.cancel()
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
    })
    request.once('error', () => {
      timer.cancel()
      reject(refuse('request_timeout'))
    })
  })
}
