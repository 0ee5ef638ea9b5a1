import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compare } from '../lib/ratio.ts'
import { wavHeader } from '../lib/wav.ts'
import { soundLength, speechSeconds } from './sound-length.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }

const seconds = ({ n, d }: { n: bigint; d: bigint }) => Number(n) / Number(d)
/** 144 bytes for 24 ms. */
const mp3 = (frames: number) =>
  Buffer.concat(
    Array.from({ length: frames }, () => Buffer.concat([Buffer.from([0xff, 0xf3, 0x64, 0xc4]), Buffer.alloc(140)])),
  )

test('a WAV file is as long as its header says, and no longer', () => {
  const { seconds: told, mostSeconds } = soundLength(Buffer.concat([wavHeader(16_000, 8_000), Buffer.alloc(16_000)]))
  expect([seconds(told), seconds(mostSeconds)]).toEqual([1, 1])
})

test('an MP3 file is reckoned by the rate of its first frame, behind a tag too', () => {
  const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\x0a', 'latin1'), Buffer.alloc(10)])
  expect(seconds(soundLength(mp3(100)).seconds)).toBeCloseTo(2.4)
  expect(seconds(soundLength(Buffer.concat([tag, mp3(100)])).seconds)).toBeCloseTo(2.4, 1)
})

test('speech is measured by its header, its rate, or the format that was asked for', () => {
  expect(seconds(speechSeconds(mp3(10), 14_400, 'audio/mpeg'))).toBeCloseTo(2.4)
  expect(seconds(speechSeconds(Buffer.alloc(64), 96_000, 'audio/pcm'))).toBe(2)
  const wav = Buffer.concat([wavHeader(16_000, 8_000), Buffer.alloc(16_000)])
  expect(seconds(speechSeconds(wav, wav.length, 'audio/wav'))).toBe(1)
})

test('whatever the bytes are, the estimate is within the bound, and the bound is half a day at most', () => {
  const opening = fc.constantFrom('', 'RIFF....WAVEfmt ', 'ID3\x04\0\0\x7f\x7f\x7f\x7f', '\xff\xf3\x64', '\xff\xfb\xf0')
  fc.assert(
    fc.property(
      opening,
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(0, 1_000, 40_000_000),
      (head, tail, more) => {
        const file = Buffer.concat([Buffer.from(head, 'latin1'), tail, Buffer.alloc(more)])
        const { seconds: told, mostSeconds } = soundLength(file)
        expect(compare(told, mostSeconds)).toBeLessThanOrEqual(0)
        expect(seconds(mostSeconds)).toBeLessThanOrEqual(43_200)
        expect(told.n >= 0n && told.d > 0n).toBe(true)
      },
    ),
    { numRuns: 200, ...seed },
  )
})
