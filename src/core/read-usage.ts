/**
 * From a provider's usage body to disjoint counts. The same field names mean different things at different providers;
 * the table of shapes knows them, and the total that the body reports decides where replies differ from it.
 */
import { meterDefinition } from '../contract/meters.ts'
import { add, type Ratio } from '../lib/ratio.ts'
import { type Flags, readCost } from './read-count.ts'
import { type Inference, readInferences } from './read-inferences.ts'
import type { Usage, UsagePart } from './usage.ts'
import { leavesOf } from './usage-leaves.ts'
import { type UsageReading, type UsageShape, usageShapes } from './usage-shapes.ts'
import { type Body, createTallyReader, isBody, type TallyReader } from './usage-tally.ts'

type ReadingContext = {
  /** The model that was called. */
  readonly model?: string
  /** Its context window in tokens, where known. */
  readonly contextLength?: number
  /** Whether output reached us: a body of zeros is then no usage. */
  readonly delivered?: boolean
}

/** `undefined`: the body reports no usage at all, which is not the same as a usage of zero. */
export function readUsage(reading: UsageReading, raw: unknown, context: ReadingContext): Usage | undefined {
  if (!isBody(raw)) return undefined
  const shape: UsageShape = usageShapes[reading]
  const flags: Flags = new Set()
  const inferences = readInferences(shape, readers[reading], raw, flags)
  const reportedCost = shape.withoutCost ? undefined : costOf(raw, flags)
  const parts = inferences.map((inference) => partOf(shape, inference, context, flags))
  const states = parts.some(({ counts }) => counts.size > 0) || (reportedCost !== undefined && reportedCost.n > 0n)
  if (!states && (context.delivered === true || parts.length === 0)) return undefined
  for (const part of parts) flagSize(reading, part, parts.length, context, flags)
  const tier = nameAt(raw, 'service_tier') ?? nameAt(raw, 'serviceTier')
  const geo = nameAt(raw, 'inference_geo')
  return {
    parts: parts.length > 0 ? parts : [{ counts: new Map() }],
    flags: [...flags],
    // What was asked for as `auto` says nothing about what was served.
    ...(tier === undefined || tier === 'auto' ? {} : { serviceTier: tier === 'default' ? 'standard' : tier }),
    ...(geo === undefined ? {} : { inferenceGeo: geo }),
    ...(reportedCost ? { reportedCost } : {}),
  }
}

const readers = Object.fromEntries(
  Object.entries(usageShapes).map(([reading, shape]) => [reading, createTallyReader(shape)]),
) as Readonly<Record<UsageReading, TallyReader>>

function partOf(shape: UsageShape, { model, tally }: Inference, context: ReadingContext, flags: Flags): UsagePart {
  const counts = leavesOf(shape, tally, flags)
  return model === undefined || model === context.model ? { counts } : { model, counts }
}

/** xAI counts its bill in ticks of 10^-10 USD. */
const TICKS_PER_USD = 10_000_000_000n

function costOf(body: Body, flags: Flags): Ratio | undefined {
  const ticks = readCost(body.cost_in_usd_ticks, TICKS_PER_USD, flags)
  if (ticks) return ticks
  const cost = readCost(isBody(body.cost) ? body.cost.total_cost : body.cost, 1n, flags)
  // Of a call on its own key an upstream states its fee; the provider's bill comes on top there, and only there.
  if (!cost || body.is_byok !== true || !isBody(body.cost_details)) return cost
  const upstream = readCost(body.cost_details.upstream_inference_cost, 1n, flags)
  return upstream ? add(cost, upstream) : cost
}

/** The lowest input from which Anthropic has ever charged a long-context rate. */
const LOWEST_ANTHROPIC_TIER = 200_000

/** One part without iterations sums up a search loop's inferences: the model has read one more time than it searched. */
function flagSize(reading: UsageReading, part: UsagePart, parts: number, context: ReadingContext, flags: Flags): void {
  const window = part.model === undefined ? context.contextLength : undefined
  if (window === undefined && reading !== 'anthropic') return
  const input = inputOf(part)
  const searches = Number(part.counts.get('web_search')?.n ?? 0n)
  const isLoop = reading === 'anthropic' && parts === 1 && searches > 0
  if (isLoop && input > LOWEST_ANTHROPIC_TIER) flags.add('tier_ambiguous')
  const inferences = isLoop ? searches + 1 : 1
  if (window !== undefined && input > 2 * window * inferences) flags.add('usage_implausible')
}

function inputOf({ counts }: UsagePart): number {
  let input = 0
  for (const [meter, { n }] of counts) if (meterDefinition(meter).side === 'input') input += Number(n)
  return input
}

const NAME = /^[a-z0-9_.-]{1,40}$/

function nameAt(body: Body, member: string): string | undefined {
  const value = body[member]
  const name = typeof value === 'string' ? value.toLowerCase() : ''
  return NAME.test(name) ? name : undefined
}
