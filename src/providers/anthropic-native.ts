/** A request that came in Anthropic's own words goes up in them, but for the model's name and what is Turnpike's own. */
import type { NativeBody } from '../contract/native-wire.ts'
import { spliceMembers, topLevelMembers } from '../lib/json-scan.ts'
import type { AnthropicRequest } from './anthropic-request.ts'
import { type UpstreamCall, UpstreamFailure } from './provider.ts'
import { OWN_MEMBERS } from './unsupported.ts'

export function nativeRequest({ model, outputLimit }: UpstreamCall, { text }: NativeBody): AnthropicRequest {
  const members = topLevelMembers(text)
  if (!members) throw new UpstreamFailure('unsupported', 'The body is not a JSON object')
  const edits = new Map<string, string | undefined>([['model', JSON.stringify(model)]])
  for (const { key } of members) if (CONSUMED.has(key)) edits.set(key, undefined)
  if (outputLimit !== undefined) edits.set('max_tokens', String(outputLimit))
  return {
    body: spliceMembers(text, members, edits),
    ignored: [],
    answerTool: undefined,
    native: true,
    hidesReasoning: false,
  }
}

/** On this wire `stream` and `metadata` are the vendor's. */
const CONSUMED: ReadonlySet<string> = new Set(
  OWN_MEMBERS.filter((member) => !['model', 'stream', 'metadata'].includes(member)),
)
