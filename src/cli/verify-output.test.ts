import { expect, test } from 'vitest'
import { progressLine, verifyOutput } from './verify-output.ts'

const difference = { table: 'grants', key: 'id=5', column: 'remaining_nanos', stored: '10', computed: '8' }
const other = { table: 'usage_records', key: 'id=1234567', column: 'items', stored: '1', computed: 'none' }

test('differences stand in columns, one a line', () => {
  const found = [difference, other]
  expect(verifyOutput({ differences: found, remaining: found, repair: false, json: false, rows: 9 })).toEqual({
    stdout:
      'table          key         column           stored  computed\n' +
      'grants         id=5        remaining_nanos  10      8\n' +
      'usage_records  id=1234567  items            1       none\n',
    stderr: 'turnpike: 2 differences. `turnpike verify --repair` corrects what can be computed again\n',
  })
})

test('a repair says how many differences it could not take away', () => {
  const told = { differences: [difference, other], remaining: [other], repair: true, json: true, rows: 9 }
  const { stdout, stderr } = verifyOutput(told)
  expect(JSON.parse(stdout)).toEqual({ differences: [difference, other], remaining: [other] })
  expect(stderr).toBe('turnpike: 2 differences, 1 repaired; what is left stands in rows that are never changed\n')
})

test('progress is told in rows and rows a second', () => {
  expect(progressLine(120_000, 2_000)).toBe('turnpike: verifying, 120,000 rows read in 2 s (60,000 rows a second)\n')
})
