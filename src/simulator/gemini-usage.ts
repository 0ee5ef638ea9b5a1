/**
 * `usageMetadata` out of a usage block in OpenAI's form, told as rightly or wrongly as that is. Counts stay texts, since
 * some of the wrong ones are beyond what `JSON.stringify` writes. Thoughts are beside the candidates here, not inside.
 */
import { topLevelMembers } from '../lib/json-scan.ts'
import { type JsonObject, objectOf } from './chat-request.ts'

export function geminiUsage(block: string): string {
  const texts = new Map(
    (topLevelMembers(block) ?? []).map(({ key, valueStart, valueEnd }) => [key, block.slice(valueStart, valueEnd)]),
  )
  const details = (key: string): JsonObject => objectOf(JSON.parse(texts.get(key) ?? '{}')) ?? {}
  const input = details('prompt_tokens_details')
  const output = details('completion_tokens_details')
  const [prompt, completion, total] = ['prompt_tokens', 'completion_tokens', 'total_tokens'].map((key) =>
    texts.get(key),
  )
  const thoughts = Number(output.reasoning_tokens ?? 0)
  // Where the block has its reasoning outside, the total says so.
  const outside = Number(prompt) + Number(completion) + thoughts === Number(total)
  const candidates =
    thoughts === 0 || outside || thoughts > Number(completion) ? completion : String(Number(completion) - thoughts)
  const counts: [name: string, text: string | undefined][] = [
    ['promptTokenCount', prompt],
    ['cachedContentTokenCount', countText(input.cached_tokens)],
    ['candidatesTokenCount', candidates],
    ['thoughtsTokenCount', thoughts === 0 ? undefined : String(thoughts)],
    ['totalTokenCount', total],
    ['promptTokensDetails', modality(input.audio_tokens)],
    ['candidatesTokensDetails', modality(output.audio_tokens)],
  ]
  return `{${counts.flatMap(([name, text]) => (text === undefined ? [] : [`"${name}":${text}`])).join(',')}}`
}

const countText = (count: unknown): string | undefined =>
  typeof count === 'number' && count !== 0 ? String(count) : undefined

const modality = (audio: unknown): string | undefined =>
  countText(audio) === undefined ? undefined : `[{"modality":"AUDIO","tokenCount":${audio}}]`
