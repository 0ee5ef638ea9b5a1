/** Writes down what it did not hear: sentences by the bytes of the recording, as long as that lasts, in every format. */
import { hash } from 'node:crypto'
import { wavSeconds } from '../lib/wav.ts'
import type { Counters } from './answer.ts'
import { type Behaviour, behaviourOf } from './behaviours.ts'
import { errorReply, type Reply, rawReply, type Step } from './reply.ts'
import { drawFrom, someSentences } from './sentences.ts'
import { brokenOff, durationUsageText, EVENT_STREAM, eventOf, soundUsageText } from './sound-reply.ts'

const FORMATS: ReadonlySet<string> = new Set(['json', 'text', 'srt', 'verbose_json', 'vtt', 'diarized_json'])
/** Its own MP3, and a middle for everything else. */
const BYTES_PER_SECOND = 6_000
const TOKENS_PER_SECOND = 10
const SECONDS_PER_SENTENCE = 4

export type Upload = { readonly body: Buffer; readonly contentType: string }

export async function transcriptionReply(upload: Upload, { countTokens }: Counters): Promise<Reply> {
  const asked = await readUpload(upload)
  if ('refused' in asked) return errorReply(400, asked.refused)
  const { model, file, format, prompt, stream } = asked
  const { behaviour, number } = behaviourOf(model)
  if (behaviour.instead) return behaviour.instead(number)
  const exact = wavSeconds(file)
  const seconds = exact ? Number(exact.n) / Number(exact.d) : file.length / BYTES_PER_SECOND
  const pieces = behaviour.says === 'nothing' ? [] : piecesFor(file, seconds)
  const text = pieces.join('')
  const byLength = isByLength(model)
  const heard = Math.ceil(seconds * TOKENS_PER_SECOND)
  const usage = byLength
    ? durationUsageText(behaviour, seconds)
    : soundUsageText(
        behaviour,
        { prompt: heard + (await countTokens(prompt)), completion: await countTokens(text), reasoning: 0 },
        heard,
      )
  if (stream && !byLength)
    return { status: 200, headers: EVENT_STREAM, body: eventsOf({ pieces, behaviour, number, usage }) }
  return written({ format, text, seconds, usage, behaviour })
}

/** Which of OpenAI's two kinds of usage a model tells: older ones are paid for by the second, and do not stream. */
const isByLength = (model: string): boolean => /(?:^|\/)(?:whisper|gpt-transcribe)/.test(model)

type Asked = {
  readonly model: string
  readonly file: Buffer
  readonly format: string
  readonly prompt: string
  readonly stream: boolean
}

async function readUpload({ body, contentType }: Upload): Promise<Asked | { readonly refused: { message: string } }> {
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData().catch(() => undefined)
  if (!form) return { refused: { message: 'Could not parse multipart form' } }
  const word = (name: string): string => {
    const value = form.get(name)
    return typeof value === 'string' ? value : ''
  }
  const file = form.get('file')
  const format = word('response_format') || 'json'
  if (word('model') === '') return { refused: { message: 'you must provide a model parameter' } }
  if (!(file instanceof File) || file.size === 0) return { refused: { message: "Invalid 'file'" } }
  if (!FORMATS.has(format)) return { refused: { message: `response_format '${format}' is not supported` } }
  const bytes = Buffer.from(await file.arrayBuffer())
  return { model: word('model'), file: bytes, format, prompt: word('prompt'), stream: word('stream') === 'true' }
}

function piecesFor(file: Buffer, seconds: number): string[] {
  const draw = drawFrom(hash('sha256', file, 'buffer').readUInt32LE(0))
  return someSentences(draw, Math.max(1, Math.min(200, Math.ceil(seconds / SECONDS_PER_SENTENCE))))
}

type Written = {
  readonly format: string
  readonly text: string
  readonly seconds: number
  readonly usage: string
  readonly behaviour: Behaviour
}

function written({ format, text, seconds, usage, behaviour }: Written): Reply {
  if (behaviour.breaks) return { ...rawReply(200, 'application/json', ''), body: [`{"text":"`, { last: 'cut' }] }
  const until = (comma: string) =>
    `00:00:00${comma}000 --> 00:00:${String(Math.min(59, Math.ceil(seconds))).padStart(2, '0')}${comma}000`
  if (format === 'text') return rawReply(200, 'text/plain; charset=utf-8', `${text}\n`)
  if (format === 'srt') return rawReply(200, 'text/plain; charset=utf-8', `1\n${until(',')}\n${text}\n\n`)
  if (format === 'vtt') return rawReply(200, 'text/vtt', `WEBVTT\n\n${until('.')}\n${text}\n\n`)
  const segment = { id: 0, start: 0, end: seconds, text }
  const long =
    format === 'json' ? {} : { task: 'transcribe', language: 'english', duration: seconds, segments: [segment] }
  return rawReply(200, 'application/json', `${JSON.stringify({ ...long, text }).slice(0, -1)}${usage}}`)
}

type Streamed = {
  readonly pieces: readonly string[]
  readonly behaviour: Behaviour
  readonly number: number
  readonly usage: string
}

function* eventsOf({ pieces, behaviour, number, usage }: Streamed): Generator<Step> {
  if (behaviour.pace === 'first') yield { waitMs: number }
  for (const [sent, delta] of pieces.entries()) {
    if (behaviour.breaks && !behaviour.breaks.beforeUsage && sent === number) break
    yield eventOf(JSON.stringify({ type: 'transcript.text.delta', delta }))
    if (behaviour.pace === 'each') yield { waitMs: number }
  }
  if (behaviour.breaks) return yield* brokenOff(behaviour.breaks.how)
  yield eventOf(`${JSON.stringify({ type: 'transcript.text.done', text: pieces.join('') }).slice(0, -1)}${usage}}`)
}
