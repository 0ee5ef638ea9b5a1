import { expect, test } from 'vitest'
import { numberOf, parseExact, parseFields } from './json-fields.ts'

test('numbers that no double holds are written again as they were read, wherever they stand', () => {
  for (const text of [
    '{"id":12345678901234567890,"in":[-9007199254740993]}',
    '{"large":1e400,"small":-1.5E+400}',
    '{"share":0.12345678901234567890123}',
  ])
    expect(JSON.stringify(parseExact(text))).toBe(text)
})

test('numbers that a double holds are numbers', () => {
  for (const text of ['1.2000000000000002', '0.30000000000000004', '1e3', '9007199254740991', '-0.5E-7'])
    expect(parseExact(`[1234567890123456,${text}]`)).toEqual([1234567890123456, Number(text)])
})

test('a number that was kept exactly still counts', () => {
  const { long, large, text } = parseFields('{"long":1.23456789012345678901,"large":1e400,"text":"1"}') ?? {}
  expect(long).not.toBe(1.2345678901234567)
  expect(numberOf(long)).toBe(1.2345678901234567)
  expect([numberOf(large), numberOf(text)]).toEqual([undefined, undefined])
})

test('what is no JSON, or no object, is undefined', () => {
  for (const text of ['', '{', '{"a":12345678901234567890', 'undefined', '1e5x']) {
    expect(parseExact(text)).toBeUndefined()
    expect(parseFields(text)).toBeUndefined()
  }
  for (const text of ['null', '[]', '"{}"', '7']) expect(parseFields(text)).toBeUndefined()
})
