import { expect, test } from 'vitest'
import { tablePrinter, thingTable } from './print-table.ts'

const PLAIN = { colour: false, width: undefined }

test('columns of a later page begin where those of the first began, and the head stands once', () => {
  const print = tablePrinter(['id', ['amount', 'USD'], 'status'], PLAIN)
  expect(print([{ id: 'a', amount: 100.5, status: 'open' }])).toBe('id    USD  status\na   100.5  open\n')
  expect(print([{ id: 'b', amount: 1, status: null }])).toBe('b       1  —\n')
  expect(print([])).toBe('')
})

test('no text is shortened where nobody looks, however wide its signs are', () => {
  const rows = [
    { name: '東京の顧客', id: 'x' },
    { name: 'Ann', id: 'y' },
  ]
  const printed = tablePrinter(['name', 'id'], PLAIN)(rows)
  expect(printed).toContain('東京の顧客  x\n')
  expect(printed).not.toContain('…')
})

test('one thing shows every value that the server told, new ones too', () => {
  expect(thingTable({ success: true, id: 'x', later: { added: 1 } }, PLAIN)).toBe('id           x\nlater.added  1\n')
})
