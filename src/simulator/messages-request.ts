/**
 * Reads a request of Anthropic's Messages API as far as the simulator needs it, and refuses what Anthropic refuses, so
 * that a gateway which sends nonsense is noticed here. What it asks for is put in the words of a chat request.
 */
import { hash } from 'node:crypto'
import { bareName } from './behaviours.ts'
import { type ChatRequest, type JsonObject, listOf, objectOf, parseObject, type Tool } from './chat-request.ts'

export type MessagesRequest = ChatRequest & {
  /** A web search is offered; one is made. */
  readonly searches: boolean
}

export function readMessagesRequest(text: string): MessagesRequest | { readonly refused: string } {
  const body = parseObject(text)
  if (!body) return { refused: 'The request body is not valid JSON' }
  const refused = wrongMember(body) ?? wrongMessage(listOf(body.messages)) ?? wrongThinking(body)
  if (refused) return { refused }
  const messages = chatMessages(body)
  const tools = listOf(body.tools).flatMap(toolOf)
  const model = String(body.model)
  const asked = messages.filter(({ role }) => role !== 'system')
  return {
    form: 'chat',
    model,
    body: {
      messages,
      tools: tools.map(({ name, parameters }) => ({ type: 'function', function: { name, parameters } })),
    },
    stream: body.stream === true,
    includeUsage: true,
    continuousUsage: false,
    limit: typeof body.max_tokens === 'number' ? body.max_tokens : undefined,
    n: 1,
    stop: listOf(body.stop_sequences).filter((stop): stop is string => typeof stop === 'string' && stop !== ''),
    serviceTier: 'standard',
    json: jsonFormat(objectOf(objectOf(body.output_config)?.format)),
    tools,
    forcedTool: forcedTool(objectOf(body.tool_choice), tools),
    lastMessage: { role: lastRole(listOf(body.messages)), text: String(asked.at(-1)?.content ?? '') },
    seed: Number.parseInt(hash('sha256', JSON.stringify([bareName(model), messages])).slice(0, 8), 16),
    searches: listOf(body.tools).some((tool) => String(objectOf(tool)?.type).startsWith('web_search_')),
  }
}

const MEMBERS: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'max_tokens', 'system', 'stream', 'stop_sequences', 'temperature', 'top_p', 'top_k'],
  ...['tools', 'tool_choice', 'thinking', 'output_config', 'metadata', 'service_tier', 'cache_control'],
  ...['container', 'context_management', 'inference_geo', 'mcp_servers'],
])

function wrongMember(body: JsonObject): string | undefined {
  const extra = Object.keys(body).find((member) => !MEMBERS.has(member))
  if (extra !== undefined) return `${extra}: Extra inputs are not permitted`
  if (typeof body.model !== 'string' || body.model === '') return 'model: Field required'
  const { max_tokens: limit } = body
  if (limit === undefined) return 'max_tokens: Field required'
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1)
    return 'max_tokens: Input should be greater than or equal to 1'
  for (const member of ['temperature', 'top_p']) {
    const value = body[member]
    if (value !== undefined && (typeof value !== 'number' || value < 0 || value > 1)) return `${member}: range: 0..1`
  }
  const tools = listOf(body.tools).flatMap(toolOf)
  const choice = objectOf(body.tool_choice)
  if (choice?.type === 'tool' && !forcedTool(choice, tools))
    return `Tool '${String(choice.name)}' not found in provided tools`
  return undefined
}

const BLOCKS: ReadonlySet<unknown> = new Set([
  ...['text', 'image', 'document', 'search_result', 'tool_use', 'tool_result', 'thinking', 'redacted_thinking'],
  ...['server_tool_use', 'web_search_tool_result'],
])

function wrongMessage(messages: readonly unknown[]): string | undefined {
  if (messages.length === 0) return 'messages: at least one message is required'
  for (const [index, value] of messages.entries()) {
    const message = objectOf(value)
    if (message?.role !== 'user' && message?.role !== 'assistant')
      return `messages.${index}.role: Input should be 'user' or 'assistant'`
    for (const [at, block] of listOf(message.content).entries()) {
      const { type, text, signature } = objectOf(block) ?? {}
      if (!BLOCKS.has(type)) return `messages.${index}.content.${at}: Input tag '${String(type)}' is not known`
      if (type === 'text' && text === '') return 'messages: text content blocks must be non-empty'
      if (type === 'thinking' && typeof signature !== 'string')
        return `messages.${index}.content.${at}.thinking.signature: Field required`
    }
  }
  return undefined
}

function wrongThinking(body: JsonObject): string | undefined {
  const thinking = objectOf(body.thinking)
  if (thinking?.type !== 'enabled' && thinking?.type !== 'adaptive') return undefined
  const budget = Number(thinking.budget_tokens)
  if (thinking.type === 'enabled' && !(budget >= 1024 && budget < Number(body.max_tokens)))
    return '`max_tokens` must be greater than `thinking.budget_tokens`, which must be at least 1024'
  if (body.temperature !== undefined && body.temperature !== 1)
    return '`temperature` may only be set to 1 when thinking is enabled'
  const choice = objectOf(body.tool_choice)?.type
  if (choice === 'any' || choice === 'tool') return 'Thinking may not be enabled when tool_choice forces tool use.'
  return undefined
}

/** The conversation as a chat has it; a message of one text is that text. */
function chatMessages(body: JsonObject): { role: string; content: string }[] {
  const system = textIn(body.system)
  return [
    ...(system === '' ? [] : [{ role: 'system', content: system }]),
    ...listOf(body.messages).map((message) => ({
      role: String(objectOf(message)?.role),
      content: textIn(objectOf(message)?.content),
    })),
  ]
}

function textIn(content: unknown): string {
  if (typeof content === 'string') return content
  return listOf(content)
    .map((value) => {
      const block = objectOf(value)
      if (block?.type === 'tool_result') return textIn(block.content)
      if (block?.type === 'tool_use') return JSON.stringify(block.input)
      return typeof block?.text === 'string' ? block.text : ''
    })
    .filter((text) => text !== '')
    .join('\n')
}

/** Results of tools come in the user's turn there; to the model they are something else. */
function lastRole(messages: readonly unknown[]): unknown {
  const last = objectOf(messages.at(-1))
  return listOf(last?.content).some((block) => objectOf(block)?.type === 'tool_result') ? 'tool' : last?.role
}

function toolOf(value: unknown): Tool[] {
  const tool = objectOf(value)
  return typeof tool?.name === 'string' && (tool.type === undefined || tool.type === 'custom')
    ? [{ name: tool.name, parameters: tool.input_schema }]
    : []
}

const forcedTool = (choice: JsonObject | undefined, tools: readonly Tool[]): Tool | undefined =>
  choice?.type === 'any' ? tools[0] : tools.find(({ name }) => choice?.type === 'tool' && name === choice.name)

const jsonFormat = (format: JsonObject | undefined): { schema: unknown } | undefined =>
  format?.type === 'json_schema' ? { schema: format.schema } : undefined
