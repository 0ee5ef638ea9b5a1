/** The one audio format that says in its header how long it lasts, read and written without a decoder. */
import type { Ratio } from './ratio.ts'

/** Uncompressed kinds: plain, float, and either of them with more words about it. */
const PLAIN_KINDS: ReadonlySet<number> = new Set([1, 3, 0xfffe])
const MOST_CHUNKS = 64

/** Exact. Undefined: no WAV file, or one whose length does not follow from its size. */
export function wavSeconds(bytes: Buffer): Ratio | undefined {
  if (bytes.length < 44 || word(bytes, 0) !== 'RIFF' || word(bytes, 8) !== 'WAVE') return undefined
  let bytesPerSecond = 0n
  for (let at = 12, chunks = 0; at + 8 <= bytes.length && chunks < MOST_CHUNKS; chunks++) {
    const size = bytes.readUInt32LE(at + 4)
    const from = at + 8
    if (word(bytes, at) === 'fmt ') bytesPerSecond = rateOf(bytes, from, size)
    if (word(bytes, at) === 'data') {
      if (bytesPerSecond === 0n) return undefined
      // Writers that stream leave 0 or the greatest number where they did not know the size yet.
      const there = bytes.length - from
      const played = size > 0 && size <= there ? size : there
      return { n: BigInt(played), d: bytesPerSecond }
    }
    at = from + size + (size % 2)
  }
  return undefined
}

const word = (bytes: Buffer, at: number): string => bytes.toString('latin1', at, at + 4)

/** From what a sample is made of, since decoders go by that; 0: not a format whose length is known. */
function rateOf(bytes: Buffer, at: number, size: number): bigint {
  if (size < 16 || at + 16 > bytes.length || !PLAIN_KINDS.has(bytes.readUInt16LE(at))) return 0n
  const channels = bytes.readUInt16LE(at + 2)
  const samples = bytes.readUInt32LE(at + 4)
  const bits = bytes.readUInt16LE(at + 14)
  const isPlausible = channels >= 1 && channels <= 8 && samples <= 384_000 && bits >= 8 && bits <= 64 && bits % 8 === 0
  return isPlausible ? BigInt(channels * samples * (bits / 8)) : 0n
}

/** The header of a file with so many bytes of mono samples of 16 bits. */
export function wavHeader(dataBytes: number, samplesPerSecond: number): Buffer {
  const header = Buffer.alloc(44)
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(36 + dataBytes, 4)
  header.write('WAVEfmt ', 8, 'latin1')
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(samplesPerSecond, 24)
  header.writeUInt32LE(samplesPerSecond * 2, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36, 'latin1')
  header.writeUInt32LE(dataBytes, 40)
  return header
}
