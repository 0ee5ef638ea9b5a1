import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemRandom } from './random.ts'
import { createSealer, SealBroken } from './sealer.ts'

const MASTER = 'a'.repeat(64)
const sealer = createSealer(MASTER, systemRandom)
const OWNER = '7:cred_one'

const whyOf = (open: () => string): string => {
  try {
    return `opened: ${open()}`
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    expect(error.message).not.toContain('sk-secret')
    return error.why
  }
}

describe('a sealed secret', () => {
  test('opens to what was sealed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 40 }), (secret, owner) => {
        const text = Buffer.from(secret).toString()
        expect(sealer.open(sealer.seal(text, owner), owner)).toBe(text)
      }),
      { numRuns: 40 },
    )
  })

  test('is never written the same way twice, and holds no piece of the secret', () => {
    const sealed = [1, 2].map(() => sealer.seal('sk-secret-0123456789', OWNER))
    expect(sealed[0]).not.toBe(sealed[1])
    for (const text of sealed) {
      expect(text).not.toContain('secret-0123')
      expect(Buffer.from(text.split('.').at(-1) ?? '', 'base64url').toString('latin1')).not.toContain('secret')
    }
  })

  test('opens for nobody but whom it belongs to', () => {
    const sealed = sealer.seal('sk-secret', OWNER)
    expect(whyOf(() => sealer.open(sealed, '8:cred_one'))).toBe('changed')
    expect(whyOf(() => sealer.open(sealed, '7:cred_two'))).toBe('changed')
  })

  test('does not open with one changed byte, wherever it lies', () => {
    const sealed = sealer.seal('sk-secret', OWNER)
    const parts = sealed.split('.')
    for (const index of [2, 3, 4]) {
      const bytes = Buffer.from(parts[index] ?? '', 'base64url')
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ 1
        const text = parts.with(index, changed.toString('base64url')).join('.')
        expect(whyOf(() => sealer.open(text, OWNER))).toBe('changed')
      }
    }
  })

  test.each(['', 'v1', 'v2.a.b.c.d', 'v1.x', '....', sealer.seal('x', OWNER).slice(0, 40)])(
    'what is none is told apart: %j',
    (text) => {
      expect(whyOf(() => sealer.open(text, OWNER))).toBe('changed')
    },
  )

  test('says so where another key sealed it', () => {
    const other = createSealer('b'.repeat(64), systemRandom)
    expect(other.keyId).not.toBe(sealer.keyId)
    expect(whyOf(() => other.open(sealer.seal('sk-secret', OWNER), OWNER))).toBe('other_key')
    // Its name put in place of the other does not help.
    const renamed = sealer.seal('sk-secret', OWNER).replace(sealer.keyId, other.keyId)
    expect(whyOf(() => other.open(renamed, OWNER))).toBe('changed')
  })

  test('the same master makes the same key, and the same fingerprint of a secret', () => {
    const again = createSealer(MASTER, systemRandom)
    expect(again.open(sealer.seal('x', OWNER), OWNER)).toBe('x')
    expect(again.fingerprint('x')).toBe(sealer.fingerprint('x'))
    expect(sealer.fingerprint('y')).not.toBe(sealer.fingerprint('x'))
    expect(createSealer('b'.repeat(64), systemRandom).fingerprint('x')).not.toBe(sealer.fingerprint('x'))
  })
})
