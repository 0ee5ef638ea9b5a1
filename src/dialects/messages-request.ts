/**
 * A request of Anthropic's Messages API as the chat request that the gateway works with. What of it chat has no word for
 * keeps its own name, so that a provider of the same wire finds it again; what would be lost is refused.
 */
import { type Refused, refuse } from '../contract/errors.ts'
import { type Ignored, ignoreUnknown } from '../contract/ignored.ts'
import { cached, type Fields, type Foreign, isFields, searchOptions, turnsOf } from './messages-content.ts'

/** Throws `invalid_request` with the field at fault. */
export function chatOfMessages(body: Fields, foreign: Foreign): Fields {
  const { max_tokens } = body
  if (!Number.isInteger(max_tokens) || Number(max_tokens) < 1)
    throw wrong('max_tokens', 'is missing: expected a whole number of tokens, at least 1')
  return { ...promptOfMessages(body, foreign), max_tokens }
}

/** All of it but the limit of the answer, which only a call needs. */
export function promptOfMessages(body: Fields, foreign: Foreign): Fields {
  const { system, messages, max_tokens, stop_sequences, tools, tool_choice, metadata, ...rest } = body
  const { thinking, output_config, output_format, service_tier, ...others } = rest
  if (!Array.isArray(messages)) throw wrong('messages', 'is missing: expected an array of messages')
  for (const member of REFUSED)
    if (body[member] !== undefined && body[member] !== null) throw wrong(member, 'is not offered here; leave it out')
  return {
    ...others,
    messages: [
      ...systemOf(system, foreign.ignored),
      ...messages.flatMap((message, index) => turnsOf(message, index, foreign)),
    ],
    ...(Array.isArray(stop_sequences) && stop_sequences.length > 0 ? { stop: stop_sequences } : {}),
    ...toolsOf(tools, foreign),
    ...choiceOf(tool_choice),
    ...reasoningOf(thinking, output_config, foreign.ignored),
    ...formatOf(output_format ?? (isFields(output_config) ? output_config.format : undefined)),
    ...userOf(metadata, foreign.ignored),
    ...tierOf(service_tier, foreign.ignored),
    usage: { include: true },
    ...(body.stream === true ? { stream_options: { include_usage: true } } : {}),
  }
}

/** State that lies with the vendor, and tools that it runs elsewhere. */
const REFUSED = ['container', 'mcp_servers'] as const

const wrong = (param: string, problem: string): Refused => refuse('invalid_request', `${param} ${problem}`, { param })

function systemOf(system: unknown, ignored: Ignored): Fields[] {
  if (system === undefined || system === null || system === '') return []
  if (typeof system === 'string') return [{ role: 'system', content: system }]
  if (!Array.isArray(system)) throw wrong('system', 'is not valid: expected text or an array of text blocks')
  const content = system.map((block, index) => {
    if (!isFields(block) || typeof block.text !== 'string')
      throw wrong(`system.${index}`, 'is not valid: expected a text block')
    ignoreUnknown(block, SYSTEM, ignored, 'system.')
    return { type: 'text', text: block.text, ...cached(block) }
  })
  return content.length > 0 ? [{ role: 'system', content }] : []
}

const SYSTEM: ReadonlySet<string> = new Set(['type', 'text', 'cache_control'])

/** A search of the web is known to every wire in its own words; other tools that the vendor defines are its own. */
function toolsOf(tools: unknown, foreign: Foreign): Fields {
  if (tools === undefined || tools === null) return {}
  if (!Array.isArray(tools)) throw wrong('tools', 'is not valid: expected an array')
  const functions = tools.flatMap((tool, index) => toolOf(tool, `tools.${index}`, foreign))
  const search: unknown = tools.find(isSearch)
  return {
    ...(functions.length > 0 ? { tools: functions } : {}),
    ...(isFields(search) ? { web_search_options: searchOf(search, foreign.ignored) } : {}),
  }
}

