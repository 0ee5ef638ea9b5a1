/** The parts of a message's content, from OpenAI's form to Google's: text, and media in the request or by address. */
import type { Ignored } from '../contract/ignored.ts'
import { type Fields, fieldsOf, isFields, someText } from './json-fields.ts'
import { unsupported } from './unsupported.ts'

/** `path` names the message in errors: `messages.3.content`. */
export function contentParts(content: unknown, path: string, ignored: Ignored): Fields[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }]
  if (!Array.isArray(content)) throw unsupported(path, 'expected text or a list of parts')
  return content.flatMap((part: unknown, place) => partOf(part, `${path}.${place}`, ignored))
}

/** What of a content is only text, as instructions and results of tools are. */
export function textOnly(content: unknown, path: string, ignored: Ignored): string {
  const parts = contentParts(content, path, ignored)
  return parts
    .map((part, place) => {
      if (typeof part.text !== 'string')
        throw unsupported(`${path}.${place}`, 'only text can stand here at this provider')
      return part.text
    })
    .join('\n')
}

function partOf(part: unknown, path: string, ignored: Ignored): Fields[] {
  if (!isFields(part)) throw unsupported(path, 'expected an object')
  if (part.cache_control !== undefined) ignored.add('cache_control')
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return someText(part.text) === undefined ? [] : [{ text: part.text }]
    case 'refusal':
      return someText(part.refusal) === undefined ? [] : [{ text: part.refusal }]
    case 'image_url':
      return [imagePart(part.image_url, `${path}.image_url`, ignored)]
    case 'video_url':
      return [media(addressOf(part.video_url), `${path}.video_url.url`)]
    case 'input_audio':
      return [audioPart(fieldsOf(part.input_audio), `${path}.input_audio`)]
    case 'file':
      return [filePart(fieldsOf(part.file), `${path}.file`)]
    default:
      throw unsupported(`${path}.type`, `parts of type ${shown(part.type)} cannot be sent to this provider`)
  }
}

function imagePart(image: unknown, path: string, ignored: Ignored): Fields {
  const detail = fieldsOf(image).detail
  if (detail !== undefined && detail !== null && detail !== 'auto') ignored.add('image_url.detail')
  return media(addressOf(image), `${path}.url`)
}

const addressOf = (holder: unknown): string | undefined => someText(holder) ?? someText(fieldsOf(holder).url)

function audioPart({ data, format }: Fields, path: string): Fields {
  const base64 = someText(data)
  if (base64 === undefined) throw unsupported(`${path}.data`, 'expected base64')
  if (base64.startsWith('data:')) return media(base64, `${path}.data`)
  return { inlineData: { mimeType: `audio/${someText(format) ?? 'wav'}`, data: base64 } }
}

function filePart({ file_data, file_url, file_id, filename }: Fields, path: string): Fields {
  if (file_id !== undefined && file_id !== null)
    throw unsupported(`${path}.file_id`, 'files kept at another provider cannot be sent; give file_data')
  const address = someText(file_data) ?? someText(file_url)
  const base64 = address !== undefined && !/^[a-z]+:/i.test(address)
  const type = base64 ? (typeByName(someText(filename)) ?? 'application/pdf') : undefined
  return media(base64 ? `data:${type};base64,${address}` : address, `${path}.file_data`)
}

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/i

/** Bytes in the request, or the address of what the provider fetches itself. */
function media(address: string | undefined, path: string): Fields {
  if (address === undefined) throw unsupported(path, 'expected a data URL or an address')
  const [head, type = '', parameters = ''] = DATA_URL.exec(address.slice(0, 512)) ?? []
  if (head === undefined) return linked(address, path)
  const rest = address.slice(head.length)
  const data = /;base64$/i.test(parameters) ? rest : Buffer.from(decoded(rest, path)).toString('base64')
  return { inlineData: { mimeType: type === '' ? 'text/plain' : type, data } }
}

function decoded(text: string, path: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw unsupported(path, 'the data URL is not valid')
  }
}

function linked(address: string, path: string): Fields {
  if (!/^(https?|gs):\/\//i.test(address)) throw unsupported(path, 'expected a data:, https:, http: or gs: address')
  const mimeType = typeByName(address.replace(/[?#].*$/s, ''))
  return { fileData: { ...(mimeType === undefined ? {} : { mimeType }), fileUri: address } }
}

function typeByName(name: string | undefined): string | undefined {
  const extension = /\.([a-z0-9]{2,5})$/i.exec(name ?? '')?.[1]?.toLowerCase()
  return extension === undefined ? undefined : TYPES.get(extension)
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
  ['gif', 'image/gif'],
  ['heic', 'image/heic'],
  ['heif', 'image/heif'],
  ['mp3', 'audio/mp3'],
  ['wav', 'audio/wav'],
  ['aac', 'audio/aac'],
  ['ogg', 'audio/ogg'],
  ['flac', 'audio/flac'],
  ['mp4', 'video/mp4'],
  ['mpeg', 'video/mpeg'],
  ['mov', 'video/mov'],
  ['webm', 'video/webm'],
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['json', 'application/json'],
])

/** For an error's sentence. */
export const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : String(typeof value)
