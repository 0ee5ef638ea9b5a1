/** Tools and the choice among them, in Anthropic's words; the web search that other wires ask for in other ways. */
import { asksForNothing, type Ignored } from '../contract/ignored.ts'
import { type Fields, isFields, listOf } from './json-fields.ts'
import { namePlugins, unsupported } from './unsupported.ts'

export type Tools = { readonly tools?: readonly Fields[]; readonly tool_choice?: Fields }

export function toolsOf(body: Fields, ignored: Ignored): Tools {
  for (const legacy of ['functions', 'function_call'])
    if (!asksForNothing(legacy, body[legacy])) throw unsupported(legacy, 'use tools and tool_choice')
  const tools = (Array.isArray(body.tools) ? body.tools : []).map((tool, index) =>
    toolOf(tool, `tools[${index}]`, ignored),
  )
  const search = searchOf(body, ignored)
  if (search && !tools.some(({ name }) => name === 'web_search')) tools.push(search)
  const choice = choiceOf(body.tool_choice)
  if (tools.length === 0) {
    if (choice?.type === 'any' || choice?.type === 'tool') throw unsupported('tool_choice', 'there are no tools')
    return {}
  }
  const single = body.parallel_tool_calls === false && choice?.type !== 'none'
  const stated = single ? { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true } : choice
  return { tools, ...(stated ? { tool_choice: stated } : {}) }
}

/** Tools that Anthropic defines itself carry a date. Those that it bills in ways which no usage tells are not offered. */
const OF_ANTHROPIC = /^(web_search|web_fetch|bash|text_editor|memory|computer)_20[0-9]{6}$/
const SEARCH_NAMES: ReadonlySet<unknown> = new Set([
  'web_search',
  'web_search_preview',
  'openrouter:web_search',
  'web_search_preview_2025_03_11',
])

function toolOf(tool: unknown, at: string, ignored: Ignored): Fields {
  if (!isFields(tool)) throw unsupported(at, 'expected an object')
  if (SEARCH_NAMES.has(tool.type)) {
    const { type: _type, parameters, ...options } = tool
    return webSearch(isFields(parameters) ? { ...options, ...parameters } : options, at, ignored)
  }
  if (typeof tool.type === 'string' && OF_ANTHROPIC.test(tool.type))
    return tool.type.startsWith('web_search_') ? { max_uses: MOST_SEARCHES, ...tool } : tool
  const definition = tool.function
  if (tool.type !== 'function' || !isFields(definition))
    throw unsupported(at, `a tool of type ${String(tool.type).slice(0, 64)} is not offered by this provider`)
  const { name, description, parameters, strict } = definition
  return {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    input_schema: isFields(parameters) ? parameters : { type: 'object', properties: {} },
    ...(strict === true ? { strict } : {}),
    ...cacheControl(tool, definition),
  }
}

/** `cache_control` of the first that has one. */
export function cacheControl(...carriers: readonly Fields[]): Fields {
  const found = carriers.find(({ cache_control }) => isFields(cache_control))
  return found ? { cache_control: found.cache_control } : {}
}

function choiceOf(choice: unknown): Fields | undefined {
  if (choice === undefined || choice === null) return undefined
  if (choice === 'auto' || choice === 'none') return { type: choice }
  if (choice === 'required') return { type: 'any' }
  const name = isFields(choice) && isFields(choice.function) ? choice.function.name : undefined
  if (typeof name === 'string') return { type: 'tool', name }
  throw unsupported('tool_choice', 'expected auto, none, required or a function by name')
}

/** What a quote counts on where nobody names a maximum. */
const MOST_SEARCHES = 10

const SEARCH_OPTIONS: ReadonlySet<string> = new Set([
  ...['max_uses', 'allowed_domains', 'include_domains', 'blocked_domains', 'exclude_domains', 'user_location'],
])

function webSearch(asked: Fields, at: string, ignored: Ignored): Fields {
  for (const [option, value] of Object.entries(asked))
    if (!SEARCH_OPTIONS.has(option) && !asksForNothing(option, value)) ignored.add(`${at}.${option}`)
  const location = isFields(asked.user_location) ? asked.user_location : undefined
  const approximate = location && isFields(location.approximate) ? location.approximate : location
  const allowed = asked.allowed_domains ?? asked.include_domains
  const blocked = asked.blocked_domains ?? asked.exclude_domains
  return {
    type: 'web_search_20250305',
    name: 'web_search',
    max_uses: typeof asked.max_uses === 'number' ? asked.max_uses : MOST_SEARCHES,
    ...(Array.isArray(allowed) ? { allowed_domains: allowed } : {}),
    ...(Array.isArray(blocked) ? { blocked_domains: blocked } : {}),
    ...(approximate ? { user_location: { ...approximate, type: 'approximate' } } : {}),
  }
}

/** OpenAI's `web_search_options`, OpenRouter's plugin `web`. Other plugins are named as ignored. */
function searchOf(body: Fields, ignored: Ignored): Fields | undefined {
  const plugins = listOf(body.plugins).filter(({ enabled }) => enabled !== false)
  const plugin = plugins.find(({ id }) => id === 'web')
  namePlugins(body.plugins, ignored, 'web')
  if (plugin) {
    const { id: _id, enabled: _enabled, ...options } = plugin
    return webSearch(options, 'plugins:web', ignored)
  }
  return isFields(body.web_search_options)
    ? webSearch(body.web_search_options, 'web_search_options', ignored)
    : undefined
}
