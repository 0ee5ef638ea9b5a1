/**
 * Counts tokens as OpenAI's o200k_base does, special tokens being ordinary text. Pure and synchronous: long text takes
 * as long as it takes, so it belongs in a worker thread (`src/tokens/`).
 */
import { createPieceCounter, type Ranks } from './o200k-merge.ts'
import { createSplitter } from './o200k-split.ts'
import { estimateFromBytes } from './token-bound.ts'

export type O200k = {
  /** The exact count; a lone surrogate counts as U+FFFD, as it does for tiktoken. */
  count(text: string): number
  createCounter(): TextCounter
}

/** Counts a text that arrives in pieces, cut anywhere, inside a surrogate pair too. */
export type TextCounter = {
  push(piece: string): void
  /** The count of all that was pushed; more may follow. */
  count(): number
  /** False once a run without boundary was over {@link MAX_RUN_BYTES} and counted by its length instead. */
  exact(): boolean
}

/** A run without boundary, in UTF-8 bytes, up to which a {@link TextCounter} is exact. */
const MAX_RUN_BYTES = 2 ** 20
/** Less than this is not looked at before the count is asked for. */
const DRAIN_BYTES = 4096
/** How much of one push is encoded at once, in UTF-16 units. */
const SLICE = 2 ** 16

export function createO200k(ranks: Ranks): O200k {
  const splitter = createSplitter()
  const countPiece = createPieceCounter(ranks)
  const encoder = new TextEncoder()

  function countBytes(bytes: Uint8Array, end: number): number {
    let tokens = 0
    for (let at = 0; at < end; ) {
      const next = splitter.pieceEnd(bytes, at, end)
      tokens += countPiece(bytes, at, next)
      at = next
    }
    return tokens
  }

  function createCounter(): TextCounter {
    let buffer = new Uint8Array(256)
    let filled = 0
    let drainAt = DRAIN_BYTES
    let tokens = 0
    let exact = true
    /** A high surrogate at the end of a push: its other half may come with the next. */
    let half = ''

    function append(text: string): void {
      const needed = filled + 3 * text.length
      if (needed > buffer.length) {
        const larger = new Uint8Array(Math.max(needed, 2 * buffer.length))
        larger.set(buffer.subarray(0, filled))
        buffer = larger
      }
      filled += encoder.encodeInto(text, buffer.subarray(filled)).written
    }

    /** Counts the pieces that no further text can change, and keeps the rest. */
    function drain(): void {
      let at = 0
      while (at < filled) {
        const next = splitter.pieceEnd(buffer, at, filled)
        if (splitter.sawEnd()) break
        tokens += next - at > MAX_RUN_BYTES ? estimate(next - at) : countPiece(buffer, at, next)
        at = next
      }
      if (filled - at > MAX_RUN_BYTES) {
        tokens += estimate(filled - at)
        at = filled
      }
      buffer.copyWithin(0, at, filled)
      filled -= at
      // What is kept is looked at again once it has doubled, so that a long run in small pushes stays linear.
      drainAt = Math.max(DRAIN_BYTES, Math.min(2 * filled, MAX_RUN_BYTES + 1))
    }

    function estimate(bytes: number): number {
      exact = false
      return estimateFromBytes(bytes)
    }

    return {
      push(piece) {
        const text = half + piece
        const whole = text.length - (endsInHalf(text) ? 1 : 0)
        half = text.slice(whole)
        for (let at = 0; at < whole; ) {
          const slice = text.slice(at, Math.min(at + SLICE, whole))
          const end = at + slice.length - (endsInHalf(slice) && at + slice.length < whole ? 1 : 0)
          append(text.slice(at, end))
          if (filled >= drainAt) drain()
          at = end
        }
      },
      count() {
        const kept = filled
        append(half)
        const total = tokens + countBytes(buffer, filled)
        filled = kept
        return total
      },
      exact: () => exact,
    }
  }

  return {
    count(text) {
      const bytes = encoder.encode(text)
      return countBytes(bytes, bytes.length)
    },
    createCounter,
  }
}

const endsInHalf = (text: string): boolean => (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800
