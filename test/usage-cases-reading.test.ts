import { describe, expect, test } from 'vitest'
import { isMeter, type Meter, meterDefinition } from '../src/contract/meters.ts'
import { createUsageAccumulator } from '../src/core/accumulate-usage.ts'
import { readUsage } from '../src/core/read-usage.ts'
import { totalsOf, type Usage, type UsagePart } from '../src/core/usage.ts'
import { readingFor } from '../src/core/usage-reading-for.ts'
import { type UsageCase, usageCases } from './usage-cases.ts'

describe('every worked example reads as its leaves', () => {
  test.each(usageCases.map((example) => [example.id, example] as const))('%s', (_id, example) => {
    const usage = read(example)
    const totals = totalsOf(usage)
    expect({ input_total: totals.input, output_total: totals.output }).toEqual({
      input_total: example.expected_tokens.input_total,
      output_total: example.expected_tokens.output_total,
    })
    const priced = Object.keys(example.price_per_mtok)
    if (priced.length > 0) {
      expect(tokenLeaves(usage.parts, priced)).toEqual(withoutZeros(example.expected_tokens.leaves))
    }
    for (const part of example.expected_parts ?? []) {
      const parts = usage.parts.filter(({ model }) => (model ?? example.model) === part.model)
      expect(tokenLeaves(parts, Object.keys(part.price_per_mtok))).toEqual(withoutZeros(part.leaves))
    }
  })
})

describe('what is counted beside tokens is read, too', () => {
  const counted = usageCases.flatMap((example) =>
    (example.price_other ?? [])
      // Fees are the gateway's and the rate card's, no provider counts them.
      .filter(({ meter }) => meter !== 'routing_fee' && meter !== 'request')
      .map(({ meter, count }) => [example.id, meter, count, example] as const),
  )
  test.each(counted)('%s: %s', (_id, meter, count, example) => {
    expect(isMeter(meter)).toBe(true)
    const { n, d } = read(example).parts[0]?.counts.get(meter as Meter) ?? { n: 0n, d: 1n }
    expect(Number(n) / Number(d)).toBe(Number(count))
  })
})

describe('a stream accumulates to what the plain reply reports', () => {
  const streamed = usageCases.filter(({ raw_stream }) => raw_stream !== undefined)
  test.each(streamed.map((example) => [example.id, example] as const))('%s', (_id, example) => {
    const accumulator = createUsageAccumulator(readingFor(example.provider, example.api))
    for (const event of example.raw_stream ?? []) accumulator.add(event)
    expect(accumulator.raw()).toEqual(example.raw)
    expect(accumulator.outputReported()).toBe(true)
  })
})

test('only the examples that contradict themselves are flagged', () => {
  const flagged = usageCases.map((example) => [example.id, read(example).flags] as const)
  expect(Object.fromEntries(flagged.filter(([, flags]) => flags.length > 0))).toEqual({
    'anthropic-websearch-long-real': ['tier_ambiguous'],
    'compat-reasoning-exceeds': ['usage_inconsistent'],
  })
})

function read(example: UsageCase): Usage {
  const usage = readUsage(readingFor(example.provider, example.api), example.raw, { model: example.model })
  if (!usage) throw new Error(`no usage in ${example.id}`)
  return usage
}

/** Token counts by meter, each leaf that has no price folded into its nearest ancestor that has one. */
function tokenLeaves(parts: readonly UsagePart[], priced: readonly string[]): Record<string, number> {
  const leaves: Record<string, number> = {}
  for (const { counts } of parts) {
    for (const [meter, { n }] of counts) {
      const { side, parents } = meterDefinition(meter)
      if (side === 'other') continue
      const name = [meter, ...parents].find((ancestor) => priced.includes(ancestor)) ?? meter
      leaves[name] = (leaves[name] ?? 0) + Number(n)
    }
  }
  return leaves
}

const withoutZeros = (leaves: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(leaves).filter(([, count]) => count !== 0))
