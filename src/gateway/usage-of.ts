/** What a call used: as the provider reported it, else as we count it ourselves, with the flags of what could not be read. */

import { type Meter, meterDefinition } from '../contract/meters.ts'
import type { UpstreamApi } from '../contract/upstream-api.ts'
import { readUsage } from '../core/read-usage.ts'
import { totalsOf, type Usage, type UsageFlag } from '../core/usage.ts'
import type { UsageReading } from '../core/usage-shapes.ts'
import { assert } from '../lib/assert.ts'
import type { TokenCount } from '../tokens/token-counter.ts'
import type { Admission } from './admit.ts'
import type { Candidate } from './candidates.ts'
import { estimated } from './estimate.ts'
import type { Gateway } from './gateway.ts'
import { soundUsage } from './sound-usage.ts'

type Reported = {
  readonly candidate: Candidate
  /** The provider's own usage object; undefined: it sent none. */
  readonly raw: unknown
  readonly outputReported: OutputReported
  /** Whether any output reached us: usage of zeros is then none. */
  readonly delivered: boolean
  /** Counts what was delivered. */
  readonly count: () => Promise<TokenCount>
}

/** `part`: the stream was cut, and said more after the provider had counted; `none`: it had counted the input alone. */
export type OutputReported = 'all' | 'part' | 'none'

export async function usageOf(
  gateway: Gateway,
  admission: Admission,
  reported: Reported,
): Promise<{ usage: Usage; source: 'reported' | 'estimated' }> {
  const { api, sound } = admission.call
  if (sound)
    return soundUsage(gateway, admission, sound, {
      ...reported,
      stated: readReported(reported, api, reported.delivered),
    })
  const read = (delivered: boolean) => readReported(reported, api, delivered)
  const usage = read(reported.delivered)
  if (usage && reported.outputReported === 'all') return { usage, source: 'reported' }
  const own = await estimated(gateway, admission, reported.count())
  const counted = reported.outputReported === 'part' && usage && totalsOf(usage).output > totalsOf(own).output
  if (usage) return { usage: counted ? usage : withOutputOf(usage, own), source: 'estimated' }
  return { usage: { ...own, flags: read(false)?.flags ?? unreadable(reported.raw) }, source: 'estimated' }
}

/** The input as it was reported, the output as we counted it. */
function withOutputOf({ parts, ...usage }: Usage, own: Usage): Usage {
  const isOutput = (meter: Meter) => meterDefinition(meter).side === 'output'
  const inputs = parts.map((part) => ({
    ...part,
    counts: new Map([...part.counts].filter(([meter]) => !isOutput(meter))),
  }))
  const outputs = own.parts.flatMap(({ counts }) => [...counts].filter(([meter]) => isOutput(meter)))
  const [first = { counts: new Map() }, ...others] = inputs
  return { ...usage, parts: [{ ...first, counts: new Map([...first.counts, ...outputs]) }, ...others] }
}

/** The usage object of a reply or event; some providers state their cost beside it. */
export const statedUsage = ({
  usage,
  cost,
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined =>
  typeof usage !== 'object' || usage === null || Array.isArray(usage)
    ? undefined
    : { ...(cost === undefined ? {} : { cost }), ...usage }

/** A candidate was chosen because its provider offers the API. */
export function readingOf({ endpoint: { provider } }: Candidate, api: UpstreamApi): UsageReading {
  const reading = provider.readingOf(api)
  assert(reading, `${provider.key} offers ${api}`)
  return reading
}

function readReported({ candidate, raw }: Reported, api: UpstreamApi, delivered: boolean): Usage | undefined {
  const { model, upstreamModel } = candidate.endpoint
  return readUsage(readingOf(candidate, api), raw, {
    model: upstreamModel,
    contextLength: model.contextLength,
    delivered,
  })
}

/** An object that states something, yet nothing that a count could be read from. */
const unreadable = (raw: unknown): UsageFlag[] =>
  typeof raw === 'object' && raw !== null && Object.values(raw).some((value) => value !== null) ? ['usage_invalid'] : []
