/** A request of OpenAI's Responses API as the chat request that the gateway works with. */
import { type Refused, refuse } from '../contract/errors.ts'
import { type Fields, isFields } from './messages-content.ts'
import { messagesOfInput } from './responses-input.ts'

/** Throws `invalid_request` with the field at fault. */
export function chatOfResponses(body: Fields): Fields {
  for (const [member, why] of REFUSED)
    if (body[member] !== undefined && body[member] !== null && body[member] !== false) throw wrong(member, why)
  const kept = Object.fromEntries(Object.entries(body).filter(([member]) => !CONVERTED.has(member)))
  const messages = messagesOfInput(body.input)
  return {
    ...kept,
    messages:
      typeof body.instructions === 'string' ? [{ role: 'system', content: body.instructions }, ...messages] : messages,
    ...(body.max_output_tokens == null ? {} : { max_completion_tokens: body.max_output_tokens }),
    ...toolsOf(body.tools),
    ...choiceOf(body.tool_choice),
    ...textOf(body.text),
    ...reasoningOf(body.reasoning),
    ...(body.stream === true ? { stream_options: { include_usage: true } } : {}),
  }
}

/** What would need answers to be kept here, which they are not. */
const REFUSED: readonly (readonly [member: string, why: string])[] = [
  ['background', 'is not offered here: wait for the answer, or stream it'],
  ['previous_response_id', 'is not offered here: answers are not kept; send the conversation as input items'],
  ['conversation', 'is not offered here: answers are not kept; send the conversation as input items'],
  ['prompt', 'is not offered here: send the text itself as instructions and input'],
]

const CONVERTED: ReadonlySet<string> = new Set([
  ...REFUSED.map(([member]) => member),
  ...['input', 'instructions', 'max_output_tokens', 'tools', 'tool_choice', 'text', 'reasoning'],
  ...['store', 'include', 'truncation', 'stream_options', 'max_tool_calls'],
])

function toolsOf(tools: unknown): Fields {
  if (tools === undefined || tools === null) return {}
  if (!Array.isArray(tools)) throw wrong('tools', 'is not valid: expected an array')
  const searches = tools.some((tool) => isFields(tool) && /^web_search/.test(String(tool.type)))
  const functions = tools.flatMap((tool, index) => {
    const type = isFields(tool) ? tool.type : undefined
    if (!isFields(tool)) throw wrong(`tools.${index}`, 'is not valid: expected an object')
    if (/^web_search/.test(String(type))) return []
    if (type !== 'function')
      throw wrong(`tools.${index}`, `has the type ${String(type).slice(0, 64)}, which is not offered here`)
    const { name, description, parameters, strict } = tool
    const options = { ...(description == null ? {} : { description }), ...(strict == null ? {} : { strict }) }
    return [{ type, function: { name, ...options, parameters } }]
  })
  return {
    ...(functions.length > 0 ? { tools: functions } : {}),
    ...(searches ? { web_search_options: {} } : {}),
  }
}

function choiceOf(choice: unknown): Fields {
  if (choice === undefined || choice === null) return {}
  if (!isFields(choice)) return { tool_choice: choice }
  if (choice.type === 'function') return { tool_choice: { type: 'function', function: { name: choice.name } } }
  throw wrong('tool_choice', `of type ${String(choice.type).slice(0, 64)} is not offered here`)
}

function textOf(text: unknown): Fields {
  if (!isFields(text)) return {}
  const { format, verbosity } = text
  const { type, ...schema } = isFields(format) ? format : {}
  return {
    ...(verbosity == null ? {} : { verbosity }),
    ...(type === 'json_schema' ? { response_format: { type, json_schema: schema } } : {}),
    ...(type === 'json_object' ? { response_format: { type } } : {}),
  }
}

function reasoningOf(reasoning: unknown): Fields {
  if (!isFields(reasoning)) return {}
  const { effort, max_tokens, enabled } = reasoning
  const stated = Object.entries({ effort, max_tokens, enabled }).filter(([, value]) => value != null)
  return stated.length > 0 ? { reasoning: Object.fromEntries(stated) } : {}
}

const wrong = (param: string, problem: string): Refused => refuse('invalid_request', `${param} ${problem}`, { param })
