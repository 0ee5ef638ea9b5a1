/** What a call has of sound, beside its words: how much of it is paid for, and the most that it can come to. */
import type { Meter } from '../contract/meters.ts'
import type { RateCard } from '../core/rate-card.ts'
import type { SoundLength } from '../core/sound-length.ts'
import { ceiling, multiply, type Ratio, whole } from '../lib/ratio.ts'
import type { UpstreamForm } from '../providers/provider.ts'
import type { Call } from './call.ts'

export type Speech = {
  readonly kind: 'speech'
  /** Unicode code points of the input. */
  readonly characters: number
  /** Of the audio; no voice is slower. */
  readonly mostTokens: number
  /** As requested; it decides how bytes without a header are reckoned. */
  readonly format: string
}

export type Recording = { readonly kind: 'recording'; readonly form: UpstreamForm; readonly length: SoundLength }

export type Sound = Speech | Recording

export const unitOf = ({ kind }: Sound): 'characters' | 'audio_seconds' =>
  kind === 'speech' ? 'characters' : 'audio_seconds'

/** The card prices characters or seconds, and so counts no tokens. */
export const isByUnit = (sound: Sound, card: RateCard | undefined): boolean =>
  card?.lines.some(({ meter }) => meter === unitOf(sound)) === true

/** Of a prompt: OpenAI counts about 17 a second, Gemini 32. */
const MOST_INPUT_TOKENS_PER_SECOND = 32n
/** OpenAI: a minute of audio is about 1,250 tokens where it is made, 1,000 where it is heard. */
const SPEECH_TOKENS_PER_SECOND: Ratio = { n: 1_250n, d: 60n }
const HEARD_TOKENS_PER_SECOND: Ratio = { n: 1_000n, d: 60n }
/** A character read aloud at the speed of speech: a digit or an emoji takes more than a second. */
const MOST_TOKENS_PER_CHARACTER = 32
const LEAST_TOKENS = 256

export const mostSpeechTokens = (characters: number, speed: number): number =>
  Math.ceil((LEAST_TOKENS + characters * MOST_TOKENS_PER_CHARACTER) / speed)

/** Units that the quote covers where a card prices them. */
export function unitsOf({ sound, searches }: Pick<Call, 'sound' | 'searches'>): ReadonlyMap<Meter, Ratio> {
  const units = new Map<Meter, Ratio>()
  if (searches > 0) units.set('web_search', whole(BigInt(searches)))
  if (sound?.kind === 'speech') units.set('characters', whole(BigInt(sound.characters)))
  if (sound?.kind === 'recording') units.set('audio_seconds', sound.length.mostSeconds)
  return units
}

/** The most tokens that a recording comes to as input. */
export const mostInputTokens = (sound: Sound | undefined): number =>
  sound?.kind === 'recording'
    ? Number(ceiling(multiply(sound.length.mostSeconds, whole(MOST_INPUT_TOKENS_PER_SECOND))))
    : 0

export const speechTokens = (seconds: Ratio): number => Number(ceiling(multiply(seconds, SPEECH_TOKENS_PER_SECOND)))

export const heardTokens = (seconds: Ratio): number => Number(ceiling(multiply(seconds, HEARD_TOKENS_PER_SECOND)))
