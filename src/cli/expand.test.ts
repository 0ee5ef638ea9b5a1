import { expect, test } from 'vitest'
import { expand } from './expand.ts'

const env = { KEY: 'k', EMPTY: '', NESTED: `\${KEY}` }

test.each([
  [`\${KEY}`, 'k'],
  [`a\${KEY}b\${KEY}`, 'akbk'],
  [`\${NONE:-fall back}`, 'fall back'],
  [`\${NONE:-}`, ''],
  [`\${EMPTY:-fall back}`, 'fall back'],
  [`\${EMPTY}`, ''],
  ['$KEY $ {KEY} $', '$KEY $ {KEY} $'],
  [`$\${KEY}`, `\${KEY}`],
  [`\${NESTED}`, `\${KEY}`],
  [`\${NONE:-http://h:1/-x}`, 'http://h:1/-x'],
])('%s becomes %s', (source, text) => {
  expect(expand(source, env)).toMatchObject({ text, problems: [] })
})

test('a variable that is not set, without a default, is a problem with its cure', () => {
  expect(expand(`\${NONE}`, env).problems).toEqual([
    `\${NONE} is not set and has no default; set it, or write \${NONE:-none}`,
  ])
})

test.each([`\${`, `\${KEY`, `\${a b}`, `\${}`, `\${1A}`, `\${KEY-x}`, `\${KEY:x}`])('%s is no reference', (source) => {
  expect(expand(source, env).problems).toHaveLength(1)
})

test('what every object inherits is not a variable', () => {
  expect(expand(`\${toString}\${constructor}`, env).problems).toHaveLength(2)
})
