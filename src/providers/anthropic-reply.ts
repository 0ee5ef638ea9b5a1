/** A whole message of Anthropic's wire as a chat completion. The usage block goes along as it came. */
import { annotation, explanationOf, finishReason, hiddenThought, thought } from './anthropic-words.ts'
import { type Fields, isFields, listOf, memberText, parse, parseFields, textOf } from './json-fields.ts'

export type ReadingAs = {
  readonly answerTool: string | undefined
  readonly hidesReasoning: boolean
  /** The client speaks the same wire: what the provider said goes along as it came. */
  readonly native: boolean
}

/** Undefined: the body is no message. */
export function completionOf(body: string, as: ReadingAs): { body: string; parsed: Fields } | undefined {
  const message = parseFields(body)
  if (!message || message.type === 'error' || !Array.isArray(message.content)) return undefined
  const { stop_reason: stop } = message
  const content = readContent(listOf(message.content), as)
  const choice = {
    index: 0,
    message: messageOf(content, message, as),
    logprobs: null,
    finish_reason: typeof stop === 'string' ? finishReason(stop, content.isAnsweredByTool) : null,
    native_finish_reason: typeof stop === 'string' ? stop : null,
  }
  const usageText = memberText(body, 'usage')
  // Counts are read from doubles, however many digits they have.
  const usage = usageText === undefined ? undefined : parse(usageText)
  const tier = isFields(usage) && typeof usage.service_tier === 'string' ? { service_tier: usage.service_tier } : {}
  const completion = {
    id: message.id,
    object: 'chat.completion',
    created: 0,
    model: message.model,
    choices: [choice],
    ...tier,
  }
  const text = JSON.stringify(completion)
  const own = as.native ? `,"native":${body}` : ''
  return {
    body: `${text.slice(0, -1)}${usageText === undefined ? '' : `,"usage":${usageText}`}${own}}`,
    parsed: usage === undefined ? completion : { ...completion, usage },
  }
}

type Content = {
  text: string
  reasoning: string
  isAnsweredByTool: boolean
  readonly details: Fields[]
  readonly calls: Fields[]
  readonly annotations: Fields[]
}

function readContent(blocks: readonly Fields[], { answerTool }: ReadingAs): Content {
  const content: Content = { text: '', reasoning: '', isAnsweredByTool: false, details: [], calls: [], annotations: [] }
  for (const block of blocks) readBlock(block, content, answerTool)
  return content
}

/** What server tools did, and blocks that are not known, have no place in a chat completion; usage counts them. */
function readBlock(block: Fields, content: Content, answerTool: string | undefined): void {
  const { details, calls, annotations } = content
  if (block.type === 'text') {
    const start = content.text.length
    content.text += textOf(block.text)
    for (const citation of listOf(block.citations)) annotations.push(annotation(citation, start, content.text.length))
  } else if (block.type === 'thinking') {
    content.reasoning += textOf(block.thinking)
    details.push(thought(details.length, { text: textOf(block.thinking), signature: textOf(block.signature) }))
  } else if (block.type === 'redacted_thinking') {
    details.push(hiddenThought(details.length, block.data))
  } else if (block.type === 'tool_use') {
    const text = JSON.stringify(block.input ?? {})
    if (block.name !== answerTool)
      calls.push({ id: textOf(block.id), type: 'function', function: { name: textOf(block.name), arguments: text } })
    else {
      content.isAnsweredByTool = true
      content.text += text
    }
  }
}

function messageOf(content: Content, { stop_details }: Fields, { hidesReasoning }: ReadingAs): Fields {
  const { text, reasoning, details, calls, annotations } = content
  const thoughts = { reasoning: reasoning === '' ? null : reasoning, reasoning_details: details }
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: explanationOf(stop_details),
    ...(details.length > 0 && !hidesReasoning ? thoughts : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(annotations.length > 0 ? { annotations } : {}),
  }
}
