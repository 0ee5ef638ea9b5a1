/**
 * What a call of sound used. The rate card decides what is counted: characters are known from the request, seconds and
 * tokens are the provider's to report. What it does not report is reckoned from the sound itself, and marked so.
 */
import type { Meter } from '../contract/meters.ts'
import { meterDefinition } from '../contract/meters.ts'
import type { Counts, Usage, UsageFlag } from '../core/usage.ts'
import { compare, multiply, type Ratio, whole } from '../lib/ratio.ts'
import type { TokenCount } from '../tokens/token-counter.ts'
import type { Admission } from './admit.ts'
import type { Candidate } from './candidates.ts'
import { countPrompt } from './estimate.ts'
import type { Gateway } from './gateway.ts'
import { heardTokens, type Recording, type Sound, unitOf } from './sound.ts'

type Heard = {
  readonly candidate: Candidate
  /** As the provider reported it. */
  readonly stated: Usage | undefined
  /** Tokens of what was delivered. */
  readonly count: () => Promise<TokenCount>
}

export type SoundUsage = { readonly usage: Usage; readonly source: 'reported' | 'estimated' }

export async function soundUsage(
  gateway: Gateway,
  admission: Admission,
  sound: Sound,
  heard: Heard,
): Promise<SoundUsage> {
  const { stated } = heard
  const priced = new Set<Meter>(heard.candidate.card?.lines.map(({ meter }) => meter))
  const unit = unitOf(sound)
  const byTokens = stated && countsOf(stated, isToken)
  if (byTokens && byTokens.size > 0 && !priced.has(unit))
    return {
      usage: plausible(sound, { ...stated, parts: [{ counts: voiced(sound, byTokens, priced) }] }),
      source: 'reported',
    }
  const inTokens = priced.has('input') || priced.has('output')
  if (inTokens && !priced.has(unit)) return estimatedTokens(gateway, admission, sound, heard, priced)
  return sound.kind === 'speech'
    ? { usage: withCounts(stated, [['characters', whole(BigInt(sound.characters))]]), source: 'reported' }
    : secondsOf(sound, stated)
}

function secondsOf(recording: Recording, stated: Usage | undefined): SoundUsage {
  const reported = stated && countsOf(stated, (meter) => meter === 'audio_seconds').get('audio_seconds')
  const seconds = reported ?? recording.length.seconds
  const usage = withCounts(stated, [['audio_seconds', seconds]])
  return { usage: plausible(recording, usage), source: reported ? 'reported' : 'estimated' }
}

const isToken = (meter: Meter): boolean => meterDefinition(meter).unit === 'token'

function countsOf({ parts }: Usage, belongs: (meter: Meter) => boolean): Map<Meter, Ratio> {
  return new Map(parts.flatMap(({ counts }) => [...counts].filter(([meter]) => belongs(meter))))
}

const withCounts = (stated: Usage | undefined, counts: Iterable<readonly [Meter, Ratio]>): Usage => ({
  flags: [],
  ...stated,
  parts: [{ counts: new Map(counts) }],
})

/** All that comes out of a voice is audio, whether the provider says so or only counts it; the card has one word for it. */
function voiced({ kind }: Sound, counts: ReadonlyMap<Meter, Ratio>, priced: ReadonlySet<Meter>): Counts {
  const output = counts.get('output')
  if (kind !== 'speech' || !output || !priced.has('output_audio')) return counts
  const rest = [...counts].filter(([meter]) => meter !== 'output')
  return new Map([...rest, ['output_audio', output]])
}

/** A provider that heard twice as much as the file can hold has miscounted, and is not believed beyond the quote. */
function plausible(sound: Sound, usage: Usage): Usage {
  if (sound.kind === 'speech') return usage
  const seconds = countsOf(usage, (meter) => meter === 'audio_seconds').get('audio_seconds')
  const most = multiply(sound.length.mostSeconds, whole(2n))
  if (!seconds || compare(seconds, most) <= 0) return usage
  const flags: readonly UsageFlag[] = [...new Set<UsageFlag>([...usage.flags, 'usage_implausible'])]
  return { ...usage, flags }
}

/** Input counted, output as it was delivered, neither above what was quoted. */
async function estimatedTokens(
  { tokens }: Gateway,
  { call, inputBound, outputLimit }: Admission,
  sound: Sound,
  { stated, count }: Heard,
  priced: ReadonlySet<Meter>,
): Promise<SoundUsage> {
  const [prompt, delivered] = await Promise.all([countPrompt(tokens, call), count()])
  const seconds =
    sound.kind === 'recording' ? secondsOf(sound, stated).usage.parts[0]?.counts.get('audio_seconds') : undefined
  const words = Math.min(prompt.tokens, inputBound)
  const heard = Math.min(seconds ? heardTokens(seconds) : 0, inputBound - words)
  const counts: (readonly [Meter, number])[] = [
    ['input', words],
    [priced.has('input_audio') ? 'input_audio' : 'input', heard],
    ['output', Math.min(delivered.tokens, outputLimit)],
  ]
  const summed = new Map<Meter, Ratio>()
  for (const [meter, count] of counts)
    if (count > 0) summed.set(meter, { n: (summed.get(meter)?.n ?? 0n) + BigInt(count), d: 1n })
  return { usage: withCounts(stated && { ...stated, parts: [] }, voiced(sound, summed, priced)), source: 'estimated' }
}
