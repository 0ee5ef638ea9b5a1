/**
 * Reads a chat request as far as the simulator needs it, and refuses what OpenAI refuses, so that a gateway which sends
 * nonsense is noticed here. Everything else is ignored.
 */
import { hash } from 'node:crypto'
import { bareName } from './behaviours.ts'
import type { ErrorFields } from './reply.ts'

export type JsonObject = Readonly<Record<string, unknown>>
export type Tool = { readonly name: string; readonly parameters: unknown }

export type ChatRequest = {
  /** Whether the answer has messages or plain text. */
  readonly form: 'chat' | 'text'
  readonly model: string
  readonly body: JsonObject
  readonly stream: boolean
  /** At the end of a stream, or with every chunk as vLLM does where it is asked to. */
  readonly includeUsage: boolean
  readonly continuousUsage: boolean
  /** The smaller of the two output limits. */
  readonly limit: number | undefined
  readonly n: number
  readonly stop: readonly string[]
  readonly serviceTier: string
  /** The answer must be JSON, of this schema if there is one. */
  readonly json: { readonly schema: unknown } | undefined
  readonly tools: readonly Tool[]
  /** The tool that the request insists on. */
  readonly forcedTool: Tool | undefined
  readonly lastMessage: { readonly role: unknown; readonly text: string }
  /** The same for the same model and messages. */
  readonly seed: number
}

export function readChatRequest(text: string): ChatRequest | { readonly refused: ErrorFields } {
  const body = parseObject(text)
  return body ? chatRequestOf(body, 'chat') : NO_JSON
}

/** A text completion is a chat of one message for each prompt; the answers differ in form alone. */
export function readCompletionRequest(text: string): ChatRequest | { readonly refused: ErrorFields } {
  const body = parseObject(text)
  if (!body) return NO_JSON
  const { prompt, n, ...rest } = body
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt : [prompt]
  const words = prompts.map((each) => (typeof each === 'string' ? each : JSON.stringify(each ?? '')))
  if (prompt == null || words.length === 0)
    return { refused: { message: "Invalid value for 'prompt'", param: 'prompt' } }
  const messages = words.map((content) => ({ role: 'user', content }))
  return chatRequestOf({ ...rest, messages, n: (typeof n === 'number' ? n : 1) * words.length }, 'text')
}

export const NO_JSON = { refused: { message: 'We could not parse the JSON body of your request' } } as const

function chatRequestOf(body: JsonObject, form: ChatRequest['form']): ChatRequest | { readonly refused: ErrorFields } {
  const param = wrongParameter(body)
  if (param) return { refused: { message: `Invalid value for '${param}'`, param, code: 'invalid_value' } }
  const { model, messages } = body as { model: string; messages: unknown[] }
  const tools = listOf(body.tools).flatMap(toolOf)
  const limits = [body.max_tokens, body.max_completion_tokens].filter((limit) => typeof limit === 'number')
  return {
    form,
    model,
    body,
    stream: body.stream === true,
    includeUsage: objectOf(body.stream_options)?.include_usage === true,
    continuousUsage: objectOf(body.stream_options)?.continuous_usage_stats === true,
    limit: limits.length > 0 ? Math.min(...limits) : undefined,
    n: typeof body.n === 'number' ? body.n : 1,
    stop: (Array.isArray(body.stop) ? body.stop : [body.stop]).filter(
      (stop) => typeof stop === 'string' && stop !== '',
    ),
    serviceTier: servedTier(body.service_tier),
    json: jsonFormat(objectOf(body.response_format)),
    tools,
    forcedTool: forcedTool(body.tool_choice, tools),
    lastMessage: readMessage(objectOf(messages.at(-1))),
    seed: Number.parseInt(hash('sha256', JSON.stringify([bareName(model), messages])).slice(0, 8), 16),
  }
}

export const objectOf = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const MAX_CHOICES = 128

function wrongParameter(body: JsonObject): string | undefined {
  if (typeof body.model !== 'string' || body.model === '') return 'model'
  if (!Array.isArray(body.messages) || body.messages.length === 0 || !body.messages.every(objectOf)) return 'messages'
  for (const name of ['max_tokens', 'max_completion_tokens'])
    if (!isCount(body[name], Number.MAX_SAFE_INTEGER)) return name
  if (!isCount(body.n, MAX_CHOICES)) return 'n'
  if (body.stream_options != null && body.stream !== true) return 'stream_options'
  if (objectOf(body.tool_choice)?.type === 'function' || body.tool_choice === 'required') {
    if (!forcedTool(body.tool_choice, listOf(body.tools).flatMap(toolOf))) return 'tool_choice'
  }
  return undefined
}

const isCount = (value: unknown, max: number): boolean =>
  value == null || (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max)

export function parseObject(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

function toolOf(value: unknown): Tool[] {
  const definition = objectOf(objectOf(value)?.function)
  return typeof definition?.name === 'string' ? [{ name: definition.name, parameters: definition.parameters }] : []
}

function forcedTool(choice: unknown, tools: readonly Tool[]): Tool | undefined {
  if (choice === 'required') return tools[0]
  const name = objectOf(objectOf(choice)?.function)?.name
  return tools.find((tool) => tool.name === name)
}

function jsonFormat(format: JsonObject | undefined): { schema: unknown } | undefined {
  if (format?.type === 'json_object') return { schema: undefined }
  return format?.type === 'json_schema' ? { schema: objectOf(format.json_schema)?.schema } : undefined
}

const servedTier = (asked: unknown): string => (typeof asked === 'string' && asked !== 'auto' ? asked : 'default')

function readMessage(message: JsonObject | undefined): ChatRequest['lastMessage'] {
  const content = message?.content
  const texts = typeof content === 'string' ? [content] : listOf(content).map((part) => objectOf(part)?.text)
  return { role: message?.role, text: texts.filter((text) => typeof text === 'string').join('\n') }
}
