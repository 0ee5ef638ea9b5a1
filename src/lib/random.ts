/** The only way to chance. */
import { randomBytes } from 'node:crypto'

export type Random = { bytes(length: number): Uint8Array /** 0 ≤ x < 1, for jitter */; fraction(): number }

/** Random bytes are drawn in blocks: a call to the operating system for each id would cost more than the id. */
const BLOCK = 4096
let block = randomBytes(BLOCK)
let used = 0

export const systemRandom: Random = {
  bytes(length) {
    if (length > BLOCK) return randomBytes(length)
    if (used + length > BLOCK) {
      block = randomBytes(BLOCK)
      used = 0
    }
    used += length
    return block.subarray(used - length, used)
  },
  fraction: () => Math.random(),
}
