/** Tools and the choice among them, in Anthropic's words; the web search that other wires ask for in other ways. */
import { type Fields, fieldsIn, isFields, textOf } from './wire-json.ts'
import { type Ignored, unsupported } from './wire-request.ts'

export type Tools = { readonly tools?: readonly Fields[]; readonly tool_choice?: Fields }

export function toolsOf(body: Fields, ignored: Ignored): Tools {
  for (const legacy of ['functions', 'function_call'])
    if (body[legacy] !== undefined && body[legacy] !== null) throw unsupported(legacy, 'use tools and tool_choice')
  const tools = (Array.isArray(body.tools) ? body.tools : []).map(toolOf)
  const search = searchOf(body, ignored)
  if (search && !tools.some(({ name }) => name === 'web_search')) tools.push(search)
  if (tools.length === 0) return {}
  const choice = choiceOf(body.tool_choice)
  const single = body.parallel_tool_calls === false && choice?.type !== 'none'
  const stated = single ? { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true } : choice
  return { tools, ...(stated ? { tool_choice: stated } : {}) }
}

/** Tools that Anthropic defines itself carry a date: `web_search_20250305`. */
const OF_ANTHROPIC = /^[a-z_]+_20[0-9]{6}$/
const SEARCH_NAMES: ReadonlySet<unknown> = new Set([
  'web_search',
  'web_search_preview',
  'openrouter:web_search',
  'web_search_preview_2025_03_11',
])

function toolOf(tool: unknown, index: number): Fields {
  const at = `tools[${index}]`
  if (!isFields(tool)) throw unsupported(at, 'expected an object')
  if (SEARCH_NAMES.has(tool.type)) return webSearch(isFields(tool.parameters) ? { ...tool, ...tool.parameters } : tool)
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

function webSearch(asked: Fields): Fields {
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
  const plugins = fieldsIn(body.plugins).filter(({ enabled }) => enabled !== false)
  const plugin = plugins.find(({ id }) => id === 'web')
  for (const { id } of plugins) if (id !== 'web') ignored.add(`plugins:${textOf(id)}`)
  if (plugin) {
    for (const option of ['max_results', 'search_prompt'])
      if (plugin[option] != null) ignored.add(`plugins:web.${option}`)
    return webSearch(plugin)
  }
  if (!isFields(body.web_search_options)) return undefined
  if (body.web_search_options.search_context_size != null) ignored.add('web_search_options.search_context_size')
  return webSearch(body.web_search_options)
}
