/** Every screen and action by its name, and every key, account and request that is known by theirs. */
import '@mantine/spotlight/styles.css'
import { useMantineColorScheme } from '@mantine/core'
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData, spotlight } from '@mantine/spotlight'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useView } from './filters.tsx'
import { useAccountNames, useKeyNames } from './names.ts'
import { SCREENS } from './screens.ts'
import { useIsAdmin, useOwnTimeZone } from './session.ts'
import { signOut } from './sign-in.ts'
import { THEMES } from './theme-choice.tsx'

/** As many as are read at a glance; more letters find the others. */
const MOST = 12

/** `asked` rises each time that it is asked for. */
export default function Palette({ asked }: { readonly asked: number }) {
  const [query, setQuery] = useState('')
  useEffect(() => {
    if (asked > 0) spotlight.open()
  }, [asked])
  return (
    <Spotlight
      {...{ query, onQueryChange: setQuery, shortcut: null, limit: MOST, scrollable: true, highlightQuery: true }}
      actions={useActions(query.trim())}
      attributes={{ content: { 'aria-label': 'Commands' } }}
      returnFocus
      nothingFound="Nothing is called that"
      searchProps={{ placeholder: 'A screen, an action, a key, an account, a request’s id', 'aria-label': 'Command' }}
    />
  )
}

function useActions(query: string): SpotlightActionGroupData[] {
  const groups = [
    { group: 'Requests', actions: useRequest(query) },
    { group: 'Screens', actions: useScreens() },
    { group: 'Actions', actions: useDeeds() },
    // All of them, unasked, would bury the rest.
    { group: 'Keys and accounts', actions: useThings(query !== '') },
  ]
  return groups.filter(({ actions }) => actions.length > 0)
}

function useScreens(): SpotlightActionData[] {
  const navigate = useNavigate()
  return SCREENS.map(([label, to]) => ({ id: to, label, onClick: () => void navigate({ to }) }))
}

function useDeeds(): SpotlightActionData[] {
  const navigate = useNavigate()
  const { change } = useView()
  const { setColorScheme } = useMantineColorScheme()
  const isAdmin = useIsAdmin()
  const zones = new Set([useOwnTimeZone(), 'UTC', Intl.DateTimeFormat().resolvedOptions().timeZone])
  const make = (label: string, to: '/keys' | '/budgets') => ({
    id: label,
    label,
    onClick: () => void navigate({ to, search: { open: 'new' } as never }),
  })
  return [
    ...(isAdmin ? [make('Create key', '/keys'), make('Create budget', '/budgets')] : []),
    ...THEMES.map(({ value, label }) => ({
      id: `theme ${value}`,
      label: `Theme: ${label}`,
      onClick: () => setColorScheme(value),
    })),
    ...[...zones].map((zone) => ({
      id: `zone ${zone}`,
      label: `Time zone: ${zone}`,
      onClick: () => void change({ zone }),
    })),
    { id: 'log out', label: 'Log out', onClick: () => void signOut() },
  ]
}

function useThings(isWanted: boolean): SpotlightActionData[] {
  const navigate = useNavigate()
  const keys = useKeyNames()
  const accounts = useAccountNames()
  const isAdmin = useIsAdmin()
  if (!isWanted) return []
  return [
    ...[...keys].map(([hash, name]) => ({
      id: hash,
      label: `Key ${name}`,
      description: 'what was spent with it',
      onClick: () => void navigate({ to: '/usage', search: { key: hash } as never }),
    })),
    ...[...accounts].flatMap(([id, name]) => [
      { id, label: `Account ${name}`, onClick: () => void navigate({ to: '/accounts/$id', params: { id } as never }) },
      ...(isAdmin ? [{ id: `top up ${id}`, label: `Top up ${name}`, onClick: () => topUp(id) }] : []),
    ]),
  ]
  function topUp(id: string) {
    void navigate({ to: '/accounts/$id', params: { id } as never, search: { open: 'top-up' } as never })
  }
}

/** What looks like the id of one. */
function useRequest(query: string): SpotlightActionData[] {
  const navigate = useNavigate()
  if (!/^(gen-[\w-]{3,}|[0-9a-f]{32})$/.test(query)) return []
  const open = () => void navigate({ to: '/requests/$id', params: { id: query } as never })
  return [{ id: 'request', label: `Request ${query}`, onClick: open }]
}
