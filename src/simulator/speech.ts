/** Reads texts aloud: so many seconds for each character, whole or as events that tell what was used in the last. */
import type { Counters } from './answer.ts'
import { type Behaviour, behaviourOf } from './behaviours.ts'
import { type JsonObject, parseObject } from './chat-request.ts'
import { errorReply, type Reply, type Step } from './reply.ts'
import { FORMATS, soundBytes } from './sound-bytes.ts'
import { brokenOff, EVENT_STREAM, eventOf, soundUsageText } from './sound-reply.ts'

const VOICES: ReadonlySet<string> = new Set([
  ...['alloy', 'ash', 'ballad', 'coral', 'echo', 'fable', 'onyx', 'nova', 'sage', 'shimmer', 'verse', 'marin', 'cedar'],
])
const MOST_CHARACTERS = 4_096
const SECONDS_PER_CHARACTER = 0.06
const TOKENS_PER_SECOND = 1_250 / 60
const EVENT_BYTES = 2_880

export async function speechReply(text: string, { countTokens }: Counters): Promise<Reply> {
  const body = parseObject(text)
  const refused = body ? refusalOf(body) : { message: 'We could not parse the JSON body of your request' }
  if (!body || refused) return errorReply(400, refused ?? { message: 'No body' })
  const { model, input, response_format, stream_format, instructions, speed } = body as Record<string, string>
  const { behaviour, number } = behaviourOf(model ?? '')
  if (behaviour.instead) return behaviour.instead(number)
  const words = input ?? ''
  const rate = typeof speed === 'number' ? speed : 1
  const seconds = behaviour.says === 'nothing' ? 0 : ([...words].length * SECONDS_PER_CHARACTER) / rate
  const format = response_format ?? 'mp3'
  const sound = { bytes: soundBytes(format, seconds), behaviour, number }
  if (stream_format !== 'sse')
    return { status: 200, headers: { 'content-type': FORMATS.get(format) ?? '' }, body: bytesOf(sound) }
  const prompt = await countTokens(`${words}${instructions ?? ''}`)
  const completion = Math.ceil(seconds * TOKENS_PER_SECOND)
  const usage = soundUsageText(behaviour, { prompt, completion, reasoning: 0 })
  return { status: 200, headers: EVENT_STREAM, body: eventsOf(sound, usage) }
}

function refusalOf({ model, input, voice, response_format, stream_format }: JsonObject) {
  const invalid = (param: string) => ({ message: `Invalid value for '${param}'`, param, code: 'invalid_value' })
  if (typeof model !== 'string' || model === '') return invalid('model')
  if (typeof input !== 'string' || input === '') return invalid('input')
  if ([...input].length > MOST_CHARACTERS) return { ...invalid('input'), code: 'string_above_max_length' }
  if (typeof voice !== 'string' || !VOICES.has(voice)) return invalid('voice')
  if (response_format !== undefined && !FORMATS.has(String(response_format))) return invalid('response_format')
  if (stream_format === 'sse' && /tts-1/.test(model)) return invalid('stream_format')
  return undefined
}

type Sound = { readonly bytes: Buffer; readonly behaviour: Behaviour; readonly number: number }

/** Pieces of what an event would hold. */
function* piecesOf({ bytes, behaviour, number }: Sound): Generator<Buffer | Step> {
  if (behaviour.pace === 'first') yield { waitMs: number }
  for (let at = 0, sent = 0; at < bytes.length; at += EVENT_BYTES, sent++) {
    if (behaviour.breaks && sent === number) return
    yield bytes.subarray(at, at + EVENT_BYTES)
    if (behaviour.pace === 'each') yield { waitMs: number }
  }
}

function* bytesOf(sound: Sound): Generator<Step> {
  yield* piecesOf(sound) as Generator<Step>
  // Bytes have no end of their own: only a dropped connection tells that some are missing.
  if (sound.behaviour.breaks) yield { last: sound.behaviour.breaks.how === 'stall' ? 'stall' : 'cut' }
}

function* eventsOf(sound: Sound, usage: string): Generator<Step> {
  for (const piece of piecesOf(sound))
    yield Buffer.isBuffer(piece)
      ? eventOf(JSON.stringify({ type: 'speech.audio.delta', audio: piece.toString('base64') }))
      : piece
  if (sound.behaviour.breaks) return yield* brokenOff(sound.behaviour.breaks.how)
  yield eventOf(`{"type":"speech.audio.done"${usage}}`)
}
