/** What the bars are made of: the dearest parts each, all others as one. */
import type { UsageReport } from '@turnpike/sdk'
import { groupValue } from './group-names.ts'
import type { Grouping } from './search.ts'

export type Series = { readonly value: string; readonly colour: string }

const COLOURS = ['blue.6', 'orange.6', 'teal.6', 'grape.6', 'red.5', 'lime.7', 'indigo.8', 'yellow.6'] as const

/** Those beyond the last colour are drawn as one. */
export function seriesOf({ groups }: UsageReport, by: Grouping): Series[] {
  const dearest = [...groups].sort((a, b) => b.chargeUsd - a.chargeUsd || b.requests - a.requests)
  return dearest.slice(0, COLOURS.length).map(({ key }, index) => ({
    value: groupValue(key, by),
    colour: `var(--mantine-color-${(COLOURS[index] ?? 'gray.5').replace('.', '-')})`,
  }))
}
