/**
 * A call that came by another wire, in the words of OpenAI's. OpenAI's own servers refuse what they do not know, so that
 * what only advises another wire is left out and named; what restricts the answer is refused.
 */
import { asksForNothing, type Ignored } from '../contract/ignored.ts'
import { type Fields, fieldsOf, isFields, numberOf, someText } from './json-fields.ts'
import { RESTRICTION, RESTRICTS, unsupported } from './unsupported.ts'

/** JSON texts by member, of those that change; undefined removes one. */
export function translate(valueIn: (member: string) => unknown, ignored: Ignored): Map<string, string | undefined> {
  const edits = new Map<string, string | undefined>()
  for (const member of FOREIGN_MEMBERS) {
    const value = valueIn(member)
    if (value === undefined) continue
    edits.set(member, undefined)
    if (!asksForNothing(member, value)) ignored.add(member)
  }
  const reasoning = valueIn('reasoning')
  if (reasoning !== undefined) {
    edits.set('reasoning', undefined)
    const effort = effortOf(fieldsOf(reasoning), ignored)
    if (effort !== undefined && valueIn('reasoning_effort') === undefined)
      edits.set('reasoning_effort', JSON.stringify(effort))
  }
  const search = valueIn('web_search_options')
  if (isFields(search)) edits.set('web_search_options', JSON.stringify(searchOf(search, ignored)))
  for (const member of ['messages', 'tools']) {
    const value = valueIn(member)
    const bare = Array.isArray(value) ? value.map((each) => withoutForeign(each, ignored)) : value
    if (bare !== value && JSON.stringify(bare) !== JSON.stringify(value)) edits.set(member, JSON.stringify(bare))
  }
  return edits
}

/** Of Anthropic's requests. */
const FOREIGN_MEMBERS = ['cache_control', 'context_management', 'inference_geo', 'speed']

/** What is cached, what was thought in another wire's words, and what failed: of a message, its parts, or a tool. */
const FOREIGN_MARKS: ReadonlySet<string> = new Set(['cache_control', 'reasoning_details', 'is_error'])

function withoutForeign(value: unknown, ignored: Ignored): unknown {
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, held]) => {
      if (FOREIGN_MARKS.has(key)) {
        if (!asksForNothing(key, held)) ignored.add(key)
        return []
      }
      const isList = (key === 'content' || key === 'tool_calls') && Array.isArray(held)
      return [[key, isList ? held.map((each) => withoutForeign(each, ignored)) : held]]
    }),
  )
}

/** The most tokens of thought that each effort stands for. */
const EFFORTS = [
  [2_048, 'low'],
  [8_192, 'medium'],
] as const

/** A number of tokens is no more than a hint of an effort here; whether to think at all is the model's. */
function effortOf({ effort: stated, max_tokens, ...others }: Fields, ignored: Ignored): string | undefined {
  const effort = someText(stated)
  for (const [member, value] of Object.entries(others))
    if (member === 'enabled' ? typeof value === 'boolean' && !effort : !asksForNothing(member, value))
      ignored.add(`reasoning.${member}`)
  const budget = numberOf(max_tokens)
  if (budget !== undefined) ignored.add('reasoning.max_tokens')
  if (effort !== undefined || budget === undefined) return effort
  return EFFORTS.find(([most]) => budget <= most)?.[1] ?? 'high'
}

function searchOf({ user_location, search_context_size, ...others }: Fields, ignored: Ignored): Fields {
  for (const [option, value] of Object.entries(others)) {
    if (asksForNothing(option, value)) continue
    if (RESTRICTS.has(option)) throw unsupported(`web_search_options.${option}`, RESTRICTION)
    ignored.add(`web_search_options.${option}`)
  }
  return { ...(user_location ? { user_location } : {}), ...(search_context_size ? { search_context_size } : {}) }
}
