/**
 * Reads a request to Gemini as the chat request that it would be, so that the same models answer it. What Google refuses
 * is refused here too, unknown members first of all: a gateway that sends nonsense is noticed here.
 */
import { type ChatRequest, type JsonObject, listOf, objectOf, readChatRequest } from './chat-request.ts'

export type GeminiCall = { readonly request: ChatRequest; readonly includeThoughts: boolean }

export function readGeminiRequest(
  model: string,
  stream: boolean,
  text: string,
): GeminiCall | { readonly refused: string } {
  const body = parseObject(text)
  if (!body) return { refused: 'Invalid JSON payload received.' }
  const problem = problemOf(body)
  if (problem !== undefined) return { refused: problem }
  const config = objectOf(body.generationConfig) ?? {}
  const request = readChatRequest(JSON.stringify({ model, stream, ...chatOf(body, config) }))
  if ('refused' in request) return { refused: `Invalid value: ${request.refused.param}` }
  return { request, includeThoughts: objectOf(config.thinkingConfig)?.includeThoughts === true }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

const MEMBERS: ReadonlySet<string> = new Set([
  ...['contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'safetySettings', 'cachedContent'],
  'serviceTier',
])
const SETTINGS: ReadonlySet<string> = new Set([
  ...['temperature', 'topP', 'topK', 'seed', 'presencePenalty', 'frequencyPenalty', 'maxOutputTokens'],
  ...['stopSequences', 'candidateCount', 'responseLogprobs', 'logprobs', 'thinkingConfig', 'responseMimeType'],
  ...['responseSchema', 'responseJsonSchema', 'responseModalities', 'imageConfig', 'speechConfig', 'mediaResolution'],
])
const PART_KINDS = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse']

function problemOf(body: JsonObject): string | undefined {
  const unknown =
    Object.keys(body).find((member) => !MEMBERS.has(member)) ??
    Object.keys(objectOf(body.generationConfig) ?? {}).find((member) => !SETTINGS.has(member))
  if (unknown !== undefined) return `Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`
  const contents = listOf(body.contents).map(objectOf)
  if (contents.length === 0) return 'GenerateContentRequest.contents: contents is not specified'
  for (const content of contents) {
    if (content?.role !== 'user' && content?.role !== 'model') return 'Please use a valid role: user, model.'
    const parts = listOf(content.parts).map(objectOf)
    if (parts.length === 0) return 'GenerateContentRequest.contents: parts must not be empty.'
    if (!parts.every((part) => part && PART_KINDS.filter((kind) => kind in part).length === 1))
      return 'GenerateContentRequest.contents: part must have one initialized field'
    if (parts.some((part) => isNameless(part?.functionCall) || isNameless(part?.functionResponse)))
      return 'GenerateContentRequest.contents: Name cannot be empty.'
  }
  return undefined
}

const isNameless = (value: unknown): boolean => value !== undefined && typeof objectOf(value)?.name !== 'string'

function chatOf(body: JsonObject, config: JsonObject): JsonObject {
  const system = objectOf(body.systemInstruction)
  const messages = [
    ...(system ? [{ role: 'system', content: textOf(listOf(system.parts)) }] : []),
    ...listOf(body.contents).flatMap((content) => messagesOf(objectOf(content) ?? {})),
  ]
  const declared = listOf(body.tools).flatMap((tool) => listOf(objectOf(tool)?.functionDeclarations))
  const tools = declared.map((declaration) => ({ type: 'function', function: functionOf(objectOf(declaration) ?? {}) }))
  const choice = choiceOf(objectOf(objectOf(body.toolConfig)?.functionCallingConfig) ?? {})
  return {
    messages,
    ...(tools.length > 0 ? { tools } : {}),
    ...(choice === undefined ? {} : { tool_choice: choice }),
    ...(config.maxOutputTokens === undefined ? {} : { max_tokens: config.maxOutputTokens }),
    ...(config.candidateCount === undefined ? {} : { n: config.candidateCount }),
    ...(config.stopSequences === undefined ? {} : { stop: config.stopSequences }),
    ...(body.serviceTier === undefined ? {} : { service_tier: body.serviceTier }),
    ...formatOf(config),
  }
}

const functionOf = ({ name, description, parameters, parametersJsonSchema }: JsonObject) => ({
  name,
  description,
  parameters: parametersJsonSchema ?? parameters,
})

function choiceOf({ mode, allowedFunctionNames }: JsonObject): unknown {
  if (mode !== 'ANY') return undefined
  const [name] = listOf(allowedFunctionNames)
  return name === undefined ? 'required' : { type: 'function', function: { name } }
}

function formatOf({ responseMimeType, responseSchema, responseJsonSchema }: JsonObject): JsonObject {
  if (responseMimeType !== 'application/json') return {}
  const schema = responseJsonSchema ?? responseSchema
  const type = schema === undefined ? { type: 'json_object' } : { type: 'json_schema', json_schema: { schema } }
  return { response_format: type }
}

function messagesOf({ role, parts }: JsonObject): JsonObject[] {
  const all = listOf(parts).map((part) => objectOf(part) ?? {})
  const results = all.flatMap(({ functionResponse }) => {
    const result = objectOf(functionResponse)
    return result ? [{ role: 'tool', tool_call_id: result.name, content: resultText(result) }] : []
  })
  const calls = all.flatMap(({ functionCall }) => {
    const call = objectOf(functionCall)
    const made = { name: call?.name, arguments: JSON.stringify(call?.args ?? {}) }
    return call ? [{ id: call.name, type: 'function', function: made }] : []
  })
  const said = all.filter((part) => part.functionCall === undefined && part.functionResponse === undefined)
  if (said.length === 0 && calls.length === 0) return results
  const content = said.length > 0 ? textOf(said) : null
  const message = { role: role === 'model' ? 'assistant' : 'user', content }
  return [...results, calls.length > 0 ? { ...message, tool_calls: calls } : message]
}

function resultText({ response }: JsonObject): string {
  const output = objectOf(response)?.output
  return typeof output === 'string' ? output : JSON.stringify(response ?? {})
}

const textOf = (parts: readonly unknown[]): string =>
  parts
    .map((part) => objectOf(part)?.text)
    .filter((text) => typeof text === 'string')
    .join('\n')
