import { expect, test } from 'vitest'
import { cellAt, pathsOf } from './cell.ts'

test('money is the exact text beside the number, at every depth', () => {
  const row = {
    balance: 0.1,
    decimal: { balance: '0.100000001' },
    by: { a: { costUsd: 1, decimal: { costUsd: '1.000000001' } } },
  }
  expect(cellAt(row, ['balance'])).toEqual({ text: '0.100000001', isNumber: true })
  expect(cellAt(row, ['by', 'a', 'costUsd'])).toEqual({ text: '1.000000001', isNumber: true })
})

test('a number is never written with an exponent', () => {
  expect(cellAt({ cost: 6.6e-7 }, ['cost'])?.text).toBe('0.00000066')
  expect(cellAt({ cost: -6.6e-12 }, ['cost'])?.text).toBe('-0.0000000000066')
})

test('what is unknown is not 0, and 0 is not unknown', () => {
  expect(cellAt({ cost: null, decimal: { cost: '1' } }, ['cost'])).toBeUndefined()
  expect(cellAt({}, ['cost'])).toBeUndefined()
  expect(cellAt({ cost: 0 }, ['cost'])?.text).toBe('0')
})

test('every value of a thing has a path, and names with dots lead nowhere else', () => {
  const thing = { id: 'x', decimal: {}, byModel: { 'gpt-4.1': { count: 2 } }, tags: ['a'], metadata: {} }
  expect(pathsOf(thing)).toEqual([['id'], ['byModel', 'gpt-4.1', 'count'], ['tags'], ['metadata']])
  expect(cellAt(thing, ['byModel', 'gpt-4.1', 'count'])?.text).toBe('2')
})
