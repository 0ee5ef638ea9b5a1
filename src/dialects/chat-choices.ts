/**
 * The choices of a chat reply or chunk, as text: where each begins and ends, its finish reason in the provider's word
 * and in the common one. Contents are never looked at.
 */
import { type Member, spliceMembers, topLevelMembers } from '../lib/json-scan.ts'
import type { ChunkState, Finish, FinishReason } from './dialect.ts'

/** The text of each element of a JSON array; undefined where `text` is no array. */
export function elementsOf(text: string): { start: number; end: number }[] | undefined {
  const open = firstNonSpace(text, 0)
  if (text.charCodeAt(open) !== OPEN_ARRAY) return undefined
  const elements: { start: number; end: number }[] = []
  let depth = 0
  let start = open + 1
  for (let at = open; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = stringEnd(text, at)
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) depth++
    else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--
    const closed = depth === 0
    if (!closed && !(depth === 1 && code === COMMA)) continue
    const element = trimmed(text, start, at)
    if (element.end > element.start) elements.push(element)
    if (closed) return elements
    start = at + 1
  }
  return undefined
}

/** Keeps in the state the finish reasons that the choices of a chunk tell. */
export function noteFinish(choices: string, state: ChunkState): void {
  if (!MAY_FINISH.test(choices)) return
  for (const [position, { start, end }] of (elementsOf(choices) ?? []).entries()) {
    const finish = finishOf(choices.slice(start, end), position)
    if (finish === undefined) continue
    state.finish = finish
    state.finishedChoices.add(finish.index)
    state.finishText = choices
  }
}

/** Most chunks finish nothing: they need no closer look. */
const MAY_FINISH = /"finish_reason"\s*:\s*"[^"]/

/** Rewrites each choice that is an object. What `edit` answers is spliced in its place. */
export function editChoices(choices: string, edit: (choice: Choice) => string): string | undefined {
  const elements = elementsOf(choices)
  if (elements === undefined) return undefined
  let out = ''
  let from = 0
  for (const [position, { start, end }] of elements.entries()) {
    const text = choices.slice(start, end)
    const members = topLevelMembers(text)
    out += choices.slice(from, start) + (members === undefined ? text : edit({ text, members, position }))
    from = end
  }
  return out + choices.slice(from)
}

export type Choice = { readonly text: string; readonly members: readonly Member[]; readonly position: number }

export const spliceChoice = ({ text, members }: Choice, edits: ReadonlyMap<string, string | undefined>): string =>
  spliceMembers(text, members, edits)

/** The text of a choice's member; undefined: not there. */
export function choiceText({ text, members }: Omit<Choice, 'position'>, key: string): string | undefined {
  const member = members.findLast((each) => each.key === key)
  return member && text.slice(member.valueStart, member.valueEnd)
}

/** Undefined: this choice has not finished. Some providers write `""` where others write null. */
export function finishOf(choice: string, position: number): Finish | undefined {
  const members = topLevelMembers(choice)
  if (members === undefined) return undefined
  const stated = wordOf(choiceText({ text: choice, members }, 'finish_reason'))
  if (stated === undefined) return undefined
  const index = choiceText({ text: choice, members }, 'index') ?? ''
  return {
    index: /^[0-9]{1,9}$/.test(index) ? Number(index) : position,
    stated,
    reason: commonReason(stated),
    native: wordOf(choiceText({ text: choice, members }, 'native_finish_reason')) ?? stated,
  }
}

/** What a JSON string that is not empty says; undefined for any other text. */
function wordOf(text: string | undefined): string | undefined {
  if (text === undefined || !/^"[^"\\]+"$/.test(text)) return undefined
  return text.slice(1, -1)
}

/** A word nobody knows ended the answer in some regular way: `stop`. */
export const commonReason = (stated: string): FinishReason => COMMON_REASONS.get(stated.toLowerCase()) ?? 'stop'

const COMMON_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ...(['length', 'max_tokens', 'max_output_tokens', 'model_length', 'model_context_window_exceeded'] as const).map(
    (word) => [word, 'length'] as const,
  ),
  ...(['tool_calls', 'tool_use', 'function_call'] as const).map((word) => [word, 'tool_calls'] as const),
  ...(
    [
      'content_filter',
      'refusal',
      'safety',
      'recitation',
      'blocklist',
      'prohibited_content',
      'spii',
      'sensitive',
    ] as const
  ).map((word) => [word, 'content_filter'] as const),
  ...(['error', 'failed', 'network_error'] as const).map((word) => [word, 'error'] as const),
])

/** The index of the quote that ends the string begun at `at`; the text's length or more where none does. */
function stringEnd(text: string, at: number): number {
  let end = at + 1
  for (let code = text.charCodeAt(end); end < text.length && code !== QUOTE; code = text.charCodeAt(end)) {
    end += code === BACKSLASH ? 2 : 1
  }
  return end
}

function firstNonSpace(text: string, from: number): number {
  let at = from
  while (SPACES.has(text.charCodeAt(at))) at++
  return at
}

function trimmed(text: string, from: number, to: number): { start: number; end: number } {
  const start = firstNonSpace(text, from)
  let end = to
  while (end > start && SPACES.has(text.charCodeAt(end - 1))) end--
  return { start: Math.min(start, end), end }
}

const SPACES: ReadonlySet<number> = new Set([0x20, 0x0a, 0x0d, 0x09])
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
