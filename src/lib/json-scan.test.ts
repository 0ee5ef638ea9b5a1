import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { injectAfter, spliceMembers, topLevelMembers } from './json-scan.ts'

const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}

/** Strings with what a scanner may trip over. */
const tricky = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[{}[\]",:\\ nu0-9é\ud83d]{0,40}$/),
  fc.constantFrom('id', 'model', 'usage', '\ud800', '\\"', '😀"', 'x'.repeat(200), `${'y'.repeat(60)}\\`, '__proto__'),
)
/**
 * The engine's own parser compares a key that holds an escape with the raw text of a key it saw before in an object of that
 * shape, and may take the one for the other where the earlier one holds a backslash. So no key here holds one: what the
 * parser says is then a measure.
 */
const isReadable = (data: unknown): boolean =>
  typeof data !== 'object' ||
  data === null ||
  Object.entries(data).every(([key, member]) => (Array.isArray(data) || !key.includes('\\')) && isReadable(member))
const value = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }).filter(isReadable)
const object = fc
  .dictionary(tricky, fc.oneof(value, tricky, fc.record({ a: tricky, b: fc.array(tricky) })))
  .filter(isReadable)
const spacing = fc.constantFrom(undefined, 1, 3, '\t')

function splice(text: string, edits: Record<string, string | undefined>): string {
  const members = topLevelMembers(text)
  if (!members) throw new Error('not an object')
  return spliceMembers(text, members, new Map(Object.entries(edits)))
}

const shape = (text: string) =>
  topLevelMembers(text)?.map(({ key, valueStart, valueEnd }) => [key, text.slice(valueStart, valueEnd)])

describe('topLevelMembers', () => {
  test('any object gives the keys and values that a parser finds, in order', () => {
    fc.assert(
      fc.property(object, spacing, (data, indent) => {
        const text = JSON.stringify(data, null, indent)
        const found = topLevelMembers(text)?.map(({ key, keyStart, valueStart, valueEnd }) => {
          expect(text[keyStart]).toBe('"')
          return [key, JSON.parse(text.slice(valueStart, valueEnd))]
        })
        expect(found).toEqual(Object.entries(JSON.parse(text)))
      }),
      { numRuns: 500, ...seed },
    )
  })

  test('a text that a parser takes for an object is never refused, and one that ends early always is', () => {
    fc.assert(
      fc.property(object, fc.nat(), (data, cut) => {
        const text = JSON.stringify(data)
        expect(topLevelMembers(` \r\n\t${text}\n`)).toBeDefined()
        expect(topLevelMembers(text.slice(0, cut % text.length))).toBeUndefined()
      }),
      { numRuns: 300, ...seed },
    )
  })

  test('keys are decoded, values are not', () => {
    expect(shape('{"mod\\u0065l":"\\u0061","a\\"b":1.50e2,"":[{"}":"]"}]}')).toEqual([
      ['model', '"\\u0061"'],
      ['a"b', '1.50e2'],
      ['', '[{"}":"]"}]'],
    ])
  })

  test('a key that occurs twice is there twice', () => {
    expect(shape('{"a":1,"a":2}')).toEqual([
      ['a', '1'],
      ['a', '2'],
    ])
  })

  test.each([
    ['nothing', ''],
    ['an array', '[1]'],
    ['a string', '"a"'],
    ['two objects', '{} {}'],
    ['text behind', '{"a":1}x'],
    ['a comma at the end', '{"a":1,}'],
    ['a comma at the start', '{,"a":1}'],
    ['no comma', '{"a":1 "b":2}'],
    ['no colon', '{"a" 1}'],
    ['no value', '{"a":}'],
    ['a bare key', '{a:1}'],
    ['a bare NaN', '{"a":NaN}'],
    ['a number that is none', '{"a":01}'],
    ['two signs', '{"a":--1}'],
    ['a word that is none', '{"a":nullx}'],
    ['an open string', '{"a":"b}'],
    ['a string whose last quote is escaped', '{"a":"b\\"}'],
    ['an open array', '{"a":[1}'],
    ['a bad escape in a key', '{"\\x":1}'],
  ])('%s is not an object', (_, text) => {
    expect(topLevelMembers(text)).toBeUndefined()
  })

  test('an object of more members than any known body is refused', () => {
    expect(topLevelMembers(`{${'"a":0,'.repeat(9_999)}"a":0}`)).toHaveLength(10_000)
    expect(topLevelMembers(`{${'"a":0,'.repeat(10_000)}"a":0}`)).toBeUndefined()
  })
})

