/**
 * A chat request as a request to Gemini. Each member is carried, acted upon elsewhere, refused where its absence would
 * change the answer, or left out by name: none is dropped in silence.
 */
import { asksForNothing, createIgnored, type Ignored } from '../contract/ignored.ts'
import { generationConfigOf } from './gemini-config.ts'
import { contentsOf } from './gemini-contents.ts'
import { isThirdGeneration } from './gemini-models.ts'
import { toolConfigOf, toolsOf } from './gemini-tools.ts'
import { type Fields, isFields, someText } from './json-fields.ts'
import { namePlugins, RESTRICTION, RESTRICTS, unsupported } from './unsupported.ts'

export type GeminiRequest = {
  readonly body: Fields
  /** See `ignored` of an attempt. */
  readonly ignored: readonly string[]
  readonly searches: boolean
  /** Images may come, whose events are large. */
  readonly images: boolean
}

/** Throws an `unsupported` failure that names the field. */
export function geminiRequest(chat: Fields, model: string, outputLimit: number | undefined): GeminiRequest {
  const ignored = createIgnored()
  noteOthers(chat, ignored)
  namePlugins(chat.plugins, ignored)
  const searches = searchesOf(chat.web_search_options, ignored)
  const tools = toolsOf(chat.tools, searches, ignored)
  const toolConfig = toolConfigOf(chat.tool_choice)
  const generationConfig = generationConfigOf(chat, model, outputLimit, ignored)
  const serviceTier = tierOf(chat.service_tier, ignored)
  const body = {
    ...contentsOf(chat.messages, { ignored, thirdGeneration: isThirdGeneration(model) }),
    ...(tools.length > 0 ? { tools } : {}),
    ...(toolConfig && tools.length > 0 ? { toolConfig } : {}),
    ...(Object.keys(generationConfig).length > 0 ? { generationConfig } : {}),
    ...(serviceTier === undefined ? {} : { serviceTier }),
    ...(Array.isArray(chat.safety_settings) ? { safetySettings: chat.safety_settings } : {}),
  }
  const images = generationConfig.responseModalities !== undefined
  return { body, ignored: ignored.names(), searches, images }
}

/** Carried, or for Turnpike itself to act on. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p'],
  ...['top_k', 'seed', 'presence_penalty', 'frequency_penalty', 'n', 'stop', 'logprobs', 'top_logprobs', 'tools'],
  ...['tool_choice', 'response_format', 'modalities', 'image_config', 'reasoning', 'reasoning_effort'],
  ...['include_reasoning', 'web_search_options', 'service_tier', 'safety_settings', 'user', 'metadata', 'usage'],
  ...['models', 'route', 'provider', 'plugins', 'session_id', 'trace', 'debug'],
])

/** What no answer could be right without. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['audio', 'answers as speech are not offered by this provider'],
  ['functions', 'is out of date; use tools'],
  ['function_call', 'is out of date; use tool_choice'],
  ['logit_bias', 'tokens cannot be weighted at this provider'],
])

function noteOthers(chat: Fields, ignored: Ignored): void {
  for (const [member, value] of Object.entries(chat)) {
    if (KNOWN.has(member) || isEmpty(value) || (member === 'parallel_tool_calls' && value === true)) continue
    const problem = REFUSED.get(member)
    if (problem !== undefined) throw unsupported(member, problem)
    ignored.add(member)
  }
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (isFields(value) && Object.keys(value).length === 0)

function searchesOf(options: unknown, ignored: Ignored): boolean {
  if (!isFields(options)) return false
  for (const [member, value] of Object.entries(options)) {
    if (asksForNothing(member, value)) continue
    if (RESTRICTS.has(member)) throw unsupported(`web_search_options.${member}`, RESTRICTION)
    ignored.add(`web_search_options.${member}`)
  }
  return true
}

const TIERS: ReadonlySet<string> = new Set(['flex', 'priority'])

/** The standard one is served unasked. The tier that is billed is the one that was served. */
function tierOf(tier: unknown, ignored: Ignored): string | undefined {
  const asked = someText(tier)
  if (asked === undefined || asked === 'auto' || asked === 'default' || asked === 'standard') return undefined
  if (TIERS.has(asked)) return asked
  ignored.add('service_tier')
  return undefined
}
