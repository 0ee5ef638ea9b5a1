import { describe, expect, test } from 'vitest'
import { systemRandom } from './random.ts'
import { hashSecret, newSecret, sameSecret, secretLabel } from './secret.ts'

describe('secrets', () => {
  test('a new one is its prefix and 256 bits, never the same twice', () => {
    const made = Array.from({ length: 300 }, () => newSecret('sk-tp', systemRandom))
    for (const secret of made) expect(secret).toMatch(/^sk-tp-[0-9a-f]{64}$/)
    expect(new Set(made).size).toBe(made.length)
  })

  test('the bits are those that chance gave', () => {
    const random = { bytes: (length: number) => new Uint8Array(length).fill(0xa5), fraction: () => 0 }
    expect(newSecret('mk-tp', random)).toBe(`mk-tp-${'a5'.repeat(32)}`)
  })

  test('the hash is SHA-256 in lower-case hexadecimal', () => {
    expect(hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(hashSecret('ü')).toBe(hashSecret('\u00fc'))
  })

  test('two are the same only if every character is, whatever their lengths', () => {
    expect(sameSecret('sk-tp-1', 'sk-tp-1')).toBe(true)
    for (const other of ['', 'sk-tp-', 'sk-tp-2', 'sk-tp-11', 'SK-TP-1'])
      expect(sameSecret('sk-tp-1', other)).toBe(false)
  })

  test('a label shows the prefix and three characters of either end', () => {
    expect(secretLabel(`sk-tp-1f3${'0'.repeat(58)}9c2`)).toBe('sk-tp-1f3...9c2')
    expect(secretLabel('correct-horse-battery-staple')).toBe('cor...ple')
  })

  test('a label keeps most of a short secret back', () => {
    expect(secretLabel('sk-tp-abcdef')).toBe('sk-tp-...')
    expect(secretLabel('')).toBe('...')
  })
})
