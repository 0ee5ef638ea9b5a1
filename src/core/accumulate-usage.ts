/**
 * The usage of a stream, from what its events report one after the other. No provider's counts are ever added up over
 * a single answer: they are cumulative or final, and the last one said is true.
 */
import { type UsageReading, usageShapes } from './usage-shapes.ts'
import { type Body, isBody, topMembers } from './usage-tally.ts'

export type UsageAccumulator = {
  /** Takes a whole event or the usage out of it; events without usage change nothing. */
  add(eventUsage: unknown): void
  /** The usage as an unstreamed reply would have reported it; `undefined` before any came. */
  raw(): unknown
  /** Whether the provider has counted the output: a stream may report its input first and be cut before the rest. */
  outputReported(): boolean
}

export function createUsageAccumulator(reading: UsageReading): UsageAccumulator {
  const members = topMembers(usageShapes[reading]).difference(new Set([INVOCATION_METRICS]))
  const combine = COMBINE[reading] ?? replace
  let usage: Body | undefined
  let outputReported = false
  return {
    add: (event) => {
      if (!isBody(event)) return
      const metrics = event[INVOCATION_METRICS]
      const found = findUsage(event, members) ?? (isBody(metrics) ? {} : undefined)
      if (!found || (usage && combine === replace && isBlank(found))) return
      const isFirst = reading === 'anthropic' && isBody(event.message)
      if (usage) usage = withoutMark(usage)
      // The output count of the opening event is a placeholder, void as soon as a real one may have come.
      if (!isFirst && !outputReported && usage) usage = withoutOutput(usage)
      usage = combine(usage ?? {}, isBody(metrics) ? { ...found, [INVOCATION_METRICS]: metrics } : found)
      outputReported = tellsOutput(found) && (outputReported || !isFirst)
    },
    raw: () => usage,
    outputReported: () => outputReported,
  }
}

/** What a wire writes into a usage that counts the prompt of an answer, and none of its output. */
export const PROMPT_ALONE = 'countsPromptAlone'

/** Whether a usage, as its wire hands it on, counts the output too. */
export const tellsOutput = (usage: Body | undefined): boolean => usage?.[PROMPT_ALONE] !== true

const withoutMark = ({ [PROMPT_ALONE]: _mark, ...usage }: Body): Body => usage

type Combine = (before: Body, next: Body) => Body

const replace: Combine = (_before, next) => next

/** Some say zeros or nothing after they have told the counts. */
const isBlank = (value: unknown): boolean =>
  value === null || value === 0 || (isBody(value) && Object.values(value).every(isBlank))

const COMBINE: { readonly [reading in UsageReading]?: Combine } = {
  anthropic: (before, next) => merge(before, next, last),
  gemini: (before, next) => merge(before, next, last),
  // One connection gives several answers, each with a usage of its own: these are added up.
  'openai-modality': (before, next) => merge(before, next, sum),
}

/** Amazon puts its own counts beside the vendor's last event. */
const INVOCATION_METRICS = 'amazon-bedrock-invocationMetrics'

/** Where events carry usage. */
const WRAPPERS: readonly (readonly string[])[] = [
  ['usage'],
  ['usageMetadata'],
  ['message', 'usage'],
  ['response', 'usage'],
  ['x_groq', 'usage'],
  ['metadata', 'usage'],
  ['delta', 'usage'],
  ['interaction', 'usage'],
  // Moonshot's streams.
  ['choices', '0', 'usage'],
]

function findUsage(event: Body, members: ReadonlySet<string>): Body | undefined {
  for (const path of WRAPPERS) {
    const found = path.reduce<unknown>(memberOf, event)
    if (isBody(found)) return found
  }
  for (const member of members) if (event[member] !== undefined && event[member] !== null) return event
  return undefined
}

const memberOf = (value: unknown, member: string): unknown =>
  Array.isArray(value) ? value[Number(member)] : isBody(value) ? value[member] : undefined

/** An object of usage has some twenty members; what an upstream invents beyond this many is not kept. */
const MAX_MEMBERS = 100
const MAX_DEPTH = 4

function merge(before: Body, next: Body, leaf: (before: unknown, next: unknown) => unknown, depth = 0): Body {
  const merged = new Map(Object.entries(before))
  for (const [member, value] of Object.entries(next)) {
    const old = merged.get(member)
    if (value === null && old !== undefined) continue
    if (merged.size >= MAX_MEMBERS && old === undefined) continue
    const nested = isBody(value) && isBody(old) && depth < MAX_DEPTH
    merged.set(member, nested ? merge(old, value, leaf, depth + 1) : leaf(old, value))
  }
  return Object.fromEntries(merged)
}

const last = (_before: unknown, next: unknown): unknown => next
const sum = (before: unknown, next: unknown): unknown =>
  typeof before === 'number' && typeof next === 'number' ? before + next : next

function withoutOutput(usage: Body): Body {
  const { output_tokens: _tokens, output_tokens_details: _details, ...rest } = usage
  return rest
}
