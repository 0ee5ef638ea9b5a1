/** A request of OpenAI's Responses API as the chat request that the gateway works with. */
import { type Refused, refuse } from '../contract/errors.ts'
import { asksForNothing, type Ignored, ignoreUnknown } from '../contract/ignored.ts'
import { cached, type Fields, isFields, searchOptions } from './messages-content.ts'
import { messagesOfInput } from './responses-input.ts'

/** Throws `invalid_request` with the field at fault. What only advises, and has no place in a chat, is named. */
export function chatOfResponses(body: Fields, ignored: Ignored): Fields {
  for (const [member, why] of REFUSED) if (!asksForNothing(member, body[member])) throw wrong(member, why)
  nameLeftOut(body, ignored)
  const kept = Object.fromEntries(Object.entries(body).filter(([member]) => !CONVERTED.has(member)))
  const messages = messagesOfInput(body.input)
  return {
    ...kept,
    messages:
      typeof body.instructions === 'string' ? [{ role: 'system', content: body.instructions }, ...messages] : messages,
    ...(body.max_output_tokens == null ? {} : { max_completion_tokens: body.max_output_tokens }),
    ...toolsOf(body.tools, ignored),
    ...choiceOf(body.tool_choice),
    ...textOf(body.text, ignored),
    ...reasoningOf(body.reasoning),
    ...(body.stream === true ? { stream_options: { include_usage: true } } : {}),
  }
}

/** What would need answers to be kept here, which they are not, or what a client could not do without. */
const REFUSED: readonly (readonly [member: string, why: string])[] = [
  ['background', 'is not offered here: wait for the answer, or stream it'],
  ['previous_response_id', 'is not offered here: answers are not kept; send the conversation as input items'],
  ['conversation', 'is not offered here: answers are not kept; send the conversation as input items'],
  ['prompt', 'is not offered here: send the text itself as instructions and input'],
  ['max_tool_calls', 'is not offered here: no provider is told it, so that it would not hold; leave it out'],
  ['top_logprobs', 'is not offered here: ask for probabilities by chat completions'],
]

const CONVERTED: ReadonlySet<string> = new Set([
  ...REFUSED.map(([member]) => member),
  ...['input', 'instructions', 'max_output_tokens', 'tools', 'tool_choice', 'text', 'reasoning'],
  ...['store', 'include', 'truncation', 'stream_options'],
])

const LOGPROBS = 'message.output_text.logprobs'

/** Thoughts that a provider has encrypted are in the answer whether or not they were asked for. */
const ALWAYS_INCLUDED: ReadonlySet<unknown> = new Set(['reasoning.encrypted_content'])

function nameLeftOut({ store, include, truncation, stream_options }: Fields, ignored: Ignored): void {
  // Answers are never kept, and prompts never cut: who asks for just that gets it.
  if (!asksForNothing('store', store)) ignored.add('store')
  if (!asksForNothing('truncation', truncation) && truncation !== 'disabled') ignored.add('truncation')
  if (isFields(stream_options)) ignoreUnknown(stream_options, new Set(['include_usage']), ignored, 'stream_options.')
  for (const wanted of Array.isArray(include) ? include : []) {
    if (wanted === LOGPROBS)
      throw wrong('include', `of ${LOGPROBS} is not offered here: ask for them by chat completions`)
    if (!ALWAYS_INCLUDED.has(wanted)) ignored.add(`include:${String(wanted)}`)
  }
}

function toolsOf(tools: unknown, ignored: Ignored): Fields {
  if (tools === undefined || tools === null) return {}
  if (!Array.isArray(tools)) throw wrong('tools', 'is not valid: expected an array')
  const searches: Fields[] = []
  const functions = tools.flatMap((tool, index) => {
    if (!isFields(tool)) throw wrong(`tools.${index}`, 'is not valid: expected an object')
    if (/^web_search/.test(String(tool.type))) {
      searches.push(searchOf(tool, ignored))
      return []
    }
    if (tool.type !== 'function')
      throw wrong(`tools.${index}`, `has the type ${String(tool.type).slice(0, 64)}, which is not offered here`)
    return [functionOf(tool, ignored)]
  })
  return {
    ...(functions.length > 0 ? { tools: functions } : {}),
    ...(searches.length > 0 ? { web_search_options: searches[0] } : {}),
  }
}

const FUNCTION: ReadonlySet<string> = new Set(['type', 'name', 'description', 'parameters', 'strict', 'cache_control'])

function functionOf(tool: Fields, ignored: Ignored): Fields {
  ignoreUnknown(tool, FUNCTION, ignored, 'tools.')
  const { type, name, description, parameters, strict } = tool
  const options = { ...(description == null ? {} : { description }), ...(strict == null ? {} : { strict }) }
  return { type, function: { name, ...options, parameters }, ...cached(tool) }
}

const SEARCH: ReadonlySet<string> = new Set(['type', 'user_location', 'search_context_size', 'filters'])
const FILTERS: ReadonlySet<string> = new Set(['allowed_domains', 'blocked_domains'])

/** As chat asks for a search. Which domains it may look at is for the provider to keep to, or to refuse. */
function searchOf(tool: Fields, ignored: Ignored): Fields {
  ignoreUnknown(tool, SEARCH, ignored, 'tools.')
  const { user_location: place, search_context_size, filters } = tool
  const domains = isFields(filters) ? filters : {}
  ignoreUnknown(domains, FILTERS, ignored, 'tools.filters.')
  const { allowed_domains, blocked_domains } = domains
  return {
    ...(search_context_size == null ? {} : { search_context_size }),
    ...searchOptions({ place, allowed_domains, blocked_domains }),
  }
}

function choiceOf(choice: unknown): Fields {
  if (choice === undefined || choice === null) return {}
  if (!isFields(choice)) return { tool_choice: choice }
  if (choice.type === 'function') return { tool_choice: { type: 'function', function: { name: choice.name } } }
  throw wrong('tool_choice', `of type ${String(choice.type).slice(0, 64)} is not offered here`)
}

function textOf(text: unknown, ignored: Ignored): Fields {
  if (!isFields(text)) return {}
  const { format, verbosity, ...others } = text
  const { type, ...schema } = isFields(format) ? format : {}
  if (type !== undefined && !FORMATS.has(type))
    throw wrong('text.format', `of type ${String(type).slice(0, 64)} is not offered here`)
  ignoreUnknown(others, new Set(), ignored, 'text.')
  return {
    ...(verbosity == null ? {} : { verbosity }),
    ...(type === 'json_schema' ? { response_format: { type, json_schema: schema } } : {}),
    ...(type === 'json_object' ? { response_format: { type } } : {}),
  }
}

const FORMATS: ReadonlySet<unknown> = new Set(['text', 'json_schema', 'json_object'])

/** Whole: what a provider knows of it, it acts upon, and names the rest. */
function reasoningOf(reasoning: unknown): Fields {
  if (!isFields(reasoning)) return {}
  const stated = Object.entries(reasoning).filter(([, value]) => value != null)
  return stated.length > 0 ? { reasoning: Object.fromEntries(stated) } : {}
}

const wrong = (param: string, problem: string): Refused => refuse('invalid_request', `${param} ${problem}`, { param })
