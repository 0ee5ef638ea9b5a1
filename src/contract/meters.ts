/**
 * Meters are disjoint leaves: a token is counted in exactly one. Totals are sums of leaves and are never stored as truth.
 * A new kind of token is one more row here, and no `if` anywhere.
 */
type MeterDefinition = {
  readonly side: 'input' | 'output' | 'other'
  readonly unit: 'token' | 'second' | 'character' | 'image' | 'page' | 'call' | 'usd'
  /** Where a leaf without a line of its own takes its rate from, in order of preference. */
  readonly parents: readonly string[]
  /** Vendors price these like their parent, so that the fall-back needs no flag. */
  readonly silentFallback?: true
}

export const meters = {
  input: { side: 'input', unit: 'token', parents: [] },
  input_audio: { side: 'input', unit: 'token', parents: ['input'] },
  input_image: { side: 'input', unit: 'token', parents: ['input'], silentFallback: true },
  input_video: { side: 'input', unit: 'token', parents: ['input'], silentFallback: true },
  cache_read: { side: 'input', unit: 'token', parents: ['input'] },
  cache_read_audio: { side: 'input', unit: 'token', parents: ['cache_read', 'input'] },
  cache_read_image: { side: 'input', unit: 'token', parents: ['cache_read', 'input'], silentFallback: true },
  cache_write: { side: 'input', unit: 'token', parents: ['cache_write_5m', 'input'] },
  cache_write_5m: { side: 'input', unit: 'token', parents: ['cache_write', 'input'] },
  cache_write_1h: { side: 'input', unit: 'token', parents: ['cache_write_5m', 'cache_write', 'input'] },
  output: { side: 'output', unit: 'token', parents: [] },
  output_reasoning: { side: 'output', unit: 'token', parents: ['output'], silentFallback: true },
  output_audio: { side: 'output', unit: 'token', parents: ['output'] },
  output_image: { side: 'output', unit: 'token', parents: ['output'] },
  output_video: { side: 'output', unit: 'token', parents: ['output'] },
  output_citation: { side: 'output', unit: 'token', parents: ['output'] },
  request: { side: 'other', unit: 'call', parents: [] },
  web_search: { side: 'other', unit: 'call', parents: [] },
  audio_seconds: { side: 'other', unit: 'second', parents: [] },
  video_seconds: { side: 'other', unit: 'second', parents: [] },
  characters: { side: 'other', unit: 'character', parents: [] },
  pages: { side: 'other', unit: 'page', parents: [] },
  images: { side: 'other', unit: 'image', parents: [] },
  provider_reported: { side: 'other', unit: 'usd', parents: [] },
} as const satisfies Record<string, MeterDefinition>

export type NamedMeter = keyof typeof meters
/** `tool_call:<name>` counts the calls of one server tool. */
export type Meter = NamedMeter | `tool_call:${string}`
/** Lines that exist on the charge alone. */
export type ChargeMeter = Meter | 'routing_fee' | 'byok_fee'

const TOOL_CALL: MeterDefinition = { side: 'other', unit: 'call', parents: [] }

export const meterDefinition = (meter: Meter): MeterDefinition =>
  (meters as Partial<Record<string, MeterDefinition>>)[meter] ?? TOOL_CALL

export const isMeter = (name: string): name is Meter =>
  Object.hasOwn(meters, name) || /^tool_call:[a-z0-9_.-]{1,64}$/.test(name)

/** The order of line items in records and replies, and of ties when a total is apportioned. */
export const METER_ORDER: readonly NamedMeter[] = Object.keys(meters) as NamedMeter[]
