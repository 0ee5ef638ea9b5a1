/** Sums of decimal text: exact, whatever their size, sign or notation. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalText, ratio } from '../../src/lib/ratio.ts'
import { seedOfRun } from '../../test/chance.ts'
import { isDecimal, sumOf } from '../src/decimal.ts'

test.each([
  [[], '0'],
  [['0.1', '0.2'], '0.3'],
  [['1e-7', '1.5E2', '-0.0000001'], '150'],
  [['-0.5', '0.25'], '-0.25'],
  [['0.10', '0.90'], '1'],
  [['-1', '1.0'], '0'],
  [['9007199254740993', '0.000000001'], '9007199254740993.000000001'],
])('of %j is %s', (texts, sum) => expect(sumOf(texts)).toBe(sum))

test('what is no decimal is none', () => {
  for (const text of ['', 'NaN', '1e400', 'Infinity', '1,5', '0x1', ' 1', '.5', '1.', '9'.repeat(41)]) {
    expect(isDecimal(text)).toBe(false)
    expect(() => sumOf([text])).toThrow(RangeError)
  }
})

test('is that of exact fractions, for any decimals in any order', () => {
  const decimal = fc
    .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.nat(12))
    .map(([units, places]) => decimalText({ n: units, d: 10n ** BigInt(places) }))
  fc.assert(
    fc.property(fc.array(decimal, { maxLength: 8 }), (texts) => {
      const exact = texts.map(ratio).reduce((a, b) => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d }), { n: 0n, d: 1n })
      expect(sumOf(texts)).toBe(decimalText(exact))
      expect(sumOf(texts.toReversed())).toBe(sumOf(texts))
    }),
    { seed: seedOfRun() },
  )
})
