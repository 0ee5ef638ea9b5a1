import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawFirst } from './draw.ts'

test('each item goes first as often as its weight is large, and the others keep their order', () => {
  const weights = { a: 1, b: 0, c: 3 }
  const weightOf = (name: string) => weights[name as 'a']
  const drawn = Array.from({ length: 1_000 }, (_, index) =>
    drawFirst(['a', 'b', 'c'], weightOf, index / 1_000).join(''),
  )
  expect(drawn.filter((order) => order === 'abc')).toHaveLength(250)
  expect(drawn.filter((order) => order === 'cab')).toHaveLength(750)
})

test('without a weight above zero the first stays first', () => {
  expect(drawFirst(['a', 'b'], () => 0, 0.99)).toEqual(['a', 'b'])
  expect(drawFirst(['a', 'b'], () => -1, 0)).toEqual(['a', 'b'])
  expect(drawFirst([], () => 1, 0.5)).toEqual([])
})

test('nobody is lost or doubled, whatever the weights', () => {
  const item = fc.record({ id: fc.nat(), weight: fc.double({ min: 0, max: 1e9, noNaN: true }) })
  fc.assert(
    fc.property(fc.array(item), fc.double({ min: 0, max: 0.999999, noNaN: true }), (items, at) => {
      expect(drawFirst(items, ({ weight }) => weight, at).toSorted(byId)).toEqual(items.toSorted(byId))
    }),
  )
})

const byId = (a: { id: number; weight: number }, b: { id: number; weight: number }) =>
  a.id - b.id || a.weight - b.weight
