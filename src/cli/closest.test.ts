import { expect, test } from 'vitest'
import { closest } from './closest.ts'

test.each([
  ['baseURL', 'baseUrl'],
  ['base_url', 'baseUrl'],
  ['apikey', 'apiKey'],
  ['baesUrl', 'baseUrl'],
  ['nmae', 'name'],
  ['typ', 'type'],
])('%s was meant to be %s', (word, meant) => {
  expect(closest(word, ['type', 'name', 'baseUrl', 'apiKey'])).toBe(meant)
})

test('nothing is guessed from afar, and a huge word costs nothing', () => {
  expect(closest('colour', ['type', 'name', 'baseUrl'])).toBeUndefined()
  expect(closest('a'.repeat(1_000_000), ['type'])).toBeUndefined()
})
