/**
 * Turns what a body states into disjoint leaves: the whole of each side is fixed first, then each part is cut out of
 * what is left of it, so that the leaves of a side always add up to the side, whatever the body says.
 */
import type { Meter } from '../contract/meters.ts'
import { type Ratio, whole } from '../lib/ratio.ts'
import type { Flags } from './read-count.ts'
import { type Inclusion, inclusionOf } from './usage-inclusion.ts'
import type { UsageShape } from './usage-shapes.ts'
import { type Tally, writtenOf } from './usage-tally.ts'

export function leavesOf(shape: UsageShape, tally: Tally, flags: Flags): Map<Meter, Ratio> {
  const outside = inclusionOf(shape, tally, flags)
  const counts = new Map<Meter, Ratio>()
  const put: Put = (meter, count) => {
    if (count !== undefined && count > 0) counts.set(meter, whole(BigInt(count)))
  }
  putInput(shape, tally, outside, flags, put)
  putOutput(tally, outside, flags, put)
  put('web_search', tally.webSearches)
  put('tool_call:search_unit', tally.searchUnits)
  put('images', tally.images)
  put('characters', tally.characters)
  if (tally.audioSeconds && tally.audioSeconds.n > 0n) counts.set('audio_seconds', tally.audioSeconds)
  return counts
}

type Put = (meter: Meter, count: number | undefined) => void

function putInput(shape: UsageShape, tally: Tally, outside: Inclusion, flags: Flags, put: Put): void {
  const cut = createCut(flags)
  const written = writtenOf(tally)
  const side =
    (tally.input ?? 0) +
    (outside.cached ? (tally.cached ?? 0) : 0) +
    (outside.written ? written : 0) +
    (outside.toolInput ? (tally.toolInput ?? 0) : 0)
  const cached = cut(tally.cached, side)
  const writes = cut(written, side - cached)
  putWrites(shape, tally, writes, flags, put)
  putReads(tally, side - writes, cached, cut, put)
}

const MEDIA = [
  { whole: 'inputAudio', part: 'cachedAudio', meter: 'input_audio', cachedMeter: 'cache_read_audio' },
  { whole: 'inputImage', part: 'cachedImage', meter: 'input_image', cachedMeter: 'cache_read_image' },
  { whole: 'inputVideo', part: 'cachedVideo', meter: 'input_video', cachedMeter: undefined },
] as const

/** What was not written to a cache, by modality, and of each what came from a cache. */
function putReads(tally: Tally, side: number, cached: number, cut: Cut, put: Put): void {
  let text = side
  let loose = cached
  const present = MEDIA.filter((medium) => (tally[medium.whole] ?? 0) + (tally[medium.part] ?? 0) > 0)
  const media = present.map((medium) => {
    // Details may be partial: a modality that only the cache's details name has at least as many tokens as they say.
    const whole = cut(tally[medium.whole] ?? Math.min(tally[medium.part] ?? 0, cached), text)
    text -= whole
    return { ...medium, whole, cached: 0 }
  })
  for (const medium of media) {
    medium.cached = cut(tally[medium.part], Math.min(medium.whole, loose))
    loose -= medium.cached
  }
  // Cached tokens that no detail places are text first.
  let textLike = Math.min(text, loose)
  loose -= textLike
  put('input', text - textLike)
  for (const medium of media) {
    const rest = Math.min(medium.whole - medium.cached, loose)
    loose -= rest
    medium.cached += rest
    put(medium.meter, medium.whole - medium.cached)
    if (medium.cachedMeter) put(medium.cachedMeter, medium.cached)
    else textLike += medium.cached
  }
  put('cache_read', textLike)
}

/** A split by lifetime counts where it adds up to the writes; else all are of the vendor's default lifetime. */
function putWrites(shape: UsageShape, tally: Tally, writes: number, flags: Flags, put: Put): void {
  if (shape.writes !== '5m') {
    put('cache_write', writes)
    return
  }
  const { written5m, written1h } = tally
  const addsUp = (written5m ?? 0) + (written1h ?? 0) === writtenOf(tally)
  const isSplit = written5m !== undefined || written1h !== undefined
  if (isSplit && !addsUp) flags.add('usage_inconsistent')
  const hourly = addsUp ? Math.min(written1h ?? 0, writes) : 0
  put('cache_write_5m', writes - hourly)
  put('cache_write_1h', hourly)
}

function putOutput(tally: Tally, outside: Inclusion, flags: Flags, put: Put): void {
  const cut = createCut(flags)
  const onTop = (outside.reasoning ? (tally.reasoning ?? 0) : 0) + (outside.citation ? (tally.citation ?? 0) : 0)
  let rest = (tally.output ?? 0) + onTop
  const take = (meter: Meter, part: number | undefined): void => {
    const taken = cut(part, rest)
    rest -= taken
    put(meter, taken)
  }
  take('output_reasoning', tally.reasoning)
  take('output_citation', tally.citation)
  take('output_audio', tally.outputAudio)
  take('output_image', tally.outputImage)
  take('output_video', tally.outputVideo)
  put('output', rest)
}

/** The part, or what is left of its whole where it claims more. */
type Cut = (part: number | undefined, room: number) => number

const createCut =
  (flags: Flags): Cut =>
  (part = 0, room) => {
    if (part <= room) return part
    flags.add('usage_inconsistent')
    return room
  }
