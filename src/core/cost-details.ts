/**
 * A priced call as records and clients show it: lines in nano-dollars, the nine parts of the charge, OpenRouter's parts
 * of the cost. Whatever is split here sums to the total that it was split from.
 */
import { type ChargeMeter, meterDefinition } from '../contract/meters.ts'
import { roundToNanos } from '../lib/money.ts'
import {
  add,
  apportion,
  decimalText,
  exactText,
  multiply,
  type Ratio,
  roundHalfEven,
  scaledText,
  sum,
  whole,
  ZERO,
} from '../lib/ratio.ts'
import type { Priced, PricedItem } from './price.ts'

/** What a usage record keeps of one line: enough to compute the charge again from itself alone. */
export type RecordLine = {
  readonly meter: ChargeMeter
  readonly pricedBy: ChargeMeter
  readonly model?: string
  /** Decimal text, or `n/d` where it does not end. */
  readonly quantity: string
  readonly price: string
  readonly per: number
  readonly factor?: string
  readonly costNanos: bigint
  readonly chargeNanos: bigint
}

/** The lines in nanos, by largest remainder: both columns sum exactly to the record's rounded totals. Empty where unpriced. */
export function recordLines({ items, costNanos, chargeNanos }: Priced): RecordLine[] {
  if (chargeNanos === undefined) return []
  const inNanos = (amounts: readonly Ratio[], total: bigint) => apportion(amounts.map(nanos), total)
  const exactCosts = items.map(({ cost }) => cost)
  // A cost that is unknown for being implausible still says by its lines what was reckoned.
  const costs = inNanos(exactCosts, costNanos ?? roundToNanos(sum(exactCosts)))
  const charges = inNanos(
    items.map(({ charge }) => charge),
    chargeNanos,
  )
  return items.map(({ meter, pricedBy, model, quantity, price, per, factor }, index) => ({
    meter,
    pricedBy,
    ...(model === undefined ? {} : { model }),
    quantity: exactText(quantity),
    price,
    per,
    ...(factor === undefined ? {} : { factor }),
    costNanos: costs[index] ?? 0n,
    chargeNanos: charges[index] ?? 0n,
  }))
}

const NINE = [
  'input_prompt_cost',
  'cache_prompt_cost',
  'cache_write_cost',
  'output_prompt_cost',
  'image_cost',
  'audio_cost',
  'video_cost',
  'tools_cost',
  'generation_cost',
] as const
type CostName = (typeof NINE)[number]

/** Decimal text by name. */
export type CostDetails = Readonly<Record<CostName, string>>

type KeptLine = Omit<RecordLine, 'chargeNanos'> & Partial<Pick<RecordLine, 'chargeNanos'>>

/** As a record keeps them for years: a charge that is the cost, and a meter that is priced by itself, go without saying. */
export const linesText = (lines: readonly KeptLine[]): string =>
  JSON.stringify(
    lines.map(({ pricedBy, chargeNanos, costNanos, ...line }) => ({
      ...line,
      ...(pricedBy === line.meter ? {} : { pricedBy }),
      costNanos: String(costNanos),
      ...(chargeNanos === undefined || chargeNanos === costNanos ? {} : { chargeNanos: String(chargeNanos) }),
    })),
  )

/** The nine parts of the charge, zeros included, which add up to {@link decimalOf} of it digit by digit. `undefined`: unknown. */
export function costDetails({ items, charge }: Priced): CostDetails | undefined {
  if (charge === undefined) return undefined
  const parts = NINE.map(() => ZERO)
  for (const item of items) {
    const index = NINE.indexOf(costName(item.pricedBy))
    parts[index] = add(parts[index] ?? ZERO, item.charge)
  }
  const texts = decimalParts(parts)
  const details: Partial<Record<CostName, string>> = {}
  for (const [index, name] of NINE.entries()) details[name] = texts[index] ?? '0'
  return details as CostDetails
}

export type OpenrouterCostDetails = {
  /** Given for BYOK calls alone: the upstream bill, which is the sum of the parts below. */
  readonly upstreamInferenceCost: string | null
  readonly promptCost: string
  readonly completionsCost: string
  /** Given where a server tool was billed. */
  readonly serverToolCost?: string
}

/** The cost at the rate card, before discount, markup and fees. `undefined`: unknown. */
export function openrouterCostDetails({ items, cost }: Priced, byok: boolean): OpenrouterCostDetails | undefined {
  if (cost === undefined) return undefined
  const sides = ['prompt', 'completions', 'tools'] as const
  const parts = sides.map((side) => total(items, (item) => upstreamSide(item.meter) === side, 'cost'))
  const [promptCost = '0', completionsCost = '0', serverToolCost = '0'] = decimalParts(parts)
  return {
    upstreamInferenceCost: byok ? decimalOf(cost) : null,
    promptCost,
    completionsCost,
    ...(serverToolCost === '0' ? {} : { serverToolCost }),
  }
}

const PLACES = 15
const SCALE = whole(10n ** BigInt(PLACES))

/** An exact amount of USD as a reply states it: what does not end within 15 decimals is rounded there, half to even. */
export const decimalOf = (amount: Ratio): string => decimalText(amount, PLACES)

const nanos = ({ n, d }: Ratio): Ratio => ({ n: n * 1_000_000_000n, d })

function decimalParts(parts: readonly Ratio[]): string[] {
  const scaled = parts.map((part) => multiply(part, SCALE))
  return apportion(scaled, roundHalfEven(sum(scaled))).map((part) => scaledText(part, PLACES))
}

function total(items: readonly PricedItem[], belongs: (item: PricedItem) => boolean, column: 'cost' | 'charge'): Ratio {
  let result = ZERO
  for (const item of items) if (belongs(item)) result = add(result, item[column])
  return result
}

const NAMES: Readonly<Partial<Record<ChargeMeter, CostName>>> = {
  input: 'input_prompt_cost',
  output: 'output_prompt_cost',
  output_reasoning: 'output_prompt_cost',
  output_citation: 'output_prompt_cost',
  input_image: 'image_cost',
  output_image: 'image_cost',
  images: 'image_cost',
  input_audio: 'audio_cost',
  output_audio: 'audio_cost',
  audio_seconds: 'audio_cost',
  characters: 'audio_cost',
  input_video: 'video_cost',
  output_video: 'video_cost',
  video_seconds: 'video_cost',
  web_search: 'tools_cost',
}

/** Goes by the line that priced it: an image token at the input rate is input. */
function costName(pricedBy: ChargeMeter): CostName {
  if (pricedBy.startsWith('cache_read')) return 'cache_prompt_cost'
  if (pricedBy.startsWith('cache_write')) return 'cache_write_cost'
  return NAMES[pricedBy] ?? (pricedBy.startsWith('tool_call:') ? 'tools_cost' : 'generation_cost')
}

/** OpenRouter knows two sides and tools; what is made counts as completion, all that is handed in as prompt. */
function upstreamSide(meter: ChargeMeter): 'prompt' | 'completions' | 'tools' {
  if (meter === 'web_search' || meter.startsWith('tool_call:')) return 'tools'
  if (meter === 'routing_fee' || meter === 'byok_fee') return 'prompt'
  const { side } = meterDefinition(meter as Exclude<ChargeMeter, 'routing_fee' | 'byok_fee'>)
  if (side === 'output' || meter === 'images' || meter === 'video_seconds') return 'completions'
  return 'prompt'
}
