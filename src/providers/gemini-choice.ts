/** One candidate over the replies that it comes in: its deltas, its end, and the whole of it. */
import { createCandidate, deltaOf, isSilent, type Said } from './gemini-candidate.ts'
import { finishReason } from './gemini-finish.ts'
import { citations } from './gemini-grounding.ts'
import { logprobsOf } from './gemini-logprobs.ts'
import { type Fields, someText } from './json-fields.ts'

export type Choice = {
  readonly index: number
  /** Takes a candidate of a reply. Answers with the choice of a chunk; undefined: nothing was said. */
  read(candidate: Fields): Fields | undefined
  /** The prompt was refused, and nothing will be said. */
  block(reason: string, message: string | undefined): void
  readonly finished: boolean
  readonly silent: boolean
  /** What Google Search found, as last told. */
  readonly grounding: unknown
  /** The last choices of a stream: citations, then why it ended; none where it has not. */
  ending(): readonly Fields[]
  /** The choice of a whole reply. */
  whole(): Fields
}

export type ChoiceOptions = {
  readonly newCallId: () => string
  /** What was said is kept for `whole`; of a stream no more than citations need. */
  readonly keeps: 'all' | 'text' | 'nothing'
}

/** A longer answer has its citations without their places. */
const MOST_TEXT = 1_048_576

export function createChoice(index: number, { newCallId, keeps }: ChoiceOptions): Choice {
  const candidate = createCandidate(newCallId)
  const kept: Said[] = []
  const logprobs: Fields[] = []
  let text = ''
  let native: string | undefined
  let refusal: string | undefined
  let grounding: unknown
  let silent = true
  let begun = false
  const role = () => {
    const first = begun ? {} : { role: 'assistant' }
    begun = true
    return first
  }
  const annotations = () => citations(grounding, text)
  const reason = () => (refusal === undefined ? finishReason(native, candidate.calledTools) : 'content_filter')
  return {
    index,
    get finished() {
      return reason() !== undefined
    },
    get silent() {
      return silent
    },
    get grounding() {
      return grounding
    },
    read({ content, finishReason: stated, groundingMetadata, logprobsResult }) {
      const said = candidate.read(content)
      if (groundingMetadata !== undefined && groundingMetadata !== null) grounding = groundingMetadata
      if (typeof stated === 'string') native = stated
      const probable = logprobsOf(logprobsResult)
      if (isSilent(said) && !probable) return undefined
      silent = false
      if (keeps === 'all') {
        kept.push(said)
        logprobs.push(...(probable?.content ?? []))
      }
      if (keeps !== 'nothing' && text.length < MOST_TEXT) text += said.content
      return {
        index,
        delta: { ...role(), ...deltaOf(said) },
        ...(probable ? { logprobs: probable } : {}),
        finish_reason: null,
      }
    },
    block(blockReason, message) {
      native = blockReason
      refusal = message ?? 'The provider refused the prompt'
    },
    ending() {
      const stated = reason()
      if (stated === undefined) return []
      const cited = annotations()
      const told = {
        ...(cited.length > 0 ? { annotations: cited } : {}),
        ...(refusal === undefined ? {} : { refusal }),
      }
      const saying = Object.keys(told).length > 0 ? [{ index, delta: { ...role(), ...told }, finish_reason: null }] : []
      return [...saying, { index, delta: { ...role() }, finish_reason: stated, native_finish_reason: native ?? null }]
    },
    whole() {
      const cited = annotations()
      return {
        index,
        message: { ...messageOf(kept), refusal: refusal ?? null, ...(cited.length > 0 ? { annotations: cited } : {}) },
        logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
        finish_reason: reason() ?? null,
        native_finish_reason: someText(native) ?? null,
      }
    },
  }
}

function messageOf(kept: readonly Said[]): Fields {
  const content = kept.map((said) => said.content).join('')
  const reasoning = kept.map((said) => said.reasoning).join('')
  const details = kept.flatMap((said) => said.reasoning_details)
  const calls = kept.flatMap((said) => said.tool_calls).map(({ index: _index, ...call }) => call)
  const images = kept.flatMap((said) => said.images)
  return {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    ...(reasoning === '' ? {} : { reasoning }),
    ...(details.length > 0 ? { reasoning_details: details } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(images.length > 0 ? { images } : {}),
  }
}
