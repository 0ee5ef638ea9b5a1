import { describe, expect, test } from 'vitest'
import { decimalText, exactText } from '../lib/ratio.ts'
import { type Flags, readCost, readCount, readQuantity } from './read-count.ts'

describe('a count from outside is bounded and flagged by one table', () => {
  test.each([
    [undefined, undefined, []],
    [null, undefined, []],
    [0, 0, []],
    [12, 12, []],
    ['123', 123, ['usage_string']],
    ['12.0', 12, ['usage_string']],
    [JSON.parse('12.0'), 12, []],
    [12.5, 13, ['usage_invalid']],
    [-7, 0, ['usage_negative']],
    ['-7', 0, ['usage_string', 'usage_negative']],
    [Number.NaN, undefined, ['usage_invalid']],
    [Number.POSITIVE_INFINITY, undefined, ['usage_invalid']],
    [JSON.parse('1e400'), undefined, ['usage_invalid']],
    [JSON.parse('-1e400'), undefined, ['usage_invalid']],
    ['1e400', undefined, ['usage_invalid']],
    ['many', undefined, ['usage_invalid']],
    ['', undefined, ['usage_invalid']],
    ['9'.repeat(50), undefined, ['usage_invalid']],
    [true, undefined, ['usage_invalid']],
    [{ value: 3 }, undefined, ['usage_invalid']],
    [[3], undefined, ['usage_invalid']],
    [1e12, 1e12, []],
    [1e12 + 1, 1e12, ['usage_huge']],
    [1e300, 1e12, ['usage_huge']],
  ])('%j reads as %j', (value, expected, expectedFlags) => {
    const flags: Flags = new Set()
    expect(readCount(value, flags)).toBe(expected)
    expect([...flags]).toEqual(expectedFlags)
  })
})

describe('seconds keep their fraction, exactly', () => {
  test.each([
    [null, undefined, []],
    [120, '120', []],
    [0.1, '0.1', []],
    ['3.25', '3.25', ['usage_string']],
    [1e-7, '0.0000001', []],
    [-1, '0', ['usage_negative']],
    [Number.NaN, undefined, ['usage_invalid']],
    [{}, undefined, ['usage_invalid']],
    [2e12, '1000000000000', ['usage_huge']],
    [1e300, '1000000000000', ['usage_huge']],
  ])('%j reads as %j', (value, expected, expectedFlags) => {
    const flags: Flags = new Set()
    const quantity = readQuantity(value, flags)
    expect(quantity && exactText(quantity)).toBe(expected)
    expect([...flags]).toEqual(expectedFlags)
  })
})

describe('a stated cost is read from its text, rounded to 15 decimals', () => {
  test.each([
    [JSON.parse('4.1400000000000003e-05'), 1n, '0.0000414', []],
    [0.95, 1n, '0.95', []],
    ['0.000102', 1n, '0.000102', []],
    [0, 1n, '0', []],
    ['0.0000000000000025', 1n, '0.000000000000002', []],
    [160_614_000, 10_000_000_000n, '0.0160614', []],
    [null, 1n, undefined, []],
    [-1, 1n, undefined, ['usage_negative']],
    [Number.POSITIVE_INFINITY, 1n, undefined, ['usage_invalid']],
    ['free', 1n, undefined, ['usage_invalid']],
    [true, 1n, undefined, ['usage_invalid']],
    [5e9, 1n, '1000000000', ['usage_huge']],
  ])('%j in units of 1/%s USD reads as %j', (value, unitsPerUsd, expected, expectedFlags) => {
    const flags: Flags = new Set()
    const cost = readCost(value, unitsPerUsd, flags)
    expect(cost && decimalText(cost, 20)).toBe(expected)
    expect([...flags]).toEqual(expectedFlags)
  })
})
