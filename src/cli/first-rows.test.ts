import { expect, test } from 'vitest'
import { firstRows } from './first-rows.ts'

const CSV = 'id,text\r\n1,plain\r\n2,"two\r\nlines, ""quoted"""\r\n3,last\r\n'

test.each([
  [1, 'id,text\r\n1,plain\r\n', 1, true],
  [2, 'id,text\r\n1,plain\r\n2,"two\r\nlines, ""quoted"""\r\n', 2, true],
  [3, CSV, 3, false],
  [9, CSV, 3, false],
])('the first %i rows, however the text is cut into pieces', (wanted, text, taken, hasMore) => {
  for (const size of [1, 2, 7, CSV.length]) {
    const rows = firstRows(wanted)
    let out = ''
    for (let from = 0; from < CSV.length; from += size) out += rows.take(CSV.slice(from, from + size))
    expect([out, rows.taken(), rows.hasMore()]).toEqual([text, taken, hasMore])
  }
})
