import { expect, test } from 'vitest'
import { sample } from './sample.ts'
import { drawFrom } from './sentences.ts'

const draw = () => drawFrom(3)

test('a sample has every property, of the type that the schema asks for', () => {
  const schema = {
    type: 'object',
    properties: {
      city: { type: 'string' },
      unit: { enum: ['C', 'F'] },
      days: { type: 'integer', minimum: 3 },
      hot: { type: 'boolean' },
      range: { type: 'array', items: { type: 'number' }, minItems: 2 },
      kind: { const: 'weather' },
      note: { type: ['null', 'string'] },
      wind: { anyOf: [{ $ref: '#/$defs/wind' }, { type: 'null' }] },
    },
    $defs: { wind: { type: 'object', properties: { knots: { type: 'integer', minimum: 9 } } } },
  }
  expect(sample(schema, draw())).toEqual({
    city: expect.any(String),
    unit: expect.stringMatching(/^[CF]$/),
    days: 3,
    hot: expect.any(Boolean),
    range: [expect.any(Number), expect.any(Number)],
    kind: 'weather',
    note: null,
    wind: { knots: 9 },
  })
})

test('a schema that contains itself many times over ends in a bounded sample', () => {
  const names = Array.from({ length: 10 }, (_, index) => `p${index}`)
  const tree = { type: 'object', properties: Object.fromEntries(names.map((name) => [name, { $ref: '#/$defs/tree' }])) }
  const text = JSON.stringify(sample({ $ref: '#/$defs/tree', $defs: { tree } }, draw()))
  expect(text.length).toBeLessThan(20_000)
})

test('a property named __proto__ is a property', () => {
  const schema = JSON.parse('{"type":"object","properties":{"__proto__":{"const":1}}}')
  expect(JSON.stringify(sample(schema, draw()))).toBe('{"__proto__":1}')
})
