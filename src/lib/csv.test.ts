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
