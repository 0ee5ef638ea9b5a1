import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SettingsFile } from './settings.ts'

const credit = (creditUsd: unknown) => SettingsFile.safeParse({ billing: { creditUsd } }).success

describe('creditUsd', () => {
  test.each(['1', '2', '5', '1.00', '0.01', '0.05', '0.000001', '0.000005', '100', '500', '1000'])(
    '%s is a rate',
    (rate) => {
      expect(credit(rate)).toBe(true)
    },
  )
  test.each(['0', '3', '1.5', '2000', '0.0000005', '0.11', '-1', '1e2', '', ' 1', 1, null])('%j is none', (rate) => {
    expect(credit(rate)).toBe(false)
  })
})

test.each(['.5', '01', '1.', '+1', '1_000', '0x1', 'NaN', '1'.repeat(41)])('the price %j is no decimal', (input) => {
  const models = [{ id: 'a/b', endpoints: [{ provider: 'p', model: 'm', prices: { input } }] }]
  expect(SettingsFile.safeParse({ models }).success).toBe(false)
})

test.each([
  ['discountPercent', '100', '100.1'],
  ['markupPercent', '12.5', '-1'],
])('%s may be %s, not %s', (name, good, bad) => {
  expect(SettingsFile.safeParse({ billing: { [name]: good } }).success).toBe(true)
  expect(SettingsFile.safeParse({ billing: { [name]: bad } }).success).toBe(false)
})

test.each([
  ['0.25', true],
  ['1', true],
  ['0', false],
  ['1.01', false],
])('a fit share of %s: %s', (fitShare, good) => {
  expect(SettingsFile.safeParse({ reservations: { fitShare } }).success).toBe(good)
})

test('a price for a meter that is not counted in tokens has to name its unit', () => {
  const prices = (meter: string) => [
    { id: 'a/b', endpoints: [{ provider: 'p', model: 'm', prices: { [meter]: '1' } }] },
  ]
  expect(SettingsFile.safeParse({ models: prices('cache_write_1h') }).success).toBe(true)
  expect(SettingsFile.safeParse({ models: prices('web_search') }).success).toBe(false)
})

test('a rate card takes any meter, and tools by name', () => {
  const lines = [
    { meter: 'tool_call:code', price: '0.03', per: 1 },
    { meter: 'audio_seconds', price: '0.36', per: 3600 },
  ]
  const models = [{ id: 'a/b', endpoints: [{ provider: 'p', model: 'm', rateCard: { lines } }] }]
  expect(SettingsFile.parse({ models }).models[0]?.endpoints[0]?.rateCard?.lines[0]?.serviceTier).toBe('standard')
  const wrong = [
    {
      id: 'a/b',
      endpoints: [{ provider: 'p', model: 'm', rateCard: { lines: [{ meter: 'tokens', price: '1', per: 1 }] } }],
    },
  ]
  expect(SettingsFile.safeParse({ models: wrong }).success).toBe(false)
})

test.each([true, false, 2, ['10.0.0.0/8']])('trustProxy may be %j', (trustProxy) => {
  expect(SettingsFile.safeParse({ trustProxy }).success).toBe(true)
})

test('the statuses of refusals are those that clients know', () => {
  expect(SettingsFile.safeParse({ limits: { keyLimitStatus: 402, budgetStatus: 403 } }).success).toBe(true)
  expect(SettingsFile.safeParse({ limits: { budgetStatus: 500 } }).success).toBe(false)
  expect(SettingsFile.safeParse({ limits: { keyLimitStatus: 403 } }).success).toBe(false)
})

test('editors get a JSON Schema of it', () => {
  const schema = z.toJSONSchema(SettingsFile, { io: 'input' })
  expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
  expect(JSON.stringify(schema)).toContain('zeroCompletionInsurance')
})
