/** What the parts of a report are called. */
import type { UsageReport } from '@turnpike/sdk'
import { useAccountNames, useKeyNames } from './names.ts'
import { GROUPINGS, type Grouping } from './search.ts'

export const GROUPING_NAMES: Readonly<Record<Grouping, string>> = {
  model: 'Model',
  provider: 'Provider',
  api_key: 'API key',
  account: 'Account',
  end_user: 'End user',
  tag: 'Tag',
}

type Key = UsageReport['groups'][number]['key']

/** As it came: while another grouping is on its way, the one before is shown. */
export const groupedBy = ({ groups }: UsageReport): Grouping =>
  GROUPINGS.find((by) => groups[0] !== undefined && by in groups[0].key) ?? 'model'

/** The value as a link would carry it. */
export function groupValue(key: Key, by: Grouping): string {
  const value = key[by]
  if (value === null || value === undefined) return ''
  return typeof value === 'string'
    ? value
    : Object.entries(value)
        .map((pair) => pair.join(':'))
        .join(', ')
}

export function useGroupName(by: Grouping): (value: string) => string {
  const keys = useKeyNames()
  const accounts = useAccountNames()
  const names = by === 'api_key' ? keys : by === 'account' ? accounts : undefined
  return (value) => (value === '' ? 'None' : (names?.get(value) ?? value))
}
