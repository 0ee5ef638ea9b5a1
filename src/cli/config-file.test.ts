import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readConfigFile } from './config-file.ts'
import { faultLine } from './fault.ts'

const read = (text: string, env: Record<string, string> = {}) => readConfigFile({ name: 't.yaml', text, env })
const faultsOf = (text: string) => read(text).faults.map(faultLine)

test('each value remembers where it and its name stood', () => {
  const { tree, entries } = read('a:\n  b: [1, "two"]\n')
  expect(tree).toEqual({ a: { b: [1, 'two'] } })
  expect(entries.get('a.b[1]')?.place).toEqual({ file: 't.yaml', line: 2, column: 10 })
  expect(entries.get('a.b')?.keyPlace).toEqual({ file: 't.yaml', line: 2, column: 3 })
})

test('a name that occurs twice is a fault, at its second place', () => {
  expect(faultsOf('a: 1\nb: 2\n"a": 3\n')).toEqual(['turnpike: t.yaml:3:1  `a` is set twice, first in line 1'])
})

test('what is not YAML is told with its place', () => {
  expect(faultsOf('a: [1,\n')[0]).toMatch(/^turnpike: t\.yaml:2:1 {2}this is not YAML as expected: /)
  expect(faultsOf('a: b: c\n')[0]).toMatch(/^turnpike: t\.yaml:1:4 {2}this is not YAML/)
  expect(faultsOf('a: 1\n---\nb: 2\n')[0]).toMatch(/^turnpike: t\.yaml:2:1 {2}this is not YAML/)
})

test('a slip is told once, and a bare variable in braces with its cure', () => {
  const cure = `this is not YAML as expected: inside { } and [ ] a variable needs quotes, as in "\${NAME}"`
  expect(faultsOf(`a: { k: \${K:-none}, b: 1 }`)).toEqual([`turnpike: t.yaml:1:10  ${cure}`])
  expect(faultsOf(`a: [\${K}, 2]`)).toEqual([`turnpike: t.yaml:1:6  ${cure}`])
})

test('a tag that asks for more than plain values is refused', () => {
  expect(faultsOf('a: !!js/function "x"\n')).toHaveLength(1)
})

test('an alias stands for its anchor, and one without an anchor is a fault', () => {
  expect(read('a: &x { n: 1 }\nb: *x\n').tree).toEqual({ a: { n: 1 }, b: { n: 1 } })
  expect(faultsOf('b: *x\n')[0]).toContain('t.yaml:1:4')
})

test('aliases of aliases end at the bound, with one fault and at once', () => {
  const lines = ['a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]']
  for (let i = 1; i < 20; i++) lines.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(8)}*a${i - 1}]`)
  expect(faultsOf(lines.join('\n'))).toHaveLength(1)
})

test('an alias inside its own anchor ends', () => {
  expect(faultsOf('a: &x [*x]\n')).toHaveLength(1)
  expect(faultsOf('a: &x { b: *x, c: *x }\n')).toHaveLength(1)
})

test('depth and length are bounded', () => {
  expect(faultsOf('['.repeat(100) + ']'.repeat(100))).toHaveLength(1)
  expect(faultsOf('['.repeat(50_000))).not.toHaveLength(0)
  expect(faultsOf(`a: ${'x'.repeat(1_000_001)}`)).toEqual(['turnpike: t.yaml is longer than 1000000 characters'])
})

test('a file with a fault for each value is told the first hundred', () => {
  expect(faultsOf(`a: [${'*x, '.repeat(150_000)}]`)).toHaveLength(100)
})

test('many thousand names are compared in time', () => {
  const text = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')
  expect(read(text).faults).toEqual([])
})

test('names never reach a prototype', () => {
  const { tree, faults } = read('constructor: { prototype: { x: 1 } }\ntoString: 2\n')
  expect(faults).toEqual([])
  expect(Object.getPrototypeOf(tree)).toBeNull()
  expect(faultsOf('a: { __proto__: { x: 1 } }\n')).toHaveLength(1)
  expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
})

test('a variable is expanded in values, never in names', () => {
  const { tree } = read(`\${A}: "x\${A}y"\n`, { A: '1' })
  expect(Object.entries(tree ?? {})).toEqual([[`\${A}`, 'x1y']])
})

test('no text at all makes it throw', () => {
  const piece = fc.constantFrom(
    ...['a', ': ', '\n', '  ', '- ', '{', '}', '[', ']', '&x ', '*x', '"', '!!int ', '|', '? ', '#', '\t', '$'],
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      for (const { message } of read(pieces.join('')).faults) expect(message).not.toBe('')
    }),
    { numRuns: 300, ...seed() },
  )
})

const seed = () => (process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {})
