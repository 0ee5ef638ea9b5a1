/**
 * A request to write down what was said: a form with a file, or JSON with the same in base64. Either way the words
 * about it become one JSON body, which is read as any other, and the file goes up beside them.
 */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { refuse } from '../contract/errors.ts'
import { ModelRequest } from '../contract/model-request.ts'
import { soundLength } from '../core/sound-length.ts'
import type { UpstreamForm } from '../providers/provider.ts'
import { type Call, plainCall } from './call.ts'
import { type Form, readForm, type UploadedFile } from './read-form.ts'
import { type JsonBody, openJson, parsed, validated } from './read-json.ts'

export async function readTranscription(bytes: Buffer, headers: IncomingHttpHeaders): Promise<Call> {
  const isForm = /^multipart\//i.test(headers['content-type'] ?? '')
  const { words, file, fields } = isForm ? ofForm(await readForm(bytes, headers, 'file')) : ofJson(openJson(bytes))
  const param = isForm ? 'file' : 'input_audio.data'
  if (file.bytes.length === 0) throw refuse('invalid_request', `${param} is empty: expected audio`, { param })
  const body = openJson(Buffer.from(JSON.stringify(words)))
  const call = plainCall(body, validated(ModelRequest, body), headers)
  const fingerprint = fingerprintOf(body.text, file)
  const form: UpstreamForm = {
    fields: fields.filter(([name]) => !isOurs(name)),
    file,
    // Holds a hash of all that it separates, so that it cannot stand in it.
    boundary: `turnpike-${fingerprint}`,
  }
  return {
    ...call,
    api: 'audio/transcriptions',
    idempotency: call.idempotency && { ...call.idempotency, fingerprint },
    sound: { kind: 'recording', form, length: soundLength(file.bytes) },
  }
}

/** Of the file and of every word about it; each of known length, so that nothing can move from one to another. */
function fingerprintOf(text: string, { name, type, bytes }: UploadedFile): string {
  const head = JSON.stringify([text, name, type, bytes.length])
  return createHash('sha256').update(head).update(bytes).digest('hex')
}

/** Acted on here, or routing that no provider defines. `stream` goes up; what asks for usage is OpenAI's chat alone. */
const OURS =
  /^(?:model|models|usage|stream_options|provider|plugins|transforms|route|session_id|trace|debug|metadata)(?:\[|$)/
const isOurs = (name: string): boolean => OURS.test(name)

type Read = {
  readonly words: Readonly<Record<string, unknown>>
  readonly file: UploadedFile
  readonly fields: UpstreamForm['fields']
}

/** Fields that we read ourselves have one value: which of two would count upstream is not ours to guess. */
const READ_ONCE: ReadonlySet<string> = new Set(['model', 'stream', 'response_format', 'usage[include]', 'user'])

function ofForm({ fields, file }: Form): Read {
  const words = new Map<string, unknown>()
  for (const [name, value] of fields) {
    if (READ_ONCE.has(name) && words.has(name))
      throw refuse('invalid_request', `${name} stands twice in the form`, { param: name })
    words.set(name, words.has(name) ? [words.get(name), value].flat() : value)
  }
  if (!file) throw refuse('invalid_request', 'file is missing: expected audio as a part named file', { param: 'file' })
  const include = words.get('usage[include]')
  words.delete('usage[include]')
  return {
    words: {
      ...Object.fromEntries(words),
      ...(words.has('stream') ? { stream: booleanOf('stream', words.get('stream')) } : {}),
      ...(include === undefined ? {} : { usage: { include: booleanOf('usage[include]', include) } }),
    },
    file: { name: safeName(file.name), type: safeType(file.type), bytes: file.bytes },
    fields,
  }
}

function booleanOf(name: string, value: unknown): boolean {
  const text = String(value).toLowerCase()
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0' || text === '') return false
  throw refuse('invalid_request', `${name}: expected true or false`, { param: name })
}

const InputAudio = z.object({
  input_audio: z.object(
    {
      data: z.string('expected audio in base64').min(1, 'expected audio in base64'),
      format: z
        .string('expected the name of a format, such as wav')
        .regex(/^[a-z0-9]{1,8}$/i, 'expected the name of a format, such as wav'),
    },
    'expected audio: {"data": "<base64>", "format": "wav"}',
  ),
})

function ofJson(body: JsonBody): Read {
  const { input_audio } = validated(InputAudio, body)
  const words = wordsOf(body)
  const format = input_audio.format.toLowerCase()
  const file = { name: `audio.${format}`, type: `audio/${format}`, bytes: decoded(input_audio.data) }
  return { words, file, fields: Object.entries(words).flatMap(([name, value]) => fieldsOf(name, value)) }
}

/** Beside the audio; parsed one by one, since the whole may be large. */
const MOST_WORDS = 262_144

function wordsOf({ text, members }: JsonBody): Record<string, unknown> {
  const others = members.filter(({ key }) => key !== 'input_audio')
  const length = others.reduce((sum, { valueStart, valueEnd }) => sum + valueEnd - valueStart, 0)
  if (length > MOST_WORDS) throw refuse('payload_too_large', 'What stands beside input_audio is too long')
  return Object.fromEntries(
    others.map(({ key, valueStart, valueEnd }) => [key, parsed(text.slice(valueStart, valueEnd))]),
  )
}

function decoded(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  const said = text.length - (/={1,2}$/.exec(text)?.[0].length ?? 0)
  if (bytes.length !== Math.floor((said * 3) / 4))
    throw refuse('invalid_request', 'input_audio.data is not valid base64', { param: 'input_audio.data' })
  return bytes
}

/** As clients put the same into a form. */
function fieldsOf(name: string, value: unknown): (readonly [string, string])[] {
  if (!/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(name))
    throw refuse('invalid_request', `${JSON.stringify(name.slice(0, 64))} is not the name of a field`)
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.map((each) => [`${name}[]`, textOf(each)] as const)
  return [[name, textOf(value)]]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Providers go by its ending; nothing else of it is the client's. */
const safeName = (name: string): string => name.replace(/[^\w. -]/g, '_').slice(-100) || 'audio'
const safeType = (type: string): string =>
  /^[a-z0-9.+-]{1,40}\/[a-z0-9.+-]{1,60}$/i.test(type) ? type : 'application/octet-stream'