const SEARCH: ReadonlySet<string> = new Set([
  ...['type', 'name', 'max_uses', 'allowed_domains', 'blocked_domains', 'user_location'],
])

function searchOf(tool: Fields, ignored: Ignored): Fields {
  ignoreUnknown(tool, SEARCH, ignored, 'tools.')
  const { user_location: place, allowed_domains, blocked_domains, max_uses } = tool
  return searchOptions({ place, allowed_domains, blocked_domains, max_uses })
}

const isSearch = (tool: unknown): boolean => isFields(tool) && /^web_search_\d+$/.test(String(tool.type))

function toolOf(tool: unknown, at: string, foreign: Foreign): Fields[] {
  if (!isFields(tool)) throw wrong(at, 'is not valid: expected an object')
  if (isSearch(tool)) return []
  if (typeof tool.type === 'string' && tool.type !== 'custom') {
    foreign.note(at, tool.type)
    return []
  }
  ignoreUnknown(tool, TOOL, foreign.ignored, 'tools.')
  const { name, description, input_schema: parameters, strict } = tool
  if (typeof name !== 'string') throw wrong(`${at}.name`, 'is missing: expected text')
  return [{ type: 'function', function: { name, description, parameters, strict }, ...cached(tool) }]
}

const TOOL: ReadonlySet<string> = new Set([
  ...['type', 'name', 'description', 'input_schema', 'strict', 'cache_control'],
])

const CHOICES: Readonly<Record<string, unknown>> = { auto: 'auto', any: 'required', none: 'none' }

function choiceOf(choice: unknown): Fields {
  if (choice === undefined || choice === null) return {}
  const type = isFields(choice) ? String(choice.type) : ''
  if (!isFields(choice) || (CHOICES[type] === undefined && type !== 'tool'))
    throw wrong('tool_choice', 'is not valid: expected the type auto, any, none or tool')
  return {
    tool_choice: CHOICES[type] ?? { type: 'function', function: { name: choice.name } },
    ...(choice.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {}),
  }
}

function reasoningOf(thinking: unknown, config: unknown, ignored: Ignored): Fields {
  const effort = isFields(config) && typeof config.effort === 'string' ? { effort: config.effort } : {}
  if (isFields(config)) ignoreUnknown(config, CONFIG, ignored, 'output_config.')
  if (!isFields(thinking)) return Object.keys(effort).length > 0 ? { reasoning: effort } : {}
  ignoreUnknown(thinking, THINKING, ignored, 'thinking.')
  const hidden = thinking.display === 'omitted' ? { exclude: true } : {}
  if (thinking.type === 'disabled') return { reasoning: { ...effort, enabled: false } }
  if (typeof thinking.budget_tokens === 'number')
    return { reasoning: { max_tokens: thinking.budget_tokens, ...hidden } }
  return { reasoning: { ...effort, enabled: true, ...hidden } }
}

const CONFIG: ReadonlySet<string> = new Set(['effort', 'format'])
const THINKING: ReadonlySet<string> = new Set(['type', 'budget_tokens', 'display'])

function formatOf(format: unknown): Fields {
  if (!isFields(format) || format.type !== 'json_schema') return {}
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: format.schema } } }
}

/** Longer than any other wire takes: the beginning tells people apart as well. */
const LONGEST_USER = 128

function userOf(metadata: unknown, ignored: Ignored): Fields {
  if (!isFields(metadata)) return {}
  ignoreUnknown(metadata, new Set(['user_id']), ignored, 'metadata.')
  const { user_id: user } = metadata
  return typeof user === 'string' && user !== '' ? { user: user.slice(0, LONGEST_USER) } : {}
}

/** `auto` takes what the account is entitled to, which is what happens unasked. */
function tierOf(tier: unknown, ignored: Ignored): Fields {
  if (tier === 'standard_only') return { service_tier: 'default' }
  if (tier !== undefined && tier !== null && tier !== 'auto') ignored.add('service_tier')
  return {}
}
