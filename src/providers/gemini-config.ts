/** The settings of a call, from OpenAI's members to Google's `generationConfig`. */
import { type Ignored, ignoreUnknown } from '../contract/ignored.ts'
import { isThirdGeneration, leastLevel } from './gemini-models.ts'
import { shown } from './gemini-parts.ts'
import { type Fields, fieldsOf, isFields, numberOf, someText } from './json-fields.ts'
import { unsupported } from './unsupported.ts'

export function generationConfigOf(
  body: Fields,
  model: string,
  outputLimit: number | undefined,
  ignored: Ignored,
): Fields {
  const config: Record<string, unknown> = {}
  for (const [member, name] of NUMBERS) if (numberOf(body[member]) !== undefined) config[name] = body[member]
  const limits = [body.max_tokens, body.max_completion_tokens, outputLimit].flatMap((limit) => numberOf(limit) ?? [])
  if (limits.length > 0) config.maxOutputTokens = Math.min(...limits)
  const stops = [body.stop].flat().filter((stop) => someText(stop) !== undefined)
  if (stops.length > 0) config.stopSequences = stops
  if ((numberOf(body.n) ?? 1) > 1) config.candidateCount = body.n
  if (body.logprobs === true) {
    config.responseLogprobs = true
    if (numberOf(body.top_logprobs) !== undefined) config.logprobs = body.top_logprobs
  }
  const thinking = thinkingOf(body, model, ignored)
  return {
    ...config,
    ...(thinking ? { thinkingConfig: thinking } : {}),
    ...responseFormat(body.response_format, ignored),
    ...modalitiesOf(body.modalities),
    ...imageConfig(body.image_config, ignored),
  }
}

const NUMBERS = [
  ['temperature', 'temperature'],
  ['top_p', 'topP'],
  ['top_k', 'topK'],
  ['seed', 'seed'],
  ['presence_penalty', 'presencePenalty'],
  ['frequency_penalty', 'frequencyPenalty'],
] as const

/** Undefined: nothing was asked, and the model does as it does. */
function thinkingOf(body: Fields, model: string, ignored: Ignored): Fields | undefined {
  const { enabled, exclude, effort: own, max_tokens, summary, ...others } = fieldsOf(body.reasoning)
  ignoreUnknown(others, new Set(), ignored, 'reasoning.')
  const effort = someText(own) ?? someText(body.reasoning_effort)
  const budget = numberOf(max_tokens)
  if (summary !== undefined && summary !== null && summary !== 'auto') ignored.add('reasoning.summary')
  if (enabled === false || effort === 'none' || budget === 0) return noThinking(model, ignored)
  const asked = isFields(body.reasoning) || effort !== undefined || body.include_reasoning === true
  if (!asked) return body.include_reasoning === false ? { includeThoughts: false } : undefined
  return {
    ...(budget !== undefined ? { thinkingBudget: budget } : effort === undefined ? {} : ofEffort(effort, model)),
    includeThoughts: exclude !== true && body.include_reasoning !== false,
  }
}

function noThinking(model: string, ignored: Ignored): Fields {
  if (!isThirdGeneration(model)) return { thinkingBudget: 0, includeThoughts: false }
  // It cannot be turned off there: the least is asked for, and the client is told.
  ignored.add('reasoning.effort')
  return { thinkingLevel: leastLevel(model), includeThoughts: false }
}

/** Google's own equivalents, as its endpoint in OpenAI's form has them. */
const EFFORTS: ReadonlyMap<string, { readonly level: string; readonly budget: number }> = new Map([
  ['minimal', { level: 'minimal', budget: 1_024 }],
  ['low', { level: 'low', budget: 1_024 }],
  ['medium', { level: 'medium', budget: 8_192 }],
  ['high', { level: 'high', budget: 24_576 }],
  ['xhigh', { level: 'high', budget: 24_576 }],
  ['max', { level: 'high', budget: 24_576 }],
])

function ofEffort(effort: string, model: string): Fields {
  const known = EFFORTS.get(effort)
  if (!known) throw unsupported('reasoning.effort', `expected one of none, ${[...EFFORTS.keys()].join(', ')}`)
  if (!isThirdGeneration(model)) return { thinkingBudget: known.budget }
  return { thinkingLevel: known.level === 'minimal' ? leastLevel(model) : known.level }
}

function responseFormat(format: unknown, ignored: Ignored): Fields {
  const { type, json_schema: described } = fieldsOf(format)
  if (format === undefined || format === null || type === 'text') return {}
  if (type === 'json_object') return { responseMimeType: 'application/json' }
  if (type !== 'json_schema')
    throw unsupported('response_format.type', `the format ${shown(type)} is not offered by this provider`)
  const { schema, strict } = fieldsOf(described)
  if (strict === false) ignored.add('response_format.json_schema.strict')
  return { responseMimeType: 'application/json', ...(isFields(schema) ? { responseJsonSchema: schema } : {}) }
}

function modalitiesOf(modalities: unknown): Fields {
  if (!Array.isArray(modalities)) return {}
  const wanted = modalities.map((modality: unknown, place) => {
    if (modality === 'text' || modality === 'image') return modality.toUpperCase()
    throw unsupported(`modalities.${place}`, `answers as ${shown(modality)} are not offered by this provider`)
  })
  return wanted.includes('IMAGE') ? { responseModalities: wanted } : {}
}

function imageConfig(image: unknown, ignored: Ignored): Fields {
  if (!isFields(image)) return {}
  const { aspect_ratio, image_size, ...others } = image
  for (const member of Object.keys(others)) ignored.add(`image_config.${member}`)
  const config = {
    ...(someText(aspect_ratio) === undefined ? {} : { aspectRatio: aspect_ratio }),
    ...(someText(image_size) === undefined ? {} : { imageSize: image_size }),
  }
  return Object.keys(config).length > 0 ? { imageConfig: config } : {}
}