describe('spliceMembers', () => {
  test('edits give what editing the parsed object gives', () => {
    const edit = fc.option(value, { nil: undefined })
    fc.assert(
      fc.property(object, fc.dictionary(tricky, edit).filter(isReadable), spacing, (data, changes, indent) => {
        const text = JSON.stringify(data, null, indent)
        // Half of the edits shall meet a key that is there.
        const present = Object.keys(data).filter((_, index) => index % 2 === 0)
        const edits = new Map(
          Object.entries(changes).map(([key, next]) => [key, next === undefined ? next : JSON.stringify(next)]),
        )
        for (const [index, key] of present.entries()) edits.set(key, index % 2 === 0 ? undefined : '[1]')
        const spliced = spliceMembers(text, topLevelMembers(text) ?? [], edits)
        const expected = new Map<string, unknown>(Object.entries(JSON.parse(text)))
        for (const [key, next] of edits) next === undefined ? expected.delete(key) : expected.set(key, JSON.parse(next))
        expect(topLevelMembers(spliced)).toBeDefined()
        expect(new Map(Object.entries(JSON.parse(spliced)))).toEqual(expected)
      }),
      { numRuns: 500, ...seed },
    )
  })

  test('without an edit that applies the text comes back as it was', () => {
    fc.assert(
      fc.property(object, spacing, (data, indent) => {
        const text = JSON.stringify(data, null, indent)
        expect(splice(text, { 'no such key': undefined })).toBe(text)
      }),
      seed,
    )
  })

  test('what is not edited stays byte for byte', () => {
    const text = '{ "z" : 12345678901234567890 ,"id":"a",\n"n":1.0e+2, "s":"\\u00e9\\/", "usage":null }'
    expect(splice(text, { id: '"b"', usage: undefined, provider: '"P"' })).toBe(
      '{ "z" : 12345678901234567890 ,"id":"b",\n"n":1.0e+2, "s":"\\u00e9\\/","provider":"P" }',
    )
  })

  test.each([
    ['the first', '{"a":1, "b":2}', { a: undefined }, '{"b":2}'],
    ['the last', '{"a":1, "b":2}', { b: undefined }, '{"a":1}'],
    ['one in the middle', '{"a":1, "b":2 , "c":3}', { b: undefined }, '{"a":1 , "c":3}'],
    ['all', '{ "a":1, "b":2 }', { a: undefined, b: undefined }, '{  }'],
    ['all and adding one', '{"a":1,"b":2}', { a: undefined, b: undefined, c: '3' }, '{"c":3}'],
    ['the first two', '{"a":1,"b":2,"c":3}', { a: undefined, b: undefined }, '{"c":3}'],
    ['the last two', '{"a":1,"b":2,"c":3}', { b: undefined, c: undefined }, '{"a":1}'],
    ['a key that occurs twice', '{"a":1,"b":2,"a":3}', { a: undefined }, '{"b":2}'],
  ])('removing %s takes the right comma along', (_, text, edits, expected) => {
    expect(splice(text, edits)).toBe(expected)
  })

  test('an edit holds for each occurrence of its key, however it is spelled', () => {
    expect(splice('{"a":1,"\\u0061":2}', { a: '9' })).toBe('{"a":9,"\\u0061":9}')
  })

  test('new keys are added in the order of the edits, to an empty object too', () => {
    expect(splice('{}', { x: '1', y: '[]' })).toBe('{"x":1,"y":[]}')
    expect(splice('{"a":0}', { 'q"': '1', b: '2' })).toBe('{"a":0,"q\\"":1,"b":2}')
  })
})

describe('injectAfter', () => {
  const inject = (text: string, from = 0) =>
    injectAfter(text, 'finish_reason', from, (reason) => `"native_finish_reason":${reason}`)

  test('the member is added behind each key, in every choice', () => {
    expect(inject('[{"finish_reason":null,"index":0},{"index":1,"finish_reason" : "stop" }]')).toBe(
      '[{"finish_reason":null,"native_finish_reason":null,"index":0},{"index":1,"finish_reason" : "stop","native_finish_reason":"stop" }]',
    )
  })

  test('a string value of that text is not a key, nor is one that ends like it', () => {
    const text = String.raw`[{"delta":{"content":"finish_reason"},"a":["finish_reason"],"x\"finish_reason":"y","b":"\"finish_reason\":1"}]`
    expect(inject(text)).toBe(text)
  })

  test('a choice that has the member keeps its own, another choice still gets one', () => {
    expect(
      inject(
        '[{"native_finish_reason":"end","finish_reason":"stop"},{"finish_reason":"stop","delta":{"native_finish_reason":1}}]',
      ),
    ).toBe(
      '[{"native_finish_reason":"end","finish_reason":"stop"},{"finish_reason":"stop","native_finish_reason":"stop","delta":{"native_finish_reason":1}}]',
    )
  })

  test('what stands before the start is left alone', () => {
    const text = '{"finish_reason":1,"choices":[{"finish_reason":2}]}'
    expect(inject(text, text.indexOf('['))).toBe(
      '{"finish_reason":1,"choices":[{"finish_reason":2,"native_finish_reason":2}]}',
    )
  })

  test('a value that is neither string nor scalar, and a text that is cut, are left alone', () => {
    for (const text of ['[{"finish_reason":{"a":1}}]', '[{"finish_reason":', '[{"finish_reason":"st', '[]', '']) {
      expect(inject(text)).toBe(text)
    }
  })

  test('any choices get what adding the member to the parsed ones gives', () => {
    const delta = fc.record({ content: tricky, tool: fc.option(value) })
    const choice = fc.record({ delta, finish_reason: fc.constantFrom(null, 'stop', 'a"b'), logprobs: value })
    fc.assert(
      fc.property(fc.array(choice), spacing, (choices, indent) => {
        const expected = choices.map((each) => ({ ...each, native_finish_reason: each.finish_reason }))
        const text = inject(JSON.stringify(choices, null, indent))
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(expected)))
      }),
      seed,
    )
  })
})
