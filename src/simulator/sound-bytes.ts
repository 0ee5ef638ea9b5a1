/** Sound that plays and says nothing: as long as its text takes to read, and never two bytes different for the same call. */
import { wavHeader } from '../lib/wav.ts'

/** Of the formats that have no file of their own here, MP3 stands for all. */
export const FORMATS: ReadonlyMap<string, string> = new Map([
  ['mp3', 'audio/mpeg'],
  ['opus', 'audio/ogg'],
  ['aac', 'audio/aac'],
  ['flac', 'audio/flac'],
  ['wav', 'audio/wav'],
  ['pcm', 'audio/pcm'],
])

const WAV_SAMPLES = 8_000
const PCM_SAMPLES = 24_000

export function soundBytes(format: string, seconds: number): Buffer {
  if (format === 'pcm') return tone(seconds, PCM_SAMPLES)
  if (format !== 'wav') return frames(seconds)
  const samples = tone(seconds, WAV_SAMPLES)
  return Buffer.concat([wavHeader(samples.length, WAV_SAMPLES), samples])
}

/** A square wave of 16 bits. */
function tone(seconds: number, samplesPerSecond: number): Buffer {
  const half = samplesPerSecond / 400
  const period = Buffer.alloc(half * 4)
  for (let at = 0; at < 2 * half; at++) period.writeInt16LE(at < half ? 2_000 : -2_000, at * 2)
  return Buffer.alloc(Math.round(seconds * samplesPerSecond) * 2, period)
}

/** MPEG 2, layer III, 48 kbit/s at 24 kHz: 144 bytes for 24 ms. */
const FRAME = Buffer.concat([Buffer.from([0xff, 0xf3, 0x64, 0xc4]), Buffer.alloc(140)])
const FRAME_SECONDS = 0.024

const frames = (seconds: number): Buffer => Buffer.alloc(Math.ceil(seconds / FRAME_SECONDS) * FRAME.length, FRAME)
