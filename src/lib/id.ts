/**
 * Ids come in two forms that belong together. Inside, a number: 41 bits of milliseconds, 10 of the node, 12 of a counter,
 * so that rows grow at one end and the month of a row can be told from its id. Outside, a code: 20 of [0-9A-Za-z], the
 * first 8 the same milliseconds, the rest random. A code is found by the narrow range of numbers of its millisecond,
 * so it needs no index of its own.
 */
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

export type Id = { readonly id: bigint; readonly code: string }
export type Ids = { next(): Id }

const EPOCH = Date.UTC(2024, 0, 1)
const COUNTER_BITS = 12n
const NODE_BITS = 10n
const SHIFT = COUNTER_BITS + NODE_BITS
const COUNTERS = 1 << Number(COUNTER_BITS)
const TIME_CHARS = 8
const RANDOM_CHARS = 12
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Ids of one node (0 to 1023) never repeat and never run backwards, whatever the clock does. */
export function createIds({ clock, random, node = 0 }: { clock: Clock; random: Random; node?: number }): Ids {
  let last = 0
  let counter = 0
  return {
    next() {
      const now = clock.now()
      if (now > last) {
        last = now
        counter = 0
      } else if (++counter === COUNTERS) {
        last++
        counter = 0
      }
      return { id: numberAt(last, node, counter), code: timeCode(last) + randomCode(random) }
    },
  }
}

/** The numbers `[from, to)` that ids made within `[fromMs, toMs)` have. */
export const idRange = (fromMs: number, toMs: number): { from: bigint; to: bigint } => ({
  from: numberAt(fromMs, 0, 0),
  to: numberAt(toMs, 0, 0),
})

/** The millisecond that a code begins with; `undefined` where the text is no code. */
export function codeTime(code: string): number | undefined {
  if (!/^[0-9A-Za-z]{20}$/.test(code)) return undefined
  let time = 0
  for (const char of code.slice(0, TIME_CHARS)) time = time * 62 + ALPHABET.indexOf(char)
  return time >= EPOCH && time <= MAX_TIME ? time : undefined
}
const MAX_TIME = EPOCH + 2 ** 41 - 2

/** `generationId({id, code})` = `gen-1763949831-7hT2kQ9wXz4LmB6vN1cR`; the seconds are those of the code. */
export const generationId = (code: string): string => `gen-${Math.floor((codeTime(code) ?? 0) / 1000)}-${code}`

/** The code inside a generation id, `undefined` where the text is none. */
export function generationCode(text: string): string | undefined {
  const match = /^gen-([0-9]{1,12})-([0-9A-Za-z]{20})$/.exec(text)
  return match?.[2] && text === generationId(match[2]) ? match[2] : undefined
}

/** The milliseconds that a number begins with. */
export const idTime = (id: bigint): number => Number(id >> SHIFT) + EPOCH

/** By how much numbers grow in so many milliseconds. */
export const idSpan = (ms: number): bigint => BigInt(ms) << SHIFT

/** The code of a row that was made without one: the same for the same seed of at least 12 bytes. */
export const codeAt = (ms: number, seed: Uint8Array): string =>
  timeCode(ms) + [...seed.subarray(0, RANDOM_CHARS)].map((byte) => ALPHABET[byte % 62]).join('')

const numberAt = (ms: number, node: number, counter: number): bigint =>
  (BigInt(Math.max(0, ms - EPOCH)) << SHIFT) | BigInt(node * COUNTERS + counter)

function timeCode(ms: number): string {
  let rest = ms
  let text = ''
  for (let i = 0; i < TIME_CHARS; i++) {
    text = ALPHABET[rest % 62] + text
    rest = Math.floor(rest / 62)
  }
  return text
}

function randomCode(random: Random): string {
  let text = ''
  // 248 = 4 × 62: bytes above it are thrown away, so that every character is equally likely.
  while (text.length < RANDOM_CHARS)
    for (const byte of random.bytes(16)) if (byte < 248 && text.length < RANDOM_CHARS) text += ALPHABET[byte % 62]
  return text
}
