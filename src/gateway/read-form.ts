/** A multipart form from outside: a few short fields and one file, every part of it bounded, or the reason why not. */
import type { IncomingHttpHeaders } from 'node:http'
import { Busboy } from '@fastify/busboy'
import { type Refused, refuse } from '../contract/errors.ts'

export type UploadedFile = { readonly name: string; readonly type: string; readonly bytes: Buffer }
export type Form = {
  /** In their order; a name may come again. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly file: UploadedFile | undefined
}

const MOST_FIELDS = 64
const MOST_FIELD_BYTES = 65_536
const MOST_NAME_BYTES = 64
const LIMITS = {
  // One more than is taken, since the parser is silent where a limit is just reached.
  fieldNameSize: MOST_NAME_BYTES + 1,
  fieldSize: MOST_FIELD_BYTES,
  fields: MOST_FIELDS,
  files: 1,
  parts: MOST_FIELDS + 2,
  headerPairs: 16,
  headerSize: 4_096,
}
const NAME = /^[A-Za-z][A-Za-z0-9_.-]*(?:\[[A-Za-z0-9_-]*\])?$/

/** Throws `invalid_request`, or `payload_too_large` for a field. The file is the part of that name. */
export function readForm(body: Buffer, headers: IncomingHttpHeaders, fileName: string): Promise<Form> {
  return new Promise((resolve, reject) => {
    const fields: (readonly [string, string])[] = []
    let file: { name: string; type: string; chunks: Buffer[] } | undefined
    let over = false
    const fail = (refused: Refused) => {
      over = true
      reject(refused)
    }
    const parser = openParser(headers)
    parser.on('field', (name: string | undefined, value, _nameCut, valueCut) => {
      if (over) return
      if (valueCut) fail(refuse('payload_too_large', `${shown(name)}: the field is too long`))
      else if (!isName(name)) fail(refuse('invalid_request', `${shown(name)} is not the name of a field`))
      else if (name === fileName) fail(refuse('invalid_request', `${name}: expected a file`, { param: name }))
      else fields.push([name, value])
    })
    // The parser hands on what is not there as undefined, whatever its types say.
    parser.on('file', (name: string | undefined, stream, filename, _encoding, type) => {
      stream.on('error', () => fail(malformed()))
      if (over || name !== fileName) {
        stream.resume()
        if (!over) fail(refuse('invalid_request', `${shown(name)}: the only file is \`${fileName}\``))
        return
      }
      const chunks: Buffer[] = []
      file = { name: filename ?? '', type: type ?? '', chunks }
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    })
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
      parser.on(limit, () => fail(refuse('invalid_request', 'The form has too many parts')))
    parser.on('error', () => fail(malformed()))
    parser.on('finish', () =>
      resolve({ fields, file: file && { name: file.name, type: file.type, bytes: Buffer.concat(file.chunks) } }),
    )
    try {
      parser.end(body)
    } catch {
      fail(malformed())
    }
  })
}

/** Throws where the header has no boundary. */
function openParser(headers: IncomingHttpHeaders) {
  try {
    return new Busboy({ headers: { ...headers, 'content-type': headers['content-type'] ?? '' }, limits: LIMITS })
  } catch {
    throw malformed()
  }
}

const malformed = (): Refused => refuse('invalid_request', 'The body is not a valid multipart form')

const isName = (name: string | undefined): name is string =>
  name !== undefined && name.length <= MOST_NAME_BYTES && NAME.test(name)

const shown = (name: string | undefined): string => JSON.stringify((name ?? '').slice(0, MOST_NAME_BYTES))
