/**
 * Where o200k_base cuts a text before merging: OpenAI's pattern as a scanner over UTF-8. A backtracking engine walks a
 * long run again and again, and holds a stack for it; this one is linear. What each step stands for is quoted beside it.
 */
type Splitter = {
  /** The end of the piece that begins at `start`, for bytes `[start, end)` of well-formed UTF-8, `start < end`. */
  pieceEnd(bytes: Uint8Array, start: number, end: number): number
  /** Whether the last piece was decided by where the bytes end, so that more text could change it. */
  sawEnd(): boolean
}

// What a character may be. A combining mark is both cases, yet no letter: it may also stand before a word.
const UPPER = 1 // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
const LOWER = 2 // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
const LETTER = 4 // \p{L}
const NUMBER = 8 // \p{N}
const SPACE = 16 // \s, which is White_Space in the original and not what JavaScript's \s is
const NEWLINE = 32 // [\r\n]
const END = 64
const KNOWN = 128

const NO_PREFIX = LETTER | NUMBER | NEWLINE | END
const NO_SYMBOL = LETTER | NUMBER | SPACE | END

const BLANK = 0x20
const SLASH = 0x2f
const APOSTROPHE = 0x27

export function createSplitter(): Splitter {
  const classes = new Uint8Array(0x110000)
  let bytes: Uint8Array = new Uint8Array(0)
  let end = 0
  let sawEnd = false

  function classAt(at: number): number {
    if (at >= end) {
      sawEnd = true
      return END
    }
    const lead = bytes[at] as number
    const code = lead < 0x80 ? lead : codePoint(bytes, at)
    return classes[code] || learn(code)
  }

  function learn(code: number): number {
    const known = classOf(String.fromCodePoint(code)) | KNOWN
    classes[code] = known
    return known
  }

  const after = (at: number): number => {
    const lead = bytes[at] as number
    return at + (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4)
  }

  function byteAt(at: number): number {
    if (at < end) return bytes[at] as number
    sawEnd = true
    return -1
  }

  /**
   * `U*L+` or else `U+L*`, where U and L overlap in the caseless letters. Taking all of U first, L begins at the first
   * lower-case letter behind it; without one, U gives back down to its last caseless letter. -1: no word here.
   */
  function wordEnd(start: number, upperAlone: boolean): number {
    let at = start
    let afterCaseless = -1
    let kind = classAt(at)
    for (; kind & UPPER; kind = classAt(at)) {
      at = after(at)
      if (kind & LOWER) afterCaseless = at
    }
    if (kind & LOWER) {
      do at = after(at)
      while (classAt(at) & LOWER)
      return contractionEnd(at)
    }
    if (afterCaseless >= 0) return contractionEnd(afterCaseless)
    return upperAlone && at > start ? contractionEnd(at) : -1
  }

  /** `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`; the long s (C5 BF) is an s in any case. */
  function contractionEnd(at: number): number {
    if (byteAt(at) !== APOSTROPHE) return at
    const first = byteAt(at + 1)
    if (first === 0xc5) return byteAt(at + 2) === 0xbf ? at + 3 : at
    const letter = first < 0 ? '' : String.fromCharCode(first | 0x20)
    if (letter === 's' || letter === 't' || letter === 'm' || letter === 'd') return at + 2
    const wanted = letter === 'r' || letter === 'v' ? 0x65 : letter === 'l' ? 0x6c : -2
    return wanted > 0 && (byteAt(at + 2) | 0x20) === wanted && byteAt(at + 2) > 0 ? at + 3 : at
  }

  /** `\p{N}{1,3}` */
  function numberEnd(start: number): number {
    let at = after(start)
    for (let i = 1; i < 3 && classAt(at) & NUMBER; i++) at = after(at)
    return at
  }

  /** `[^\s\p{L}\p{N}]+[\r\n/]*` */
  function symbolsEnd(start: number): number {
    let at = after(start)
    while (!(classAt(at) & NO_SYMBOL)) at = after(at)
    while (classAt(at) & NEWLINE || byteAt(at) === SLASH) at++
    return at
  }

  /** `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line break, else all but the last space before a word, else that one. */
  function spacesEnd(start: number): number {
    let at = start
    let last = start
    let afterNewline = -1
    for (let kind = classAt(at); kind & SPACE; kind = classAt(at)) {
      last = at
      at = after(at)
      if (kind & NEWLINE) afterNewline = at
    }
    if (afterNewline >= 0) return afterNewline
    return at === end || last === start ? at : last
  }

  return {
    pieceEnd(within, start, limit) {
      bytes = within
      end = limit
      sawEnd = false
      const kind = classAt(start)
      if (kind & LETTER) return wordEnd(start, true)
      if (kind & NUMBER) return numberEnd(start)
      const second = after(start)
      // `[^\r\n\p{L}\p{N}]?` before a word. A mark that precedes capitals alone is a word of its own.
      if (!(kind & NO_PREFIX)) {
        const word = wordEnd(second, !(kind & UPPER))
        if (word >= 0) return word
        if (kind & UPPER) return contractionEnd(second)
      }
      if (!(kind & SPACE)) return symbolsEnd(start)
      if (bytes[start] === BLANK && !(classAt(second) & NO_SYMBOL)) return symbolsEnd(second)
      return spacesEnd(start)
    },
    sawEnd: () => sawEnd,
  }
}

function codePoint(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number
  const second = (bytes[at + 1] as number) & 0x3f
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second
  const third = (bytes[at + 2] as number) & 0x3f
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | (second << 6) | third
  return ((lead & 0x07) << 18) | (second << 12) | (third << 6) | ((bytes[at + 3] as number) & 0x3f)
}

function classOf(char: string): number {
  if (char === '\r' || char === '\n') return SPACE | NEWLINE
  if (/\p{White_Space}/u.test(char)) return SPACE
  if (/\p{N}/u.test(char)) return NUMBER
  if (/\p{M}/u.test(char)) return UPPER | LOWER
  if (!/\p{L}/u.test(char)) return 0
  if (/[\p{Lu}\p{Lt}]/u.test(char)) return LETTER | UPPER
  return /\p{Ll}/u.test(char) ? LETTER | LOWER : LETTER | UPPER | LOWER
}
