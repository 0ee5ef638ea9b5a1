/** What the parts of a report are called. */
import type { UsageReport } from '@turnpike/sdk'
import { useKeyNames } from './filters.tsx'
import type { Grouping } from './search.ts'
import { useAccountNames } from './use-accounts.ts'

export const GROUPING_NAMES: Readonly<Record<Grouping, string>> = {
  model: 'Model',
  provider: 'Provider',
  api_key: 'API key',
  account: 'Account',
  end_user: 'End user',
  tag: 'Tag',
}

type Key = UsageReport['groups'][number]['key']

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
  const { byHash } = useKeyNames()
  const accounts = useAccountNames()
  const names: ReadonlyMap<string, string> | undefined =
    by === 'api_key' ? byHash : by === 'account' ? accounts : undefined
  return (value) => (value === '' ? 'None' : (names?.get(value) ?? value))
}
