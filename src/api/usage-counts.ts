/** Counts as callers tell them, made into meters: parts taken out of their wholes, and each type of usage with its own. */
import { refuse } from '../contract/errors.ts'
import type { Meter } from '../contract/meters.ts'
import type { Counts } from '../contract/usage.ts'
import { type Ratio, ratio, whole } from '../lib/ratio.ts'

type Name = keyof Counts
type Rule = { readonly needs: readonly (readonly Name[])[]; readonly takes: readonly Name[] }

const INPUT: readonly Name[] = ['inputTokens', 'cachedTokens', 'cacheWriteTokens']
const OUTPUT: readonly Name[] = ['outputTokens', 'reasoningTokens']
const AUDIO: Rule = { needs: [['audioDurationSeconds', 'characters']], takes: ['audioDurationSeconds', 'characters'] }

/** Of each list in `needs` one must be there. */
const RULES: Readonly<Record<string, Rule>> = {
  text: { needs: [['inputTokens'], ['outputTokens']], takes: [...INPUT, ...OUTPUT] },
  embedding: { needs: [['inputTokens']], takes: INPUT },
  audio_stt: AUDIO,
  audio_tts: AUDIO,
  image: { needs: [['images', 'inputTokens', 'outputTokens']], takes: ['images', ...INPUT, ...OUTPUT] },
}

/** Throws `invalid_usage` where a part is larger than its whole, or a count is missing or does not belong to the type. */
export function countsOf(usage: Counts & { usageType?: string | undefined }): ReadonlyMap<Meter, Ratio> {
  const { inputTokens = 0, outputTokens = 0, cachedTokens = 0, cacheWriteTokens = 0, reasoningTokens = 0 } = usage
  checkType(usage)
  if (cachedTokens + cacheWriteTokens > inputTokens)
    throw invalid('cachedTokens', 'cachedTokens and cacheWriteTokens are parts of inputTokens and cannot be more')
  if (reasoningTokens > outputTokens)
    throw invalid('reasoningTokens', 'reasoningTokens are part of outputTokens and cannot be more')
  const tokens: readonly (readonly [Meter, number | undefined])[] = [
    ['input', inputTokens - cachedTokens - cacheWriteTokens],
    ['cache_read', cachedTokens],
    ['cache_write', cacheWriteTokens],
    ['output', outputTokens - reasoningTokens],
    ['output_reasoning', reasoningTokens],
    ['characters', usage.characters],
    ['images', usage.images],
  ]
  const counts = new Map<Meter, Ratio>(tokens.map(([meter, count = 0]) => [meter, whole(BigInt(count))]))
  return counts.set('audio_seconds', ratio(String(usage.audioDurationSeconds ?? 0)))
}

function checkType({ usageType, ...counts }: Parameters<typeof countsOf>[0]): void {
  const rule = usageType === undefined ? undefined : RULES[usageType]
  if (!rule) return
  const missing = rule.needs.find((names) => names.every((name) => counts[name] === undefined))
  if (missing) throw invalid(missing[0] ?? '', `${missing.join(' or ')}: is missing for ${usageType}`)
  // An embedding may say that it had no output.
  const others = [...INPUT, ...OUTPUT, ...AUDIO.takes, 'images' as const].filter(
    (name) => !rule.takes.includes(name) && (counts[name] ?? 0) > 0,
  )
  const [stray] = rule === AUDIO ? tokensIn(counts, others) : others
  if (stray !== undefined) throw invalid(stray, `${stray}: is not counted for ${usageType}`)
}

/** Audio has no tokens, not even none of them. */
const tokensIn = (counts: Counts, others: readonly Name[]): readonly Name[] => [
  ...[...INPUT, ...OUTPUT].filter((name) => counts[name] !== undefined),
  ...others,
]

const invalid = (param: string, message: string) => refuse('invalid_usage', message, { param })
