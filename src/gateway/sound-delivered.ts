/** What a stream of sound has delivered: the audio that was made, by its length, or the words that were heard. */
import { speechSeconds } from '../core/sound-length.ts'
import type { TokenCounter } from '../tokens/token-counter.ts'
import { createDelivered, type Delivered } from './delivered.ts'
import { type Sound, type Speech, speechTokens } from './sound.ts'

export const createSoundDelivered = (sound: Sound, tokens: TokenCounter): Delivered =>
  sound.kind === 'speech' ? createSpeechDelivered(sound) : createDelivered(tokens, ['"delta":"'])

/** So much of the beginning is kept, for its header. */
const OPENING_CHARACTERS = 1_024
const AUDIO = /"audio"\s*:\s*"([A-Za-z0-9+/=_-]*)"/

function createSpeechDelivered({ format }: Speech): Delivered {
  let bytes = 0
  let opening = ''
  const estimate = (): number => speechTokens(speechSeconds(Buffer.from(opening, 'base64'), bytes, format))
  return {
    get bytes() {
      return bytes
    },
    get estimate() {
      return estimate()
    },
    take(event) {
      const audio = AUDIO.exec(event)?.[1] ?? ''
      if (opening.length < OPENING_CHARACTERS) opening += audio.slice(0, OPENING_CHARACTERS)
      bytes += Math.floor((audio.replace(/=+$/, '').length * 3) / 4)
    },
    count: () => Promise.resolve({ tokens: estimate(), exact: false }),
    discard() {},
  }
}
