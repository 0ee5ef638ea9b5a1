/** What whole replies and streams of Anthropic's wire say alike, in the gateway's own words. */
import { type Fields, isFields, textOf } from './json-fields.ts'

/** Whose thoughts they are: nobody else can check the signatures. */
const FORMAT = 'anthropic-claude-v1'

export const thought = (index: number, part: { text?: string; signature?: string }): Fields => ({
  type: 'reasoning.text',
  ...part,
  format: FORMAT,
  index,
})

export const hiddenThought = (index: number, data: unknown): Fields => ({
  type: 'reasoning.encrypted',
  data: textOf(data),
  format: FORMAT,
  index,
})

/** A word that nobody knows ended the answer in some regular way. `pause_turn` ends a reply, though not the work. */
export function finishReason(stated: string, answeredByTool: boolean): string {
  if (answeredByTool && stated === 'tool_use') return 'stop'
  return FINISH_REASONS.get(stated) ?? 'stop'
}

const FINISH_REASONS: ReadonlyMap<string, string> = new Map([
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
  ['error', 'error'],
])

/** A source on the web as chat tells it, over the text that it backs; other citations stay as they are. */
export function annotation(citation: Fields, start: number, end: number): Fields {
  const url = citation.url ?? citation.source
  if (typeof url !== 'string' || !/^https?:/i.test(url)) return citation
  const cited = {
    url,
    title: textOf(citation.title),
    content: textOf(citation.cited_text),
    start_index: start,
    end_index: end,
  }
  return { type: 'url_citation', url_citation: cited }
}

/** Why the model refused, where it says so. */
export const explanationOf = (details: unknown): string | null =>
  isFields(details) && typeof details.explanation === 'string' ? details.explanation : null
