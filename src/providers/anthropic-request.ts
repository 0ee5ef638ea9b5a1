/**
 * A chat request as a request of Anthropic's Messages API. What that wire has no word for is refused where the call
 * would mean something else without it, and named in `ignored` where it only advises.
 */
import { asksForNothing, createIgnored, type Ignored, ignoreUnknown } from '../contract/ignored.ts'
import { conversationOf } from './anthropic-messages.ts'
import { type AnthropicModel, anthropicModel } from './anthropic-model.ts'
import { type Thinking, thinkingOf } from './anthropic-thinking.ts'
import { type Tools, toolsOf } from './anthropic-tools.ts'
import { type Fields, isFields, numberOf, parseFields } from './json-fields.ts'
import type { UpstreamCall } from './provider.ts'
import { UpstreamFailure } from './provider.ts'
import { OWN_MEMBERS, unsupported } from './unsupported.ts'

export type AnthropicRequest = {
  readonly body: string
  readonly ignored: readonly string[]
  /** The tool whose input is the answer, where JSON was asked for and only a tool can promise it. */
  readonly answerTool: string | undefined
  readonly native: boolean
  /** The client does not want to see what the model thought. */
  readonly hidesReasoning: boolean
}

type Asked = Pick<UpstreamCall, 'text' | 'model' | 'stream' | 'outputLimit' | 'maxOutputTokens'>

export function anthropicRequest(call: Asked): AnthropicRequest {
  const body = parseFields(call.text)
  if (!body) throw new UpstreamFailure('unsupported', 'The body is not a JSON object')
  const ignored = createIgnored()
  for (const [member, why] of REFUSED) if (!asksForNothing(member, body[member])) throw unsupported(member, why)
  if (Array.isArray(body.modalities) && body.modalities.some((kind) => kind !== 'text'))
    throw unsupported('modalities', 'this provider answers in text alone')
  const model = anthropicModel(call.model)
  const maxTokens = limitOf(body) ?? call.outputLimit ?? call.maxOutputTokens
  const thinking = thinkingOf(body, model, maxTokens, ignored)
  const format = formatOf(body, model)
  const { system, messages } = conversationOf(body.messages, ignored)
  const request = {
    model: call.model,
    max_tokens: maxTokens,
    ...(system.length > 0 ? { system } : {}),
    messages,
    ...toolMembers(toolsOf(body, ignored), format, thinking),
    ...samplingOf(body, model, thinking, ignored),
    ...(thinking.thinking ? { thinking: thinking.thinking } : {}),
    ...outputConfig(body, thinking, format),
    ...plainMembers(body, ignored),
    ...(call.stream ? { stream: true } : {}),
  }
  ignoreUnknown(body, KNOWN, ignored)
  return {
    body: JSON.stringify(request),
    ignored: ignored.names(),
    answerTool: format?.kind === 'tool' ? ANSWER_TOOL : undefined,
    native: false,
    hidesReasoning: isFields(body.reasoning) ? body.reasoning.exclude === true : body.include_reasoning === false,
  }
}

/** Without these the answer would be another one. */
const REFUSED: readonly (readonly [member: string, why: string])[] = [
  ['n', 'this provider gives one answer to a call'],
  ['logprobs', 'this provider tells no probabilities'],
  ['top_logprobs', 'this provider tells no probabilities'],
  ['audio', 'this provider answers in text alone'],
]

