/** Parts of messages as content blocks: texts, images, documents. What a block cannot say is refused by its place. */
import type { Ignored } from '../contract/ignored.ts'
import { cacheControl } from './anthropic-tools.ts'
import { type Fields, isFields, textOf } from './json-fields.ts'
import { unsupported } from './unsupported.ts'

/** `at` is where the content stands, for the error: `messages[3].content`. Texts without a character are left out: blocks may not be empty. */
export function blocksOf(content: unknown, at: string, ignored: Ignored): Fields[] {
  if (content === undefined || content === null || content === '') return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw unsupported(at, 'expected text or a list of parts')
  return content.flatMap((part, index) => blockOf(part, `${at}[${index}]`, ignored))
}

function blockOf(part: unknown, at: string, ignored: Ignored): Fields[] {
  if (typeof part === 'string') return part === '' ? [] : [{ type: 'text', text: part }]
  if (!isFields(part)) throw unsupported(at, 'expected an object')
  switch (part.type) {
    case 'text':
    case 'refusal': {
      const text = textOf(part.type === 'refusal' ? part.refusal : part.text)
      return text === '' ? [] : [{ type: 'text', text, ...cacheControl(part) }]
    }
    case 'image_url':
      return [imageOf(part, at, ignored)]
    case 'file':
      return [documentOf(part, at)]
    // Blocks that chat has no part for pass as Anthropic defines them.
    case 'document':
    case 'search_result':
      return [part]
    default:
      throw unsupported(at, `a part of type ${String(part.type).slice(0, 64)} is not offered by this provider`)
  }
}

function imageOf(part: Fields, at: string, ignored: Ignored): Fields {
  const image = isFields(part.image_url) ? part.image_url : { url: part.image_url }
  if (image.detail !== undefined && image.detail !== null && image.detail !== 'auto') ignored.add('image_url.detail')
  return { type: 'image', source: sourceOf(textOf(image.url), `${at}.image_url`), ...cacheControl(part, image) }
}

function documentOf(part: Fields, at: string): Fields {
  const file = isFields(part.file) ? part.file : {}
  if (typeof file.file_data !== 'string')
    throw unsupported(`${at}.file`, 'this provider takes files as file_data: a data URL or an address')
  const source = sourceOf(file.file_data, `${at}.file.file_data`)
  const isText = typeof source.media_type === 'string' && source.media_type.startsWith('text/')
  const title = typeof file.filename === 'string' && file.filename !== '' ? { title: file.filename.slice(0, 500) } : {}
  const plain = { type: 'text', media_type: 'text/plain', data: isText ? decoded(textOf(source.data)) : '' }
  return { type: 'document', source: isText ? plain : source, ...title, ...cacheControl(part, file) }
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')

function sourceOf(url: string, at: string): Fields {
  if (/^https?:\/\//i.test(url)) return { type: 'url', url }
  const data = dataUrl(url)
  if (!data) throw unsupported(at, 'expected a data URL in base64 or an http address')
  return { type: 'base64', media_type: data.mediaType, data: data.data }
}

/** `data:image/png;base64,…` → its parts; undefined where it is anything else. */
function dataUrl(url: string): { readonly mediaType: string; readonly data: string } | undefined {
  if (!url.startsWith('data:')) return undefined
  const comma = url.indexOf(',')
  const match = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+)(?:;[a-z0-9=_.+-]+)*;base64$/i.exec(url.slice(0, Math.max(comma, 0)))
  return match?.[1] === undefined ? undefined : { mediaType: match[1].toLowerCase(), data: url.slice(comma + 1) }
}
