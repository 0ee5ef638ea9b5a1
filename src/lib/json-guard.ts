/**
 * Judges a body from outside before anything is parsed: how deep it nests, how many values it holds, and whether a key
 * that we read could be read differently by whoever gets the body next.
 */
import type { Member } from './json-scan.ts'

type JsonLimits = { depth: number; values: number }
type JsonRefusal = { ok: false; reason: 'too_deep' | 'too_many_values' | 'malformed'; offset: number }

const DEFAULT_LIMITS: JsonLimits = { depth: 64, values: 1_000_000 }

/**
 * One pass, with no memory besides a stack of at most `depth`. Every object, array, string and scalar is a value, member
 * names are not. `offset` counts bytes. What passes may still not be JSON: that is for the parser to say; but up to the
 * point where a parser would stop, the counts are exact.
 */
export function guardJson(body: Uint8Array | string, limits: JsonLimits = DEFAULT_LIMITS): { ok: true } | JsonRefusal {
  const bytes = typeof body === 'string' ? Buffer.from(body) : asBuffer(body)
  // The loop reads local names faster than the module's.
  const kinds = KINDS
  const closers = new Uint8Array(limits.depth)
  const length = bytes.length
  let depth = 0
  let values = 0
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] as number
    const kind = kinds[byte] as number
    if (kind === SKIPPED) continue
    if (kind === CLOSER) {
      if (depth === 0 || closers[--depth] !== byte) return refuse('malformed', at)
      continue
    }
    if (kind === COLON) {
      // The string before a colon was a name.
      values--
      continue
    }
    if (++values > limits.values) return refuse('too_many_values', at)
    if (kind === SCALAR) {
      while (at + 1 < length && kinds[bytes[at + 1] as number] === SCALAR) at++
    } else if (kind === OPENER) {
      if (depth === limits.depth) return refuse('too_deep', at)
      // In ASCII each closing bracket is two behind its opening one.
      closers[depth++] = byte + 2
    } else {
      const end = closingQuote(bytes, at)
      if (end < 0) return refuse('malformed', at)
      at = end
    }
  }
  return depth === 0 && values > 0 ? { ok: true } : refuse('malformed', length)
}

/**
 * The first top-level key of `watched` that occurs twice, or that stands in another letter case. Parsers disagree on
 * which of two wins, and some providers ignore case: what we priced would not be what is run.
 */
export function duplicateMember(
  members: readonly Member[],
  watched: ReadonlySet<string>,
): { key: string; reason: 'duplicate' | 'case' } | undefined {
  const names = [...watched]
  const seen = new Set<string>()
  for (const { key } of members) {
    if (watched.has(key)) {
      if (seen.has(key)) return { key, reason: 'duplicate' }
      seen.add(key)
    } else if (names.some((name) => name.length === key.length && fold(name) === fold(key))) {
      return { key, reason: 'case' }
    }
  }
  return undefined
}

const refuse = (reason: JsonRefusal['reason'], offset: number): JsonRefusal => ({ ok: false, reason, offset })

/** A Buffer finds a byte four times faster than a Uint8Array does. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** A search by the engine costs a call, which pays only over long stretches. */
const NEAR = 32

/** The closing quote of the string whose opening quote is at `start`, or -1. */
function closingQuote(bytes: Buffer, start: number): number {
  let from = start + 1
  for (;;) {
    const quote = nextQuote(bytes, from)
    if (quote < 0) return -1
    let slash = quote
    while (slash > from && bytes[slash - 1] === BACKSLASH) slash--
    if ((quote - slash) % 2 === 0) return quote
    from = quote + 1
  }
}

function nextQuote(bytes: Buffer, from: number): number {
  const near = Math.min(bytes.length, from + NEAR)
  for (let at = from; at < near; at++) if (bytes[at] === QUOTE_MARK) return at
  return bytes.indexOf(QUOTE_MARK, near)
}

/** Up, then down: the Kelvin sign and the long s, which some parsers take for k and s, end as those. */
const fold = (name: string): string => name.toUpperCase().toLowerCase()

const QUOTE_MARK = 0x22
const BACKSLASH = 0x5c

const SCALAR = 0
const SKIPPED = 1
const STRING = 2
const OPENER = 3
const CLOSER = 4
const COLON = 5

const KINDS = new Uint8Array(256)
for (const byte of Buffer.from(' \t\r\n,')) KINDS[byte] = SKIPPED
for (const byte of Buffer.from('[{')) KINDS[byte] = OPENER
for (const byte of Buffer.from(']}')) KINDS[byte] = CLOSER
KINDS[QUOTE_MARK] = STRING
KINDS[0x3a] = COLON
