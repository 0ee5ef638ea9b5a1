/**
 * A call's body for OpenAI's wire. It goes up as it came but for what must differ: the model's name, the request for
 * usage, members that are Turnpike's or OpenRouter's own, and words of other wires that this one has another word for.
 */
import { type Member, spliceMembers } from '../lib/json-scan.ts'
import type { UpstreamCall } from './provider.ts'

type Edits = Map<string, string | undefined>

/** `family`: whose accent of the wire it is, by the key of its preset. */
export function openaiBody(
  { api, text, members, model, stream, outputLimit, converted }: UpstreamCall,
  family: string,
): string {
  const edits: Edits = new Map([['model', JSON.stringify(model)]])
  for (const member of CONSUMED) if (has(members, member)) edits.set(member, undefined)
  if (stream && !api.startsWith('audio/')) edits.set('stream_options', usageOption(family))
  else if (has(members, 'stream_options')) edits.set('stream_options', undefined)
  if (outputLimit !== undefined) edits.set(limitMember(api, family), String(outputLimit))
  if (converted && !SPEAKS_OPENROUTER.has(family)) translate({ text, members }, edits)
  return spliceMembers(text, members, edits)
}

/** Told with every chunk, the usage of a stream that is cut is as exact as that of a whole one. */
const TELLS_ALWAYS: ReadonlySet<string> = new Set(['vllm'])

const usageOption = (family: string): string =>
  TELLS_ALWAYS.has(family) ? '{"include_usage":true,"continuous_usage_stats":true}' : '{"include_usage":true}'

/** Members that are ours to act on, or that belong to OpenRouter's routing; no other provider defines them. */
const CONSUMED = [
  'usage',
  'models',
  'route',
  'provider',
  'plugins',
  'transforms',
  'session_id',
  'trace',
  'debug',
  'stop_server_tools_when',
]

const has = (members: readonly Member[], key: string): boolean => members.some((member) => member.key === key)

const limitMember = (api: UpstreamCall['api'], family: string): string =>
  api === 'chat' && family === 'openai' ? 'max_completion_tokens' : 'max_tokens'

/** They take OpenRouter's extensions as they are. */
const SPEAKS_OPENROUTER: ReadonlySet<string> = new Set(['openrouter'])

type Body = Pick<UpstreamCall, 'text' | 'members'>

/** OpenAI's own servers refuse what they do not know, so that what only advises another wire is left out. */
function translate(body: Body, edits: Edits): void {
  if (has(body.members, 'reasoning')) {
    edits.set('reasoning', undefined)
    const effort = effortOf(memberValue(body, 'reasoning'))
    if (effort !== undefined && !has(body.members, 'reasoning_effort'))
      edits.set('reasoning_effort', JSON.stringify(effort))
  }
  if (!FOREIGN.test(body.text)) return
  for (const member of ['messages', 'tools'])
    if (has(body.members, member)) edits.set(member, JSON.stringify(memberValue(body, member), withoutForeign))
}

/** What is cached, and what was thought in another wire's words. */
const FOREIGN = /"(?:cache_control|reasoning_details)"\s*:/
const withoutForeign = (key: string, value: unknown): unknown =>
  key === 'cache_control' || key === 'reasoning_details' ? undefined : value

function memberValue({ text, members }: Body, key: string): unknown {
  const member = members.findLast((each) => each.key === key)
  return member && JSON.parse(text.slice(member.valueStart, member.valueEnd))
}

/** The most tokens of thought that each effort stands for. */
const EFFORTS = [
  [2_048, 'low'],
  [8_192, 'medium'],
] as const

function effortOf(reasoning: unknown): string | undefined {
  const { effort, max_tokens: budget } = (reasoning ?? {}) as { effort?: unknown; max_tokens?: unknown }
  if (typeof effort === 'string') return effort
  if (typeof budget !== 'number') return undefined
  return EFFORTS.find(([most]) => budget <= most)?.[1] ?? 'high'
}
