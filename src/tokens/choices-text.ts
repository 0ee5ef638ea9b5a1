/**
 * The visible text inside the `choices` of OpenAI chunks: read exactly in the worker, or guessed from a sample on the
 * event loop, where nothing is parsed. Upstreams write them, so malformed ones count as nothing.
 */

/** Stands behind each chunk's JSON in a batch: a character that JSON never holds unescaped. */
export const CHUNK_SEPARATOR = '\u001e'

/** The strings that grow, by a name that tells them apart, with what each chunk adds to them. */
export function* choicesTexts(batch: string): Generator<[name: string, text: string]> {
  for (const json of batch.split(CHUNK_SEPARATOR)) {
    for (const [position, choice] of listOf(parse(json))) {
      const index = indexOf(choice, position)
      for (const [name, text] of choiceTexts(choice)) if (text !== '') yield [`${index} ${name}`, text]
    }
  }
}

/** How much of a batch of `bytes` is visible text, judged by its beginning: chunks of one stream are alike. */
export function visibleBytes(batch: string, bytes: number): number {
  const sample = batch.slice(0, SAMPLE_CHARS)
  let visible = 0
  let key = ''
  for (let open = sample.indexOf('"'); open >= 0; ) {
    const close = stringEnd(sample, open + 1)
    const isKey = sample[close + 1] === ':'
    if (!isKey && VISIBLE_KEYS.has(key)) visible += close - open - 1
    key = isKey ? sample.slice(open + 1, close) : ''
    open = sample.indexOf('"', close + 1)
  }
  return Math.ceil((bytes * visible) / Math.max(1, sample.length))
}
const SAMPLE_CHARS = 4096
const VISIBLE_KEYS = new Set(['content', 'reasoning', 'reasoning_content', 'refusal', 'text', 'name', 'arguments'])

type Fields = Readonly<Record<string, unknown>>

function* choiceTexts(choice: Fields): Generator<[name: string, text: string]> {
  const delta = fieldsOf(choice.delta ?? choice.message)
  yield ['text', textOf(choice.text)]
  yield ['content', contentText(delta.content)]
  // One upstream uses one name, another the other, and some send the same text under both.
  yield ['reasoning', textOf(delta.reasoning_content) || textOf(delta.reasoning)]
  yield ['refusal', textOf(delta.refusal)]
  yield* callTexts('call', fieldsOf(delta.function_call))
  for (const [position, call] of listOf(delta.tool_calls)) {
    yield* callTexts(`call ${indexOf(call, position)}`, fieldsOf(call.function))
  }
}

function* callTexts(name: string, call: Fields): Generator<[name: string, text: string]> {
  yield [`${name} name`, textOf(call.name)]
  yield [`${name} arguments`, textOf(call.arguments)]
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  return [...listOf(content)].map(([, part]) => textOf(part.text)).join('')
}

function stringEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (char === '"') return at
    if (char === '\\') at++
  }
  return text.length
}

function parse(json: string): unknown {
  if (json === '') return undefined
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function* listOf(value: unknown): Generator<[position: number, item: Fields]> {
  if (!Array.isArray(value)) return
  for (const [position, item] of value.entries()) yield [position, fieldsOf(item)]
}

const indexOf = ({ index }: Fields, position: number): number => (typeof index === 'number' ? index : position)
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
