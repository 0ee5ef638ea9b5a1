/** What counts would cost by a rate card, without a call: the provider's price, before markup and fees. */
import { refuse } from '../contract/errors.ts'
import type { Meter } from '../contract/meters.ts'
import type { CalculateRequest } from '../contract/models.ts'
import { costByCard } from '../core/card-cost.ts'
import type { RateCard } from '../core/rate-card.ts'
import { decimalText, type Ratio, ratio, whole } from '../lib/ratio.ts'

/** USD as decimal text. Throws `invalid_usage` where a part is larger than its whole, `unpriced_model` where a count has no rate. */
export function estimateCost(request: CalculateRequest, card: RateCard): string {
  const { cost, unpriced } = costByCard({ parts: [{ counts: countsOf(request) }], flags: [] }, card, false)
  if (cost === undefined || unpriced.length > 0)
    throw refuse('unpriced_model', `The model has no price for ${unpriced.join(', ')}`, { param: 'modelId' })
  return decimalText(cost)
}

function countsOf(request: CalculateRequest): ReadonlyMap<Meter, Ratio> {
  const { inputTokens = 0, outputTokens = 0, cachedTokens = 0, cacheWriteTokens = 0, reasoningTokens = 0 } = request
  checkTypes(request)
  if (cachedTokens + cacheWriteTokens > inputTokens)
    throw refuse('invalid_usage', 'cachedTokens and cacheWriteTokens are parts of inputTokens and cannot be more', {
      param: 'cachedTokens',
    })
  if (reasoningTokens > outputTokens)
    throw refuse('invalid_usage', 'reasoningTokens are part of outputTokens and cannot be more', {
      param: 'reasoningTokens',
    })
  const tokens: readonly (readonly [Meter, number | undefined])[] = [
    ['input', inputTokens - cachedTokens - cacheWriteTokens],
    ['cache_read', cachedTokens],
    ['cache_write', cacheWriteTokens],
    ['output', outputTokens - reasoningTokens],
    ['output_reasoning', reasoningTokens],
    ['characters', request.characters],
    ['images', request.images],
  ]
  const counts = new Map<Meter, Ratio>(tokens.map(([meter, count = 0]) => [meter, whole(BigInt(count))]))
  return counts.set('audio_seconds', ratio(String(request.audioDurationSeconds ?? 0)))
}

/** Each type of usage needs its counts and has no others. */
function checkTypes({
  usageType,
  inputTokens,
  outputTokens,
  audioDurationSeconds,
  characters,
}: CalculateRequest): void {
  const missing = (param: string) => refuse('invalid_usage', `${param}: is missing for ${usageType}`, { param })
  const isAudio = usageType === 'audio_stt' || usageType === 'audio_tts'
  if (usageType === 'text' && inputTokens === undefined) throw missing('inputTokens')
  if (usageType === 'text' && outputTokens === undefined) throw missing('outputTokens')
  if (usageType === 'embedding' && inputTokens === undefined) throw missing('inputTokens')
  if (usageType === 'embedding' && (outputTokens ?? 0) > 0)
    throw refuse('invalid_usage', 'outputTokens: an embedding has none', { param: 'outputTokens' })
  if (isAudio && audioDurationSeconds === undefined && characters === undefined) throw missing('audioDurationSeconds')
  if (isAudio && (inputTokens !== undefined || outputTokens !== undefined))
    throw refuse('invalid_usage', 'inputTokens: audio is counted in seconds or characters', { param: 'inputTokens' })
}
