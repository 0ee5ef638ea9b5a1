/** Embeddings: for the same text the same numbers, as floats or, when asked, in base64. */
import { hash } from 'node:crypto'
import type { Counters } from './answer.ts'
import { behaviourOf } from './behaviours.ts'
import { listOf, NO_JSON, parseObject } from './chat-request.ts'
import { errorReply, jsonReply, type Reply } from './reply.ts'

const DIMENSIONS = 256
const MOST_DIMENSIONS = 4_096

export async function embeddingsReply(text: string, { countTokens }: Counters): Promise<Reply> {
  const body = parseObject(text)
  if (!body) return errorReply(400, NO_JSON.refused)
  const { model, input, encoding_format, dimensions } = body
  if (typeof model !== 'string' || model === '') return errorReply(400, { message: "Invalid 'model'", param: 'model' })
  const inputs = typeof input === 'string' || typeof listOf(input)[0] === 'number' ? [input] : listOf(input)
  if (inputs.length === 0) return errorReply(400, { message: "Invalid 'input'", param: 'input' })
  const { behaviour, number } = behaviourOf(model)
  if (behaviour.instead) return behaviour.instead(number)
  const size =
    typeof dimensions === 'number' ? Math.min(MOST_DIMENSIONS, Math.max(1, Math.floor(dimensions))) : DIMENSIONS
  const data = inputs.map((each, index) => {
    const numbers = vectorOf(JSON.stringify(each), size)
    const embedding = encoding_format === 'base64' ? base64Of(numbers) : numbers
    return { object: 'embedding', index, embedding }
  })
  const counts = await Promise.all(
    inputs.map((each) => (Array.isArray(each) ? each.length : countTokens(String(each)))),
  )
  const tokens = counts.reduce((sum, count) => sum + count, 0)
  return jsonReply(200, { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } })
}

/** Numbers from -1 to 1 that a float of 32 bits holds exactly. */
function vectorOf(text: string, size: number): number[] {
  const numbers: number[] = []
  for (let block = 0; numbers.length < size; block++) {
    const bytes = hash('sha512', `${block}:${text}`, 'buffer')
    for (let at = 0; at < bytes.length && numbers.length < size; at += 2) numbers.push(bytes.readInt16LE(at) / 32_768)
  }
  return numbers
}

const base64Of = (numbers: readonly number[]): string =>
  Buffer.from(new Float32Array(numbers).buffer).toString('base64')
