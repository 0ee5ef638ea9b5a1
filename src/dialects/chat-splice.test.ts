import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editChoices, elementsOf } from './chat-choices.ts'
import { newChunkState } from './dialect.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'
import { grokCall, grokContext } from './settled-fixture.ts'

const parameters = process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }
const space = fc.constantFrom('', ' ', '\n', '\t ')
/** JSON texts as another serialiser might write them: spaced, with numbers that no float holds. */
const jsonText = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.bigInt({ min: 10n ** 17n, max: 10n ** 30n }).map(String),
  fc.constantFrom('1.0', '0.10', '1e2', '"\\u0041\\"]},{"', '{ "a" : [ 1 , "b]" ] }', '[[],{}]'),
)
const unknownMembers = fc.uniqueArray(
  fc.record({ key: fc.string({ unit: 'binary' }).map((name) => `x_${name}`), text: jsonText }),
  { selector: ({ key }) => key, maxLength: 5 },
)
const memberTexts = (members: readonly { key: string; text: string }[]) =>
  members.map(({ key, text }) => `${JSON.stringify(key)}:${text}`)

/** Each text stands in the whole, in this order. */
function expectInOrder(whole: string, texts: readonly string[]): void {
  let from = 0
  for (const text of texts) {
    const at = whole.indexOf(text, from)
    expect(at, `${text} in ${whole}`).toBeGreaterThanOrEqual(0)
    from = at + text.length
  }
}

describe.each([openai, openrouter])('a splice of $name', (dialect) => {
  const context = { ...grokContext, model: dialect.modelName({ canonical: 'x-ai/grok', asSpelled: 'grok' }) }

  test('leaves unknown members of the body, of choices and of messages untouched and in order', () => {
    fc.assert(
      fc.property(unknownMembers, unknownMembers, unknownMembers, (top, inChoice, inMessage) => {
        const texts = [...memberTexts(top), ...memberTexts(inChoice), ...memberTexts(inMessage)]
        const message = `{${['"role":"assistant"', ...memberTexts(inMessage)].join(',')}}`
        const choice = `{${['"index":0', ...memberTexts(inChoice), '"finish_reason":"stop"', `"message":${message}`].join(',')}}`
        const body = `{${[...memberTexts(top), `"choices":[${choice}]`, '"usage":{"cost":1}'].join(',')}}`
        const reply = dialect.reply(body, context, grokCall)
        expectInOrder(reply, texts)
        expect(JSON.parse(reply)).toMatchObject({ id: context.id, usage: { total_tokens: 255 } })
      }),
      parameters,
    )
  })

  test('leaves unknown members of chunks and deltas untouched, and no usage', () => {
    fc.assert(
      fc.property(
        unknownMembers,
        unknownMembers,
        fc.constantFrom('null', '{"prompt_tokens":3}'),
        space,
        (top, inDelta, usage, gap) => {
          const choice = `{"index":0,"delta":{${memberTexts(inDelta).join(',')}},"finish_reason":null}`
          const data = `${gap}{${[`"usage":${usage}`, ...memberTexts(top), `"choices":${gap}[${gap}${choice}${gap}]`].join(`${gap},`)}}${gap}`
          const chunk = dialect.chunk(data, context, newChunkState()) ?? ''
          expectInOrder(chunk, [...memberTexts(top), ...memberTexts(inDelta)])
          expect(JSON.parse(chunk)).not.toHaveProperty('usage')
        },
      ),
      parameters,
    )
  })
})

describe('the elements of an array', () => {
  test('are found whatever stands in them and between them', () => {
    fc.assert(
      fc.property(fc.array(jsonText, { maxLength: 5 }), space, (texts, gap) => {
        const array = `[${gap}${texts.join(`${gap},${gap}`)}${gap}]`
        expect(elementsOf(array)?.map(({ start, end }) => array.slice(start, end))).toEqual(
          texts.map((text) => text.trim()),
        )
      }),
      parameters,
    )
  })

  test('of what is no array, or of one that is cut, are none', () => {
    for (const text of ['{}', 'null', '', '["a', '[{"a":1}', '[1']) expect(elementsOf(text)).toBeUndefined()
  })

  test('that are no objects are left as they are', () => {
    expect(editChoices('[1,{"a":1}, null]', () => 'X')).toBe('[1,X, null]')
  })
})
