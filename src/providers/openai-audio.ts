/** Sound over OpenAI's wire: files that go up as forms, speech that comes back as bytes, and the events of both as streams. */
import type { Headers } from './http-exchange.ts'
import { UpstreamFailure, type UpstreamForm } from './provider.ts'
import { readReply } from './upstream-error.ts'
import type { Outgoing, Wire, WireOut } from './wire.ts'

/** The form as it goes up; `headers` are those of the provider's JSON bodies. */
export function formBody(
  { fields, file, boundary }: UpstreamForm,
  model: string,
  headers: Readonly<Record<string, string>>,
): Pick<Outgoing, 'headers' | 'body'> {
  const part = (disposition: string) => `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`
  const texts = [['model', model] as const, ...fields].map(
    ([name, value]) => `${part(`name="${name}"`)}\r\n${value}\r\n`,
  )
  const opening = `${part(`name="file"; filename="${file.name}"`)}Content-Type: ${file.type}\r\n\r\n`
  return {
    headers: { ...headers, 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(texts.join('') + opening), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  }
}

/** What is sent as sound; all else in a 200 (a page, an error object) is none. */
const SOUND = /^(?:audio\/[a-z0-9.+-]+|application\/(?:octet-stream|ogg))(?:;[ -~]*)?$/i

export const speechWire: Wire = {
  bytes(status, headers, body) {
    if (status !== 200) return undefined
    const contentType = typeOf(headers) ?? 'application/octet-stream'
    if (!SOUND.test(contentType)) return undefined
    return body.length > 0
      ? { contentType, bytes: body }
      : new UpstreamFailure('invalid', 'the reply has no sound in it', { status })
  },
  whole: (status, headers, body) => failureIn(status, headers, body, 'the reply is no sound'),
  stream: (status, _headers, out) => readEvents(status, out),
}

/** Formats other than JSON: plain text and subtitles. A page is neither. */
const WRITTEN = /^(?:text\/(?!html)[a-z0-9.+-]+|application\/(?:x-subrip|octet-stream))(?:;[ -~]*)?$/i

export const transcriptionWire: Wire = {
  bytes(status, headers, body) {
    const contentType = typeOf(headers) ?? ''
    return status === 200 && WRITTEN.test(contentType) ? { contentType, bytes: body } : undefined
  },
  whole(status, headers, body) {
    const parsed = readReply(status, headers, body)
    if (parsed instanceof UpstreamFailure) return parsed
    return typeof parsed.text === 'string'
      ? { body, parsed }
      : new UpstreamFailure('invalid', 'the reply has no text in it', { status })
  },
  stream: (status, _headers, out) => readEvents(status, out),
}

const typeOf = (headers: Headers): string | undefined => {
  const type = headers['content-type']
  return typeof type === 'string' && type !== '' ? type : undefined
}

function failureIn(status: number, headers: Headers, body: string, otherwise: string): UpstreamFailure {
  const read = readReply(status, headers, body)
  return read instanceof UpstreamFailure ? read : new UpstreamFailure('invalid', otherwise, { status })
}

/** Inside of a string the quotes would be escaped: only members look like these. */
const IS_LAST = /"type"\s*:\s*"(?:speech\.audio|transcript\.text)\.done"/
const IS_ERROR = /"error"\s*:\s*[^n\s]|"type"\s*:\s*"error"/

/** Nothing that counts comes after the event that says `done`. */
function readEvents(status: number, out: WireOut): ReturnType<Wire['stream']> {
  let begun = false
  return {
    event({ data }) {
      if (data === '[DONE]') return out.end()
      if (!begun || IS_ERROR.test(data)) {
        const read = readReply(status, {}, data)
        if (read instanceof UpstreamFailure) return out.end(read)
        if (!begun) out.begin(read)
        begun = true
      }
      out.chunk(data)
      if (IS_LAST.test(data)) out.end()
    },
  }
}
