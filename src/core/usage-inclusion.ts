/**
 * Decides per reply which parts are counted inside of input and output and which on top. The provider's documented
 * convention comes first; a reported total that only another convention explains overrules it.
 */
import type { Flags } from './read-count.ts'
import type { OutsidePart, UsageShape } from './usage-shapes.ts'
import { type Tally, writtenOf } from './usage-tally.ts'

export type Inclusion = { readonly [part in OutsidePart]: boolean }

/** For each part whether it is outside of its side's count. Completes the tally with reasoning that no field states. */
export function inclusionOf(shape: UsageShape, tally: Tally, flags: Flags): Inclusion {
  const row = rowOf(shape)
  const { total } = tally
  if (total === undefined) return row
  const base = (tally.input ?? 0) + (tally.output ?? 0)
  if (shape.gapIsReasoning && total >= base) return fillGap(tally, total - base, row, flags)
  if (base + onTop(shape, tally) === total) return row
  const other = otherReadings(row, tally).find(({ added }) => base + added === total)
  if (!other) flags.add('usage_inconsistent')
  return other?.inclusion ?? row
}

const INSIDE: Inclusion = { cached: false, written: false, reasoning: false, citation: false, toolInput: false }

function rowOf({ outside }: UsageShape): Inclusion {
  if (outside.length === 0) return INSIDE
  const row: Record<OutsidePart, boolean> = { ...INSIDE }
  for (const part of outside) row[part] = true
  return row
}

/** What the documented convention adds to input and output, as far as the total has it. */
function onTop({ outside, beyondTotal }: UsageShape, tally: Tally): number {
  let sum = 0
  for (const part of outside) {
    if (beyondTotal?.includes(part)) continue
    sum += part === 'written' ? writtenOf(tally) : (tally[part] ?? 0)
  }
  return sum
}

/** In the order in which they are tried. Citations are in no provider's total, so that it says nothing about them. */
function otherReadings(row: Inclusion, tally: Tally): readonly { inclusion: Inclusion; added: number }[] {
  const { cached = 0, reasoning = 0 } = tally
  const inside = { ...INSIDE, citation: row.citation }
  const readings = [
    { inclusion: inside, added: 0 },
    { inclusion: { ...inside, reasoning: true }, added: reasoning },
    { inclusion: { ...inside, cached: true }, added: cached },
    { inclusion: { ...inside, cached: true, reasoning: true }, added: cached + reasoning },
  ]
  return row.cached ? readings.filter(({ inclusion }) => cacheFits(inclusion, tally)) : readings
}

/** Where cache is documented as outside, a total that leaves it out must not shrink it to an input that cannot hold it. */
const cacheFits = (inclusion: Inclusion, tally: Tally): boolean =>
  (inclusion.cached ? 0 : (tally.cached ?? 0)) + writtenOf(tally) <= (tally.input ?? 0)

function fillGap(tally: Tally, gap: number, row: Inclusion, flags: Flags): Inclusion {
  const { reasoning } = tally
  if (gap === 0) return INSIDE
  if (reasoning !== undefined && reasoning !== gap) flags.add('usage_inconsistent')
  tally.reasoning = gap
  return row
}
