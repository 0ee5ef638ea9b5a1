/**
 * Providers that speak OpenAI's wire. The client's body goes up as it came but for what must differ: the model's name,
 * the request for usage, and members that are Turnpike's or OpenRouter's own.
 */
import type { OnCancel } from '../contract/provider-presets.ts'
import { readingFor } from '../core/usage-reading-for.ts'
import { type Member, spliceMembers } from '../lib/json-scan.ts'
import { type Provider, type UpstreamCall, UpstreamFailure } from './provider.ts'
import { readReply } from './upstream-error.ts'
import { openPool, sendOver, type Wire, type WireOut } from './wire-send.ts'

export type OpenaiOptions = {
  readonly key: string
  readonly name: string
  /** Up to and with `/v1`. */
  readonly baseUrl: string
  readonly apiKey: string | undefined
  /** The family of usage bodies. */
  readonly reading: string
  readonly onCancel: OnCancel
  readonly connectMs: number
}

export function createOpenaiProvider(options: OpenaiOptions): Provider {
  const url = new URL(options.baseUrl)
  const pool = openPool(url.origin, options.connectMs)
  const path = `${url.pathname.replace(/\/$/, '')}/chat/completions`
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: '*/*' }
  if (options.apiKey !== undefined) headers.authorization = `Bearer ${options.apiKey}`
  const limitMember = options.reading === 'openai' ? 'max_completion_tokens' : 'max_tokens'
  return {
    key: options.key,
    name: options.name,
    reading: readingFor(options.reading, 'chat'),
    onCancel: options.onCancel,
    send: (call) => sendOver(pool, openaiWire, { path, headers, body: upstreamBody(call, limitMember) }, call),
    close: () => pool.destroy(),
  }
}

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

function upstreamBody({ text, members, model, stream, outputLimit }: UpstreamCall, limitMember: string): string {
  const edits = new Map<string, string | undefined>([['model', JSON.stringify(model)]])
  for (const member of CONSUMED) if (has(members, member)) edits.set(member, undefined)
  if (stream) edits.set('stream_options', '{"include_usage":true}')
  else if (has(members, 'stream_options')) edits.set('stream_options', undefined)
  if (outputLimit !== undefined) edits.set(limitMember, String(outputLimit))
  return spliceMembers(text, members, edits)
}

const has = (members: readonly Member[], key: string): boolean => members.some((member) => member.key === key)

const openaiWire: Wire = { whole: readWhole, stream: readStream }

function readWhole(status: number, headers: Parameters<Wire['whole']>[1], body: string): ReturnType<Wire['whole']> {
  const parsed = readReply(status, headers, body)
  if (parsed instanceof UpstreamFailure) return parsed
  return hasChoice(parsed) ? { body, parsed } : new UpstreamFailure('invalid', 'the reply has no choices', { status })
}

const hasChoice = ({ choices }: Readonly<Record<string, unknown>>): boolean =>
  Array.isArray(choices) && typeof choices[0] === 'object' && choices[0] !== null

/** Inside of a string the quotes would be escaped: only a member's name looks like this. */
const MAY_BE_ERROR = /"error"\s*:\s*[^n\s]/

/** Events are the gateway's own form already; they are parsed only where they might say that the call has failed. */
function readStream(status: number, out: WireOut): ReturnType<Wire['stream']> {
  let begun = false
  return ({ data }) => {
    if (data === '[DONE]') return out.end()
    if (!begun || MAY_BE_ERROR.test(data)) {
      const read = readReply(status, {}, data)
      if (read instanceof UpstreamFailure) return out.end(read)
      if (!begun) out.begin(read)
      begun = true
    }
    out.chunk(data)
  }
}
