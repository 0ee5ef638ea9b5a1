/**
 * How long a sound lasts, from its bytes alone: exact where the format says so, by its bit rate where it states one,
 * else within what the format is plausibly made at. Nothing is decoded.
 */
import type { Ratio } from '../lib/ratio.ts'
import { wavSeconds } from '../lib/wav.ts'

export type SoundLength = {
  /** What it is charged at where nobody reports it. */
  readonly seconds: Ratio
  /** It is certainly no longer than this. */
  readonly mostSeconds: Ratio
}

/** Bytes a second of the lowest rates that speech is kept at: Opus at 6 kbit/s, MP3 at 8. */
const LEAST_RATE = 750n
const LEAST_MP3_RATE = 1_000n
/** 16 kbit/s: what speech is rarely kept below, so that an estimate errs high. */
const LOW_RATE = 2_000n
/** No file counts as longer than half a day. */
const MOST_SECONDS = 43_200n

/** Of a file that is handed in. */
export function soundLength(file: Buffer): SoundLength {
  const exact = wavSeconds(file)
  if (exact) return { seconds: exact, mostSeconds: exact }
  const rate = mp3Rate(file)
  const by = (bytesPerSecond: bigint): Ratio => shorter({ n: BigInt(file.length), d: bytesPerSecond })
  return rate === undefined
    ? { seconds: by(LOW_RATE), mostSeconds: by(LEAST_RATE) }
    : { seconds: by(rate), mostSeconds: by(LEAST_MP3_RATE) }
}

const shorter = (seconds: Ratio): Ratio => (seconds.n > MOST_SECONDS * seconds.d ? { n: MOST_SECONDS, d: 1n } : seconds)

/** Bytes a second of speech as services make it where no header tells. */
const SPEECH_RATES: readonly (readonly [format: RegExp, bytesPerSecond: bigint])[] = [
  [/pcm|l16/, 48_000n],
  [/wav/, 48_000n],
  [/flac/, 24_000n],
  [/opus|ogg|webm/, 8_000n],
]
const MP3_SPEECH_RATE = 16_000n

/** Of speech that was made: `opening` are its first bytes, `type` is a media type or the name of a format. */
export function speechSeconds(opening: Buffer, bytes: number, type: string): Ratio {
  const whole = opening.length === bytes ? wavSeconds(opening) : undefined
  if (whole) return whole
  const known = SPEECH_RATES.find(([format]) => format.test(type))?.[1]
  return { n: BigInt(bytes), d: known ?? mp3Rate(opening) ?? MP3_SPEECH_RATE }
}

/** kbit/s of layer III by the index in a frame's header: of the first version, and of those at lower sample rates. */
const RATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320] as const
const LOW_RATES = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160] as const

/** Bytes a second by the first frame; a file whose rate varies may differ. */
function mp3Rate(file: Buffer): bigint | undefined {
  const at = afterTag(file)
  const [first = 0, second = 0, third = 0] = file.subarray(at, at + 3)
  const isFrame = first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x06) === 0x02
  if (!isFrame) return undefined
  const rates = (second & 0x18) === 0x18 ? RATES : LOW_RATES
  const rate = rates[third >> 4]
  return rate === undefined || rate === 0 ? undefined : BigInt(rate) * 125n
}

/** An ID3 tag before the first frame tells its size in four times seven bits. */
function afterTag(file: Buffer): number {
  if (file.length < 10 || file.toString('latin1', 0, 3) !== 'ID3') return 0
  const size = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + ((file[at] ?? 0) & 0x7f), 0)
  return 10 + size
}
