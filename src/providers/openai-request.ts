/**
 * A call's body for OpenAI's wire. It goes up as it came but for what must differ: the model's name, the request for
 * usage, members that are Turnpike's or OpenRouter's own, and words of other wires that this one has another word for.
 */
import { asksForNothing, createIgnored } from '../contract/ignored.ts'
import type { LimitMember } from '../contract/provider-presets.ts'
import { type Member, spliceMembers } from '../lib/json-scan.ts'
import { numberOf, parse } from './json-fields.ts'
import { translate } from './openai-translate.ts'
import type { UpstreamCall } from './provider.ts'
import { namePlugins } from './unsupported.ts'

type Edits = Map<string, string | undefined>

export type OpenaiRequest = { readonly body: string; readonly ignored: readonly string[] }

/** `family`: how its usage is read, which tells those who speak OpenRouter's words. */
export type Accent = { readonly family: string; readonly limitMember: LimitMember }

/** Throws where a restriction would be lost. */
export function openaiRequest(call: UpstreamCall, { family, limitMember }: Accent): OpenaiRequest {
  const { api, text, members, model, stream, outputLimit, converted } = call
  const ignored = createIgnored()
  const edits: Edits = new Map([['model', JSON.stringify(model)]])
  for (const member of CONSUMED) if (has(members, member)) edits.set(member, undefined)
  namePlugins(valueIn(call, 'plugins'), ignored)
  for (const member of ['transforms', 'stop_server_tools_when'])
    if (!asksForNothing(member, valueIn(call, member))) ignored.add(member)
  if (stream && !api.startsWith('audio/')) edits.set('stream_options', usageOption(family))
  else if (has(members, 'stream_options')) edits.set('stream_options', undefined)
  const limit = outputLimit ?? (converted ? limitIn(call) : undefined)
  if (converted) for (const member of LIMITS) if (has(members, member)) edits.set(member, undefined)
  if (limit !== undefined) edits.set(api === 'chat' ? limitMember : 'max_tokens', String(limit))
  if (converted && !SPEAKS_OPENROUTER.has(family))
    for (const [member, value] of translate((member) => valueIn(call, member), ignored)) edits.set(member, value)
  return { body: spliceMembers(text, members, edits), ignored: ignored.names() }
}

/** Told with every chunk, the usage of a stream that is cut is as exact as that of a whole one. */
const TELLS_ALWAYS: ReadonlySet<string> = new Set(['vllm'])

const usageOption = (family: string): string =>
  TELLS_ALWAYS.has(family) ? '{"include_usage":true,"continuous_usage_stats":true}' : '{"include_usage":true}'

/** Members that are ours to act on, or that belong to OpenRouter's routing; no other provider defines them. */
const CONSUMED = [
  ...['usage', 'models', 'route', 'provider', 'session_id', 'trace', 'debug'],
  ...['plugins', 'transforms', 'stop_server_tools_when'],
]

const has = (members: readonly Member[], key: string): boolean => members.some((member) => member.key === key)

const LIMITS = ['max_tokens', 'max_completion_tokens'] as const

/** The client named its limit in the words of another wire. */
function limitIn(call: UpstreamCall): number | undefined {
  const limits = LIMITS.flatMap((member) => numberOf(valueIn(call, member)) ?? [])
  return limits.length > 0 ? Math.min(...limits) : undefined
}

/** They take OpenRouter's extensions as they are. */
const SPEAKS_OPENROUTER: ReadonlySet<string> = new Set(['openrouter'])

/** Undefined where the body has no such member. */
function valueIn({ text, members }: Pick<UpstreamCall, 'text' | 'members'>, key: string): unknown {
  const member = members.findLast((each) => each.key === key)
  return member && parse(text.slice(member.valueStart, member.valueEnd))
}
