import { expect, test } from 'vitest'
import { behaviourOf, behaviours } from './behaviours.ts'

test('whatever stands before the last slash does not matter', () => {
  for (const name of ['echo', 'simulator/echo', 'a/b/echo']) expect(behaviourOf(name).behaviour).toBe(behaviours.echo)
})

test('a number at the end of a name takes the place of the row’s own', () => {
  expect(behaviourOf('simulator/slow')).toEqual({ behaviour: behaviours.slow, number: 100 })
  expect(behaviourOf('simulator/slow-7')).toEqual({ behaviour: behaviours.slow, number: 7 })
  expect(behaviourOf('error-in-stream-0')).toEqual({ behaviour: behaviours['error-in-stream'], number: 0 })
})

test('no name makes an answer of unbounded size', () => {
  expect(behaviourOf('huge-output-999999999').number).toBeLessThan(10_000_000)
})

test('a name that is nobody’s answers sentences, also one that JavaScript objects have', () => {
  for (const name of ['gpt-4o', 'gpt-5', 'echo-5', 'constructor', '__proto__', 'slow-', '']) {
    expect(behaviourOf(name)).toEqual({ behaviour: behaviours.sentences, number: 0 })
  }
})
