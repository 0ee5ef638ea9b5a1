/** An answer as the content blocks of a message: thinking, a search where one was offered, then a text or a call. */
import type { Answer, Choice } from './answer.ts'
import type { Behaviour } from './behaviours.ts'

export type Block = {
  /** The block before anything is in it. */
  readonly opens: Readonly<Record<string, unknown>>
  readonly deltas: Iterable<Readonly<Record<string, unknown>>>
}

export function* blocksOf({ choices, id }: Answer, { reasons }: Behaviour, searches: boolean): Generator<Block> {
  const [choice] = choices
  if (!choice) return
  if (reasons === 'visible') yield thinking(choice, id)
  if (reasons === 'hidden') yield { opens: { type: 'redacted_thinking', data: `redacted-${id}` }, deltas: [] }
  if (searches) yield* search(id)
  yield choice.call ? toolUse(choice.call, choice) : said(choice, searches)
}

function thinking({ thoughts }: Choice, id: string): Block {
  const deltas = thoughts.map((text) => ({ type: 'thinking_delta', thinking: text }))
  return {
    opens: { type: 'thinking', thinking: '', signature: '' },
    deltas: [...deltas, { type: 'signature_delta', signature: `signed-${id}` }],
  }
}

const toolUse = ({ id, name }: NonNullable<Choice['call']>, { pieces }: Choice): Block => ({
  opens: { type: 'tool_use', id: id.replace('call_', 'toolu_'), name, input: {} },
  deltas: Iterator.from(pieces).map((text) => ({ type: 'input_json_delta', partial_json: text })),
})

function said({ pieces }: Choice, searches: boolean): Block {
  const texts = Iterator.from(pieces).map((text) => ({ type: 'text_delta', text }))
  return {
    opens: { type: 'text', text: '', ...(searches ? { citations: [] } : {}) },
    deltas: searches ? cited(texts) : texts,
  }
}

type Delta = Readonly<Record<string, unknown>>

function* cited(texts: Iterable<Delta>): Generator<Delta> {
  yield { type: 'citations_delta', citation: CITATION }
  yield* texts
}

const PAGE = { url: 'https://example.com/weather', title: 'Weather' }
const CITATION = {
  type: 'web_search_result_location',
  ...PAGE,
  encrypted_index: 'c2ltdWxhdGVk',
  cited_text: 'It was seen there.',
}

function* search(id: string): Generator<Block> {
  const use = `srvtoolu_${id.slice(-16)}`
  const input = JSON.stringify({ query: 'weather' })
  yield {
    opens: { type: 'server_tool_use', id: use, name: 'web_search', input: {} },
    deltas: [{ type: 'input_json_delta', partial_json: input }],
  }
  const result = { type: 'web_search_result', ...PAGE, encrypted_content: 'c2ltdWxhdGVk', page_age: null }
  yield { opens: { type: 'web_search_tool_result', tool_use_id: use, content: [result] }, deltas: [] }
}

/** The block with all its deltas in it, as a whole message has it. */
export function wholeBlock({ opens, deltas }: Block): Readonly<Record<string, unknown>> {
  const whole: Record<string, unknown> = { ...opens }
  let input = ''
  for (const delta of deltas) {
    if (delta.type === 'input_json_delta') input += String(delta.partial_json)
    else if (delta.type === 'citations_delta') whole.citations = [...(whole.citations as unknown[]), delta.citation]
    else
      for (const part of ['text', 'thinking', 'signature'])
        if (delta[part] !== undefined) whole[part] = `${whole[part]}${delta[part]}`
  }
  // An input that the limit has cut is shown as far as it can be: not at all.
  if (input !== '') whole.input = parsed(input)
  return whole
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

const STOP_REASONS: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
}

export const stopReason = ({ choices }: Answer): string | null => {
  const finish = choices[0]?.finish ?? null
  return finish === null ? null : (STOP_REASONS[finish] ?? finish)
}
