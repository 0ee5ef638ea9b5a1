import { describe, expect, test } from 'vitest'
import { wavHeader, wavSeconds } from './wav.ts'

const file = (dataBytes: number, samples = 8_000) =>
  Buffer.concat([wavHeader(dataBytes, samples), Buffer.alloc(dataBytes)])

const changed = (at: number, value: number, bytes: 2 | 4 = 2, from = file(16_000)) => {
  const copy = Buffer.from(from)
  if (bytes === 2) copy.writeUInt16LE(value, at)
  else copy.writeUInt32LE(value, at)
  return copy
}

describe('the length of a WAV file', () => {
  test('is exact, to the sample', () => {
    expect(wavSeconds(file(16_000))).toEqual({ n: 16_000n, d: 16_000n })
    expect(wavSeconds(file(2, 44_100))).toEqual({ n: 2n, d: 88_200n })
    expect(wavSeconds(file(0))).toEqual({ n: 0n, d: 16_000n })
  })

  test('skips what stands before the samples', () => {
    const plain = file(16_000)
    const list = Buffer.from('LIST\x05\0\0\0INFO_\0', 'latin1')
    expect(wavSeconds(Buffer.concat([plain.subarray(0, 36), list, plain.subarray(36)]))).toEqual({
      n: 16_000n,
      d: 16_000n,
    })
  })

  test.each([0, 0xffffffff, 999_999])('is that of what is there where the header says %d', (size) => {
    expect(wavSeconds(changed(40, size, 4))).toEqual({ n: 16_000n, d: 16_000n })
  })

  test('goes by what a sample is made of, not by the rate that the header claims', () => {
    expect(wavSeconds(changed(28, 0xffffffff, 4))).toEqual({ n: 16_000n, d: 16_000n })
  })

  test.each([
    ['no file at all', Buffer.alloc(0)],
    ['other bytes', Buffer.alloc(100, 'x')],
    ['a compressed kind', changed(20, 0x55)],
    ['no channels', changed(22, 0)],
    ['a thousand channels', changed(22, 1_000)],
    ['no samples', changed(24, 0, 4)],
    ['a rate that nobody records at', changed(24, 0xffffffff, 4)],
    ['half bytes', changed(34, 12)],
    ['nothing but a header', file(16_000).subarray(0, 40)],
    ['chunks without end', Buffer.concat([file(0).subarray(0, 36), Buffer.alloc(10_000)])],
  ])('is not told of %s', (_name, bytes) => {
    const seconds = wavSeconds(bytes)
    expect(seconds === undefined || seconds.d === 0n).toBe(true)
    expect(seconds).toBeUndefined()
  })
})