const KNOWN: ReadonlySet<string> = new Set([
  ...OWN_MEMBERS,
  ...REFUSED.map(([member]) => member),
  ...['messages', 'modalities', 'tools', 'tool_choice', 'parallel_tool_calls', 'plugins', 'web_search_options'],
  ...['max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'top_k', 'stop', 'user', 'service_tier'],
  ...['thinking', 'reasoning', 'reasoning_effort', 'include_reasoning', 'response_format', 'cache_control'],
  'output_config',
])

function limitOf(body: Fields): number | undefined {
  const limits = [body.max_tokens, body.max_completion_tokens].filter((limit) => typeof limit === 'number')
  return limits.length > 0 ? Math.min(...limits) : undefined
}

/** Beside thinking, and by newer models at all, these are refused: they advise, so that they are left out and named. */
function samplingOf(body: Fields, model: AnthropicModel, { on }: Thinking, ignored: Ignored): Fields {
  const sampling: Record<string, unknown> = {}
  for (const member of ['temperature', 'top_p', 'top_k']) {
    const value = body[member]
    if (value === undefined || value === null) continue
    // Where both are there, the temperature decides: newer models take one of the two.
    if (!model.samples || on || (member === 'top_p' && sampling.temperature !== undefined)) {
      if (!(value === 1 && member !== 'top_k')) ignored.add(member)
    } else if (member === 'temperature' && (numberOf(value) ?? 0) > 1) {
      sampling.temperature = 1
      ignored.add('temperature')
    } else sampling[member] = value
  }
  return sampling
}

/** Members that only change their name or their words. */
function plainMembers(body: Fields, ignored: Ignored): Fields {
  const stops = (Array.isArray(body.stop) ? body.stop : [body.stop]).filter(
    (stop) => stop !== undefined && stop !== null,
  )
  if (stops.some((stop) => typeof stop !== 'string')) throw unsupported('stop', 'expected text or a list of texts')
  const tier = typeof body.service_tier === 'string' ? SERVICE_TIERS[body.service_tier] : undefined
  if (typeof body.service_tier === 'string' && tier === undefined) ignored.add('service_tier')
  return {
    ...(stops.length > 0 ? { stop_sequences: stops } : {}),
    ...(typeof body.user === 'string' && body.user !== '' ? { metadata: { user_id: body.user } } : {}),
    ...(tier === undefined ? {} : { service_tier: tier }),
    ...(isFields(body.cache_control) ? { cache_control: body.cache_control } : {}),
  }
}

const SERVICE_TIERS: Readonly<Record<string, string>> = {
  auto: 'auto',
  priority: 'auto',
  default: 'standard_only',
  standard: 'standard_only',
  standard_only: 'standard_only',
}

type Format =
  | { readonly kind: 'schema'; readonly schema: unknown }
  | { readonly kind: 'tool'; readonly schema: Fields; readonly description: string }

const ANSWER_TOOL = 'answer_in_json'

/**
 * A schema goes up as such where the model knows it, since that leaves tools, thinking and streamed text as they are.
 * Older models, and JSON without a schema, need a tool that the model has to call; its input is the answer.
 */
function formatOf({ response_format: format, tools }: Fields, model: AnthropicModel): Format | undefined {
  if (format === undefined || format === null || (isFields(format) && format.type === 'text')) return undefined
  const type = isFields(format) ? format.type : format
  if (!isFields(format) || (type !== 'json_schema' && type !== 'json_object'))
    throw unsupported('response_format', 'expected text, json_object or json_schema')
  const stated = isFields(format.json_schema) ? format.json_schema : {}
  const schema = type === 'json_schema' && isFields(stated.schema) ? stated.schema : undefined
  if (schema && model.structured) return { kind: 'schema', schema }
  if (Array.isArray(tools) && tools.length > 0)
    throw unsupported('response_format', `${String(type)} beside tools is not offered for this model by this provider`)
  const described = typeof stated.description === 'string' ? ` ${stated.description}` : ''
  return { kind: 'tool', schema: schema ?? { type: 'object' }, description: `Gives the answer, as JSON.${described}` }
}

function toolMembers(tools: Tools, format: Format | undefined, { on }: Thinking): Tools {
  if (format?.kind !== 'tool') return tools
  if (on) throw unsupported('response_format', 'JSON beside reasoning is not offered for this model by this provider')
  if (tools.tools) throw unsupported('response_format', 'JSON beside a web search is not offered by this provider')
  const tool = { name: ANSWER_TOOL, description: format.description, input_schema: format.schema }
  return { tools: [tool], tool_choice: { type: 'tool', name: ANSWER_TOOL } }
}

function outputConfig(body: Fields, { effort }: Thinking, format: Format | undefined): Fields {
  const config = {
    ...(isFields(body.output_config) ? body.output_config : {}),
    ...(effort === undefined ? {} : { effort }),
    ...(format?.kind === 'schema' ? { format: { type: 'json_schema', schema: format.schema } } : {}),
  }
  return Object.keys(config).length > 0 ? { output_config: config } : {}
}
