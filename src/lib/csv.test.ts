import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvRows } from './csv.ts'

test('text that a spreadsheet would run is kept from it; numbers, also negative ones, stay numbers', () => {
  const texts = ['=1+1', '+1', '-1', '@x', '\tx', '\rx', 'plain', "'=1"]
  expect(csvRows([texts])).toBe(`'=1+1,'+1,'-1,'@x,'\tx,"'\rx",plain,'=1\r\n`)
  expect(csvRows([[-1, 12n, { exact: '-0.000000001' }, null, undefined, '']])).toBe('-1,12,-0.000000001,,,\r\n')
})

test('quotes, commas and line ends stay inside of their cell', () => {
  expect(csvRows([['a"b', 'a,b', 'a\nb', 'a\rb'], ['next']])).toBe('"a""b","a,b","a\nb","a\rb"\r\nnext\r\n')
})

test('what is written is what the library for it would write', () => {
  const cell = fc
    .oneof(fc.string({ maxLength: 4 }), fc.constantFrom('a,b', '"', '\r', '\n', ' ', ''))
    .filter((text) => !/^[=+\-@\t\r]/.test(text))
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { maxLength: 4 }), (rows) => {
      expect(csvRows(rows)).toBe(stringify(rows, { record_delimiter: '\r\n', quoted_match: /[\r\n]/ }))
    }),
  )
})
