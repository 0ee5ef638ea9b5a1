import { expect, test } from 'vitest'
import { systemRandom } from './random.ts'
import { createSeal } from './seal.ts'

const seal = createSeal('ab'.repeat(32), systemRandom)

test('a sealed secret opens with its key, for what it belongs to, and never looks the same twice', () => {
  const sealed = seal.close('whsec_ünsaid', 'channel 1')
  expect(seal.open(sealed, 'channel 1')).toBe('whsec_ünsaid')
  expect(sealed).not.toBe(seal.close('whsec_ünsaid', 'channel 1'))
  expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('whsec')
})

test('it does not open with another key, for another owner, or changed', () => {
  const sealed = seal.close('secret', 'channel 1')
  expect(() => createSeal('cd'.repeat(32), systemRandom).open(sealed, 'channel 1')).toThrow()
  expect(() => seal.open(sealed, 'channel 2')).toThrow()
  const bytes = Buffer.from(sealed, 'base64')
  bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1)
  expect(() => seal.open(bytes.toString('base64'), 'channel 1')).toThrow()
})
