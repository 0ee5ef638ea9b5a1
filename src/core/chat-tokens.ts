/**
 * The prompt tokens of an OpenAI chat request: visible text, counted by whatever function is given, and the overhead of
 * the format around it. Requests come from outside, so what is not as expected counts as nothing and never throws.
 * Figures: OpenAI's cookbook, "How to count tokens with tiktoken", for o200k and cl100k chat models.
 */
export type ChatRequest = { readonly messages?: unknown; readonly tools?: unknown }

/**
 * With an exact count: exact for plain messages, within some percent with tools. With the byte bound of text
 * (`token-bound.ts`) it is an upper bound for messages; nested tool schemas need the length of their JSON for that.
 */
export function countChat(count: (text: string) => number, { messages, tools }: ChatRequest): number {
  const texts = [...listOf(messages).flatMap(messageTexts), ...listOf(tools).flatMap(toolTexts)]
  return texts.reduce((sum, text) => sum + count(text), chatOverhead(messages, tools))
}

/** What the format adds to the texts, in tokens: roles, names and tool descriptions are texts. */
export function chatOverhead(messages: unknown, tools: unknown): number {
  const list = listOf(messages)
  const named = list.filter((message) => textOf(message.name) !== '').length
  const functions = listOf(tools).flatMap(functionOf)
  const perFunction = functions.reduce((sum, described) => sum + functionOverhead(described), 0)
  return PER_MESSAGE * list.length + PER_NAME * named + REPLY + perFunction + (functions.length > 0 ? TOOLS_END : 0)
}
const PER_MESSAGE = 3
const PER_NAME = 1
const REPLY = 3
const TOOLS_END = 12

/** The visible text of messages, one after the other: string contents and text parts. */
export const chatText = (messages: unknown): string => listOf(messages).map(contentText).join('')

type Fields = Readonly<Record<string, unknown>>

function functionOverhead(described: Fields): number {
  const properties = propertiesOf(described)
  const enums = properties.map(([, property]) => property.enum).filter(Array.isArray)
  const items = enums.reduce((sum, list) => sum + list.length, 0)
  const inside = PER_PROPERTY * properties.length + ENUM_START * enums.length + PER_ENUM_ITEM * items
  return PER_FUNCTION + (properties.length > 0 ? PROPERTIES_START : 0) + inside
}
const PER_FUNCTION = 7
const PROPERTIES_START = 3
const PER_PROPERTY = 3
const ENUM_START = -3
const PER_ENUM_ITEM = 3

function messageTexts(message: Fields): string[] {
  const calls = listOf(message.tool_calls).flatMap(functionOf)
  const called = [...calls, ...functionOf({ function: message.function_call })]
  return [
    textOf(message.role),
    contentText(message),
    textOf(message.name),
    textOf(message.refusal),
    ...called.flatMap((call) => [textOf(call.name), textOf(call.arguments)]),
  ].filter((text) => text !== '')
}

function contentText({ content }: Fields): string {
  if (typeof content === 'string') return content
  return listOf(content)
    .map((part) => textOf(part.text))
    .join('')
}

function toolTexts(tool: Fields): string[] {
  return functionOf(tool).flatMap((described) => [
    `${textOf(described.name)}:${sentence(described.description)}`,
    ...propertiesOf(described).flatMap(([name, property]) => [
      `${name}:${textOf(property.type)}:${sentence(property.description)}`,
      ...(Array.isArray(property.enum) ? property.enum.map(itemText) : []),
    ]),
  ])
}

/** A description's final full stop does not reach the model. */
const sentence = (description: unknown): string => textOf(description).replace(/\.$/, '')

function propertiesOf(described: Fields): [string, Fields][] {
  const properties = fieldsOf(fieldsOf(described.parameters).properties)
  return Object.entries(properties).map(([name, property]) => [name, fieldsOf(property)])
}

const itemText = (item: unknown): string => (typeof item === 'string' ? item : JSON.stringify(item))
const functionOf = (tool: Fields): Fields[] => (isFields(tool.function) ? [tool.function] : [])
const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null
