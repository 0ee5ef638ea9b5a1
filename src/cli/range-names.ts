/** Which fields of an operation say from when to when. Nothing heavy is loaded here: help knows it too. */
import type { Command } from './fields.ts'

export type RangeNames = { readonly from: string; readonly to: string; readonly zone: string | undefined }

export function rangeNames({ options }: Pick<Command, 'options'>): RangeNames | undefined {
  const has = (name: string) => options.some((field) => field.part === 'query' && field.name === name)
  const pair = [
    { from: 'startDate', to: 'endDate' },
    { from: 'from', to: 'to' },
  ].find(({ from, to }) => has(from) && has(to))
  return pair && { ...pair, zone: has('timeZone') ? 'timeZone' : undefined }
}
