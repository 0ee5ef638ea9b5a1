import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocate, burnDownOrder } from './burn-down.ts'
import type { Grant } from './ledger-rows.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }

const grant = (id: bigint, more: Partial<Grant> = {}): Grant => ({
  id,
  organisationId: 1n,
  code: String(id),
  accountId: 1n,
  category: 'paid',
  amount: 10n,
  remaining: 10n,
  reserved: 0n,
  priority: 50,
  effectiveAt: 0,
  expiresAt: null,
  paymentId: null,
  createdAt: 0,
  ...more,
})
const orderOf = (grants: readonly Grant[]) => burnDownOrder(grants).map(({ id }) => Number(id))

describe('which grant pays first', () => {
  const rules: readonly [rule: string, earlier: Partial<Grant>, later: Partial<Grant>][] = [
    ['the lower priority number, whatever expires', { priority: 1 }, { priority: 2, expiresAt: 5 }],
    ['the earlier expiry, whatever its category', { expiresAt: 5 }, { expiresAt: 6, category: 'promotional' }],
    ['one that expires before one that never does', { expiresAt: Date.UTC(2100, 0) }, {}],
    ['promotional before plan', { category: 'promotional' }, { category: 'plan' }],
    ['plan before adjustment', { category: 'plan' }, { category: 'adjustment' }],
    ['adjustment before paid, whatever came first', { category: 'adjustment', effectiveAt: 9 }, { category: 'paid' }],
    ['the one that was effective first', { effectiveAt: 1, createdAt: 9 }, { effectiveAt: 2 }],
    ['the one that was made first', { createdAt: 1 }, { createdAt: 2 }],
  ]
  for (const [rule, earlier, later] of rules)
    test(rule, () => {
      const [first, second] = [grant(2n, earlier), grant(1n, later)]
      expect(orderOf([second, first])).toEqual([2, 1])
      expect(orderOf([first, second])).toEqual([2, 1])
    })

  test('the lower number, where nothing else tells them apart', () => {
    expect(orderOf([grant(3n), grant(1n), grant(2n)])).toEqual([1, 2, 3])
  })
})

describe('an amount is spread over the grants', () => {
  test('what they do not cover comes last, without a grant', () => {
    const grants = [grant(1n, { remaining: 5n, reserved: 2n }), grant(2n, { remaining: 4n, reserved: 4n, priority: 1 })]
    expect(allocate(grants, 7n)).toEqual([
      { grantId: 1n, nanos: 3n },
      { grantId: null, nanos: 4n },
    ])
  })

  test('nothing is taken for nothing', () => {
    expect(allocate([grant(1n)], 0n)).toEqual([])
  })

  test('the parts sum to the amount, none passes what is free, and none is taken before an earlier grant is empty', () => {
    const some = fc.array(
      fc.record({
        remaining: fc.bigInt(0n, 20n),
        reserved: fc.bigInt(0n, 20n),
        priority: fc.integer({ min: 1, max: 3 }),
        expiresAt: fc.option(fc.nat(3)),
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(some, fc.bigInt(0n, 60n), (specs, amount) => {
        const grants = specs.map((spec, index) =>
          grant(BigInt(index), { ...spec, remaining: spec.remaining + spec.reserved }),
        )
        const parts = allocate(grants, amount)
        expect(parts.reduce((sum, { nanos }) => sum + nanos, 0n)).toBe(amount)
        const taken = new Map(parts.map(({ grantId, nanos }) => [grantId, nanos]))
        const left = burnDownOrder(grants).map(
          ({ id, remaining, reserved }) => remaining - reserved - (taken.get(id) ?? 0n),
        )
        const touched = burnDownOrder(grants).map(({ id }) => taken.has(id))
        const last = Math.max(touched.lastIndexOf(true), taken.has(null) ? left.length : -1)
        for (const [index, rest] of left.entries()) {
          expect(rest).toBeGreaterThanOrEqual(0n)
          if (index < last) expect(rest).toBe(0n)
        }
      }),
      seed,
    )
  })
})
