import fc from 'fast-check'
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, test } from 'vitest'
import { drawFrom, piecesOf, sentences, someSentences } from './sentences.ts'

const seed = process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }

test('every piece of a sentence is one token, alone and together', () => {
  const pieces = sentences(drawFrom(7)).take(5000).toArray()
  for (const piece of new Set(pieces)) expect([piece, encode(piece).length]).toEqual([piece, 1])
  expect(encode(pieces.join('')).length).toBe(5000)
})

test('the same seed says the same, another one something else', () => {
  const said = (seed: number) => someSentences(drawFrom(seed), 3).join('')
  expect(said(1)).toBe(said(1))
  expect(new Set(Array.from({ length: 50 }, (_, seed) => said(seed))).size).toBeGreaterThan(45)
})

test('text cut into pieces is the same text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(piecesOf(text).join('')).toBe(text)
    }),
    seed,
  )
})
