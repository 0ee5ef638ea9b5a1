/** From a number to the records that it sums up. */
import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { UsageReport } from '@turnpike/sdk'
import type { ReactNode } from 'react'
import { useView } from './filters.tsx'
import { groupValue } from './group-names.ts'
import type { Grouping, Search } from './search.ts'

/** What is narrowed further to get there. */
type Props = { readonly more?: Search; readonly label?: string; readonly children: ReactNode }

export function CallsLink({ more = {}, label, children }: Props) {
  const { search } = useView()
  return (
    <Anchor
      component={Link}
      to="/requests"
      search={callsBehind(search, more) as never}
      inherit
      {...(label === undefined ? {} : { 'aria-label': label })}
    >
      {children}
    </Anchor>
  )
}

/** The range and filters of a view, and nothing of how it is drawn. */
export function callsBehind(search: Search, more: Search): Search {
  const { range, from, to, zone, key, account, user, tag, model, provider, status } = search
  const all = { range, from, to, zone, key, account, user, tag, model, provider, status, ...more }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

type GroupKey = UsageReport['groups'][number]['key']

/** The filter that leaves one part of a report; undefined where none does. */
export function onlyOf(by: Grouping, key: GroupKey, groups: UsageReport['groups']): Search | undefined {
  if (by === 'tag') return onlyTag(key, groups)
  const value = groupValue(key, by)
  const names = { model: 'model', provider: 'provider', api_key: 'key', account: 'account', end_user: 'user' } as const
  return { [names[by]]: value }
}

/** Calls have sets of tags and are filtered by one tag: one that no other set holds. */
function onlyTag({ tag }: GroupKey, groups: UsageReport['groups']): Search | undefined {
  if (tag === null || tag === undefined) return { tag: '' }
  const own = Object.entries(tag).find(
    ([name, value]) => groups.filter(({ key }) => key.tag?.[name] === value).length === 1,
  )
  return own && { tag: own.join(':') }
}
