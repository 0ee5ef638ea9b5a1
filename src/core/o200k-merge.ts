/**
 * Byte pair encoding of one piece, counted. Parts are a linked list, candidate merges a binary heap ordered by rank and
 * then by position, so a piece of n bytes costs n log n, where the usual scan for the best pair costs n².
 */
import { assert } from '../lib/assert.ts'

/** All tokens by rank: text, or bytes where a token is not whole characters. */
export type Ranks = readonly (string | readonly number[])[]

/** The number of tokens of the piece `bytes[from, to)`, `from < to`. */
type CountPiece = (bytes: Uint8Array, from: number, to: number) => number

/** Pieces up to this length share their working memory; what a longer one needed is given back. */
const SHARED_BYTES = 4096
/** A heap entry is rank × 2³² + position: one number that orders as the pair does, exact below 2⁵³. */
const RANK_UNIT = 2 ** 32

export function createPieceCounter(ranks: Ranks): CountPiece {
  const rankOf = createRankTable(ranks)
  const shared = createWork(SHARED_BYTES)
  return (bytes, from, to) => {
    if (rankOf(bytes, from, to) >= 0) return 1
    const work = to - from <= SHARED_BYTES ? shared : createWork(to - from)
    return merge(work, rankOf, bytes.subarray(from, to))
  }
}

/** Below, a position is where a part begins. `next[p]` is where it ends; `ranks[p]` that of the part joined with the one behind it, or -1. */
type Work = { next: Int32Array; previous: Int32Array; ranks: Int32Array; heap: Float64Array }
type RankOf = (bytes: Uint8Array, from: number, to: number) => number

function createWork(length: number): Work {
  return {
    next: new Int32Array(length + 1),
    previous: new Int32Array(length + 1),
    ranks: new Int32Array(length + 1),
    // Every merge takes one entry out and puts at most two in.
    heap: new Float64Array(2 * length + 2),
  }
}

function merge({ next, previous, ranks, heap }: Work, rankOf: RankOf, bytes: Uint8Array): number {
  const length = bytes.length
  let size = 0

  function offer(at: number): void {
    const second = next[at] as number
    const rank = second < length ? rankOf(bytes, at, next[second] as number) : -1
    ranks[at] = rank
    if (rank >= 0) siftUp(heap, size++, rank * RANK_UNIT + at)
  }

  for (let at = 0; at <= length; at++) {
    next[at] = at + 1
    previous[at] = at - 1
  }
  for (let at = 0; at < length; at++) offer(at)

  let parts = length
  while (size > 0) {
    const best = heap[0] as number
    siftDown(heap, --size)
    const rank = Math.floor(best / RANK_UNIT)
    const at = best - rank * RANK_UNIT
    // A part only ever grows, so an older entry for this position names another rank.
    if (ranks[at] !== rank) continue
    const joined = next[at] as number
    const behind = next[joined] as number
    next[at] = behind
    previous[behind] = at
    ranks[joined] = -1
    parts--
    offer(at)
    if (at > 0) offer(previous[at] as number)
  }
  return parts
}

function siftUp(heap: Float64Array, from: number, key: number): void {
  let at = from
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent] as number
    if (above <= key) break
    heap[at] = above
    at = parent
  }
  heap[at] = key
}

/** Takes the first entry out of a heap that has `size` left: the one at `size` finds its place. */
function siftDown(heap: Float64Array, size: number): void {
  const key = heap[size] as number
  let at = 0
  for (let child = 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && (heap[child + 1] as number) < (heap[child] as number)) child++
    const below = heap[child] as number
    if (below >= key) break
    heap[at] = below
    at = child
  }
  heap[at] = key
}

/** Bytes → rank, -1 where they are no token: one flat hash table, a tenth of the memory of a Map with text keys. */
function createRankTable(tokens: Ranks): RankOf {
  const { bytes, starts, longest } = flatten(tokens)
  const mask = 2 ** Math.ceil(Math.log2(tokens.length * 2 + 1)) - 1
  const slots = new Int32Array(mask + 1).fill(-1)
  const hashes = new Int32Array(mask + 1)

  for (let rank = 0; rank < tokens.length; rank++) {
    const hash = hashOf(bytes, starts[rank] as number, starts[rank + 1] as number)
    let slot = hash & mask
    while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask
    slots[slot] = rank
    hashes[slot] = hash
  }

  return (piece, from, to) => {
    if (to - from > longest) return -1
    const hash = hashOf(piece, from, to)
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const rank = slots[slot] as number
      if (rank < 0) return -1
      if (hashes[slot] !== hash) continue
      const start = starts[rank] as number
      if ((starts[rank + 1] as number) - start === to - from && same(bytes, start, piece, from, to)) return rank
    }
  }
}

function flatten(tokens: Ranks): { bytes: Uint8Array; starts: Int32Array; longest: number } {
  const encoder = new TextEncoder()
  const starts = new Int32Array(tokens.length + 1)
  let bytes = new Uint8Array(2 ** 21)
  let used = 0
  let longest = 0
  for (const [rank, token] of tokens.entries()) {
    if (used + 3 * token.length > bytes.length) {
      const larger = new Uint8Array(2 * bytes.length + 3 * token.length)
      larger.set(bytes)
      bytes = larger
    }
    const start = used
    if (typeof token === 'string') used += encoder.encodeInto(token, bytes.subarray(used)).written
    else {
      bytes.set(token, used)
      used += token.length
    }
    assert(used > start, `token ${rank} is empty`)
    longest = Math.max(longest, used - start)
    starts[rank + 1] = used
  }
  return { bytes: bytes.slice(0, used), starts, longest }
}

/** FNV-1a, with the high bits folded in, because the table takes the low ones. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return hash ^ (hash >>> 15)
}

function same(token: Uint8Array, start: number, piece: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (token[start + at - from] !== piece[at]) return false
  return true
}
