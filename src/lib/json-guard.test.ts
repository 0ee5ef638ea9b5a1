import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { duplicateMember, guardJson } from './json-guard.ts'
import { topLevelMembers } from './json-scan.ts'

const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}
const anyJson = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' })

function countValues(value: unknown): number {
  if (value === null || typeof value !== 'object') return 1
  return Object.values(value).reduce((sum: number, each) => sum + countValues(each), 1)
}

function depthOf(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('guardJson', () => {
  test('what a parser takes passes at exactly its depth and number of values, and at nothing less', () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(undefined, 2), (data, indent) => {
        const text = JSON.stringify(data, null, indent)
        const depth = depthOf(data)
        const values = countValues(data)
        expect(guardJson(text, { depth, values })).toEqual({ ok: true })
        expect(guardJson(new TextEncoder().encode(text), { depth, values })).toEqual({ ok: true })
        expect(guardJson(text, { depth, values: values - 1 })).toMatchObject({ reason: 'too_many_values' })
        if (depth > 0) expect(guardJson(text, { depth: depth - 1, values })).toMatchObject({ reason: 'too_deep' })
      }),
      { numRuns: 400, ...seed },
    )
  })

  test('brackets, quotes and commas inside strings do not count, however long the string', () => {
    for (const length of [0, 5, 30, 31, 32, 33, 70, 500]) {
      for (const tail of ['', '\\', '"', '\\"', '[{', '\\\\"[', 'é😀"']) {
        const text = JSON.stringify([`${'x'.repeat(length)}${tail}`, `${tail}${'[,"'.repeat(length)}`])
        expect(guardJson(text, { depth: 1, values: 3 }), text).toEqual({ ok: true })
      }
    }
  })

  test('by default the depth is 64 and the values are a million', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const wide = (values: number) => `[${'0,'.repeat(values - 2)}0]`
    expect(guardJson(nested(64))).toEqual({ ok: true })
    expect(guardJson(nested(65))).toEqual({ ok: false, reason: 'too_deep', offset: 64 })
    expect(guardJson(wide(1_000_000))).toEqual({ ok: true })
    expect(guardJson(wide(1_000_001))).toMatchObject({ ok: false, reason: 'too_many_values' })
  })

  test('a flood of brackets is refused at the limit, not at its end', () => {
    expect(guardJson(Buffer.alloc(1_000_000, '['))).toEqual({ ok: false, reason: 'too_deep', offset: 64 })
  })

  test.each([
    ['nothing', '', 0],
    ['only space', ' \n', 2],
    ['a bracket too many', '[]]', 2],
    ['a bracket too few', '[[]', 3],
    ['brackets that do not match', '[{]}', 2],
    ['an open string', '["abc', 1],
    ['a string whose last quote is escaped', `["${'x'.repeat(100)}\\"`, 1],
  ])('%s is malformed, and the place is named', (_, text, offset) => {
    expect(guardJson(text)).toEqual({ ok: false, reason: 'malformed', offset })
  })

  test('offsets count bytes', () => {
    expect(guardJson('["é"]]')).toMatchObject({ offset: 6 })
  })

  test('a view into a larger buffer is judged by its own bytes', () => {
    expect(guardJson(Buffer.from(']]"[1]"]]').subarray(3, 6))).toEqual({ ok: true })
    expect(guardJson(new Uint8Array(Buffer.from('xx["a"]]]')).subarray(2, 7))).toEqual({ ok: true })
  })
})

describe('duplicateMember', () => {
  const watched = new Set(['model', 'messages', 'stream_options', 'max_tokens', 'maxTokens'])
  const judge = (text: string) => duplicateMember(topLevelMembers(text) ?? [], watched)

  test.each([
    ['once each', '{"model":1,"messages":2,"other":3}', undefined],
    ['an unwatched key twice', '{"other":1,"other":2}', undefined],
    ['a watched key twice', '{"model":1,"x":0,"model":1}', { key: 'model', reason: 'duplicate' }],
    ['twice, once spelled with an escape', '{"model":1,"mod\\u0065l":2}', { key: 'model', reason: 'duplicate' }],
    ['another letter case', '{"Model":1}', { key: 'Model', reason: 'case' }],
    ['another letter case of a name with capitals', '{"maxtokens":1}', { key: 'maxtokens', reason: 'case' }],
    ['a letter that folds into the same', '{"me\u017f\u017fages":1}', { key: 'me\u017f\u017fages', reason: 'case' }],
    ['the Kelvin sign', '{"max_to\u212aens":1}', { key: 'max_to\u212aens', reason: 'case' }],
    ['the same key inside a value', '{"model":{"model":1,"Model":2}}', undefined],
  ])('%s', (_, text, expected) => {
    expect(judge(text)).toEqual(expected)
  })
})
