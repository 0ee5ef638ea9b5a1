/**
 * What a stream has delivered, for the count that bills a stream cut before its usage came. Only the visible texts of
 * events are kept, a few kilobytes at most; the rest goes to the counter as it fills up.
 */
import { estimateFromBytes } from '../core/token-bound.ts'
import type { TokenCount, TokenCounter, TokenStream } from '../tokens/token-counter.ts'

export type Delivered = {
  take(event: string): void
  /** UTF-8 length of the texts, near enough: their JSON form is never shorter. */
  readonly bytes: number
  readonly estimate: number
  /** Counts all that came so far. */
  count(): Promise<TokenCount>
  discard(): void
}

const TEXTS = [
  '"content":"',
  '"reasoning_content":"',
  '"reasoning":"',
  '"arguments":"',
  '"refusal":"',
  '"text":"',
] as const
const HELD_CHARACTERS = 8_192

/** An event that tells its reasoning as text and in `reasoning_details` says the same twice. */
const isRepeated = (event: string): boolean => event.includes('"reasoning_details":') && event.includes('"reasoning":"')
const TEXTS_ONCE = TEXTS.filter((name) => name !== '"text":"')

/** `names`: the members whose texts were delivered, with their colons and opening quotes. */
export function createDelivered(tokens: TokenCounter, names: readonly string[] = TEXTS): Delivered {
  let held = ''
  let bytes = 0
  let stream: TokenStream | undefined
  let counted: Promise<TokenCount> = Promise.resolve({ tokens: 0, exact: true })
  const flush = () => {
    stream ??= tokens.open()
    stream.push(unescaped(held))
    held = ''
  }
  return {
    get bytes() {
      return bytes
    },
    get estimate() {
      return estimateFromBytes(bytes)
    },
    take(event) {
      for (const name of names === TEXTS && isRepeated(event) ? TEXTS_ONCE : names)
        for (let at = event.indexOf(name); at >= 0; at = event.indexOf(name, at)) {
          const start = at + name.length
          at = closingQuote(event, start)
          if (at > start) {
            bytes += at - start
            held += event.slice(start, at)
          }
          at++
        }
      if (held.length > HELD_CHARACTERS) flush()
    },
    count() {
      flush()
      counted = sumOf(counted, (stream as TokenStream).finish())
      // What comes from here on is a text of its own: a token more at the seam, at most.
      stream = undefined
      return counted
    },
    discard: () => stream?.discard(),
  }
}

async function sumOf(...counts: readonly Promise<TokenCount>[]): Promise<TokenCount> {
  const all = await Promise.all(counts)
  return { tokens: all.reduce((sum, { tokens }) => sum + tokens, 0), exact: all.every(({ exact }) => exact) }
}

/** The index of the quote that ends the string; the end of the text where none does. */
function closingQuote(text: string, from: number): number {
  for (let at = from; ; at++) {
    at = text.indexOf('"', at)
    if (at < 0) return text.length
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === 92) backslashes++
    if (backslashes % 2 === 0) return at
  }
}

function unescaped(escaped: string): string {
  try {
    return JSON.parse(`"${escaped}"`) as string
  } catch {
    return escaped
  }
}
