import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { budgetOf } from '../../test/backends.ts'
import { budgetWindow, chainFor, indexBudgets, ruleAt, tagsOf } from './budget-chain.ts'
import type { Budget } from './budget-rows.ts'
import type { WindowKind } from './window.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }

const at = (text: string) => Temporal.Instant.from(text).epochMilliseconds
const budget = (more: Partial<Budget> = {}) => budgetOf({ id: 1n, code: 'b', limit: 1n, ...more })

describe('the window of a budget', () => {
  const cases: readonly [zone: string, window: WindowKind, instant: string, start: string, end: string][] = [
    ['America/New_York', 'day', '2026-03-08T20:00Z', '2026-03-08T05:00Z', '2026-03-09T04:00Z'],
    ['America/New_York', 'day', '2026-11-01T20:00Z', '2026-11-01T04:00Z', '2026-11-02T05:00Z'],
    ['Australia/Lord_Howe', 'day', '2026-04-05T00:00Z', '2026-04-04T13:00Z', '2026-04-05T13:30Z'],
    ['America/Santiago', 'day', '2026-09-06T12:00Z', '2026-09-06T04:00Z', '2026-09-07T03:00Z'],
    ['America/Havana', 'day', '2026-11-01T12:00Z', '2026-11-01T04:00Z', '2026-11-02T05:00Z'],
    ['Pacific/Apia', 'day', '2011-12-30T09:59Z', '2011-12-29T10:00Z', '2011-12-30T10:00Z'],
    ['Pacific/Apia', 'day', '2011-12-30T10:00Z', '2011-12-30T10:00Z', '2011-12-31T10:00Z'],
    ['Asia/Kathmandu', 'day', '2026-05-01T00:00Z', '2026-04-30T18:15Z', '2026-05-01T18:15Z'],
    ['Europe/Berlin', 'month', '2026-03-31T21:59:59Z', '2026-02-28T23:00Z', '2026-03-31T22:00Z'],
    ['Europe/Berlin', 'week', '2026-10-20T00:00Z', '2026-10-18T22:00Z', '2026-10-25T23:00Z'],
  ]
  for (const [timeZone, window, instant, start, end] of cases)
    test(`of a ${window} in ${timeZone} at ${instant} is that of its calendar`, () => {
      expect(budgetWindow(budget({ timeZone, window }), at(instant))).toEqual({ start: at(start), end: at(end) })
    })

  test('ends where a rule that is to come takes over, and the first of that one begins there', () => {
    const from = at('2026-03-10T00:00Z')
    const changed = budget({
      window: 'day',
      coming: { from, window: 'month', timeZone: 'UTC', weekStart: 1, anchorDay: 1 },
    })
    expect(ruleAt(changed, from - 1).window).toBe('day')
    expect(budgetWindow(changed, from - 1)).toEqual({ start: at('2026-03-09T00:00Z'), end: from })
    expect(budgetWindow(changed, from)).toEqual({ start: from, end: at('2026-04-01T00:00Z') })
    expect(budgetWindow(changed, at('2026-04-01T00:00Z'))?.start).toBe(at('2026-04-01T00:00Z'))
  })

  test('tiles time through a change of rule: no gap, no overlap', () => {
    const kind = fc.constantFrom<WindowKind>('minute', 'hour', 'day', 'week', 'month')
    const zone = fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'Pacific/Apia')
    const rule = fc.record({
      window: kind,
      timeZone: zone,
      weekStart: fc.integer({ min: 1, max: 7 }),
      anchorDay: fc.integer({ min: 1, max: 31 }),
    })
    const instant = fc.integer({ min: 0, max: at('2100-01-01T00:00Z') })
    fc.assert(
      fc.property(rule, rule, instant, (before, after, when) => {
        const old = budget(before)
        const from = budgetWindow(old, when)?.end ?? 0
        const changed = { ...old, coming: { ...after, from } }
        let next = when
        for (let windows = 0; windows < 4; windows++) {
          const window = budgetWindow(changed, next)
          if (window?.end === undefined) throw new Error('these windows end')
          expect(window.start).toBeLessThanOrEqual(next)
          expect(window.end).toBeGreaterThan(next)
          expect(budgetWindow(changed, window.end - 1)).toEqual(window)
          expect(budgetWindow(changed, window.end)?.start).toBe(window.end)
          next = window.end
        }
      }),
      { numRuns: 150, ...seed },
    )
  })

  test('a budget for single calls has none', () => {
    expect(budgetWindow(budget({ window: 'request', metric: 'tokens' }), 0)).toBeUndefined()
  })
})

describe('a chain', () => {
  const all = [
    budget({ id: 1n, scope: 'organisation', scopeId: '7' }),
    budget({ id: 2n, scope: 'account', scopeId: '5' }),
    budget({ id: 3n, scope: 'account', scopeId: '5' }),
    budget({ id: 4n, scope: 'api_key', scopeId: '5' }),
    budget({ id: 5n, scope: 'end_user', scopeId: '5' }),
    budget({ id: 6n, scope: 'end_user', scopeId: '*' }),
    budget({ id: 7n, scope: 'tag', scopeId: 'team:red' }),
    budget({ id: 8n, scope: 'model', scopeId: 'acme/five' }),
  ]
  const spender = { organisationId: 7n, accountId: null, apiKeyId: null, endUser: null, tags: [], models: [] }
  const ids = (more: object) => chainFor(indexBudgets(all), { ...spender, ...more }).map(({ id }) => Number(id))

  test('is every budget that matches and no other', () => {
    expect(ids({})).toEqual([1])
    expect(ids({ organisationId: 8n })).toEqual([])
    expect(ids({ accountId: 5n })).toEqual([1, 2, 3])
    expect(ids({ apiKeyId: 5n, endUser: '5' })).toEqual([1, 4, 5])
    expect(ids({ tags: ['team:red', 'team:blue'] })).toEqual([1, 7])
    expect(ids({ models: ['acme/five', 'acme/six', 'acme/five'] })).toEqual([1, 8])
  })

  test('holds no template: it binds by the budgets that it makes', () => {
    expect(ids({ endUser: '*' })).toEqual([1])
    expect(indexBudgets(all).templates.map(({ id }) => id)).toEqual([6n])
  })

  test('has the text members of metadata as tags', () => {
    expect(tagsOf({ team: 'red', many: ['x'], count: 3, empty: '' })).toEqual(['team:red', 'empty:'])
    expect(tagsOf(null)).toEqual([])
  })
})
