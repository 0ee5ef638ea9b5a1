/**
 * What both chat dialects do to a provider's body or chunk: find its members, take the provider's money and usage out,
 * and put ours in. Values are JSON texts throughout, so that nothing is read that is not needed.
 */
import { refuse } from '../contract/errors.ts'
import { type Member, spliceMembers, topLevelMembers } from '../lib/json-scan.ts'
import type { ReplyContext, ReportedUsage, Settled } from './dialect.ts'

/** A JSON object's text, with its members found. */
export type Body = { readonly text: string; readonly members: readonly Member[] }
/** JSON texts by key; undefined removes the member. */
export type Edits = Map<string, string | undefined>

/** What is no JSON object is the provider's failure. */
export function openBody(text: string): Body {
  const members = topLevelMembers(text)
  if (members === undefined) throw refuse('provider_error')
  return { text, members }
}

export const splice = ({ text, members }: Body, edits: Edits): string => spliceMembers(text, members, edits)

/** The text of a member's value, the last one where a key is repeated. */
export function memberText({ text, members }: Body, key: string): string | undefined {
  const member = members.findLast((each) => each.key === key)
  return member && text.slice(member.valueStart, member.valueEnd)
}

/** The edits that every reply and chunk needs: our identity instead of the provider's, and none of its usage and money. */
export function identityEdits(context: ReplyContext, object: string): Edits {
  const edits: Edits = new Map<string, string | undefined>([
    ['id', JSON.stringify(context.id)],
    ['object', JSON.stringify(object)],
    ['created', String(context.created)],
    ['model', JSON.stringify(context.model)],
    ['usage', undefined],
  ])
  for (const key of PROVIDER_MONEY) edits.set(key, undefined)
  return edits
}

/** Names under which providers state their own money; DeepInfra writes `estimated_cost`. None may pass as ours. */
const PROVIDER_MONEY = ['cost', 'cost_details', 'is_byok', 'cost_in_usd_ticks', 'estimated_cost'] as const

/** What the provider says it used; undefined where it says nothing, or nothing that can be read. */
export function reportedUsage(body: Body): ReportedUsage | undefined {
  const text = memberText(body, 'usage')
  if (!text?.startsWith('{')) return undefined
  try {
    return { text, value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/**
 * Its members that are neither counts of ours nor money, as text for the end of an object. A block in the words of
 * another wire has none: its counts are in ours already, under other names.
 */
export function usageExtras({ text }: ReportedUsage): string {
  const { members } = openBody(text)
  if (!members.some(({ key }) => key === 'prompt_tokens')) return ''
  return members
    .filter(({ key }) => !OUR_USAGE.has(key))
    .map(({ keyStart, valueEnd }) => text.slice(keyStart, valueEnd))
    .join(',')
}

const OUR_USAGE: ReadonlySet<string> = new Set([
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'prompt_tokens_details',
  'completion_tokens_details',
  'usage_source',
  ...PROVIDER_MONEY,
])

/** Undefined: unknown. */
export const knownUsage = ({ usage, source }: Settled): Settled['usage'] => (source === 'unknown' ? undefined : usage)

/** `"name":text` for each pair whose text is there. */
export const objectText = (pairs: readonly (readonly [key: string, text: string | undefined])[]): string =>
  `{${pairs.flatMap(([key, text]) => (text === undefined ? [] : [`${JSON.stringify(key)}:${text}`])).join(',')}}`
