/** The frame around every screen of somebody who is signed in. */
import { AppShell, Burger, Button, Group, Kbd, NavLink, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useState } from 'react'
import { Loaded } from './loaded.tsx'
import { SCREENS } from './screens.ts'
import type { Search } from './search.ts'
import { useSession } from './session.ts'
import { Shortcuts } from './shortcuts.tsx'
import { signOut } from './sign-in.ts'
import { Stale } from './stale.tsx'
import { ThemeChoice } from './theme-choice.tsx'
import { ZoneChoice } from './zone-choice.tsx'

/** It comes once somebody asks for it. */
const Palette = lazy(() => import('./palette.tsx'))

export function Shell() {
  const [isOpen, { toggle, close }] = useDisclosure()
  const [asked, setAsked] = useState(0)
  const ask = useCallback(() => setAsked((times) => times + 1), [])
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Text fw={700}>Turnpike</Text>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <CommandButton onClick={ask} />
            <Person />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Screens">
        <AppShell.Section grow style={{ overflowY: 'auto' }}>
          <Links onGone={close} />
        </AppShell.Section>
        <AppShell.Section>
          <Stack gap="xs">
            <ThemeChoice />
            <ZoneChoice />
          </Stack>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main>
        <Stale />
        <Inside />
        <Shortcuts onCommand={ask} />
        {asked > 0 && (
          <Suspense fallback={null}>
            <Palette asked={asked} />
          </Suspense>
        )}
      </AppShell.Main>
    </AppShell>
  )
}

/** Days and times mean nothing before their zone is known. */
const Inside = () => (
  <Loaded query={useSession()} what="Your session">
    {() => <Outlet />}
  </Loaded>
)

/** What these show is narrowed in the same words, so that one leads to the other. */
const TWINS = ['/usage', '/requests']

/** What only one of them knows stays behind. */
const shared = ({
  cursor: _cursor,
  sort: _sort,
  live: _live,
  source: _source,
  minCost: _cost,
  minLatency: _ms,
  ...view
}: Search) => view

function Links({ onGone }: { readonly onGone: () => void }) {
  const { pathname } = useLocation()
  const here = pathname === '/' ? '/usage' : pathname
  return (
    <Stack gap={2}>
      {SCREENS.map(([label, to]) => {
        const isHere = here === to || here.startsWith(`${to}/`)
        return (
          <NavLink
            key={to}
            component={Link}
            to={to}
            search={(TWINS.includes(here) && TWINS.includes(to) ? shared : {}) as never}
            label={label}
            active={isHere}
            aria-current={isHere ? 'page' : undefined}
            onClick={onGone}
            color="blue"
            variant="filled"
          />
        )
      })}
    </Stack>
  )
}

const CommandButton = ({ onClick }: { readonly onClick: () => void }) => (
  <Button
    variant="default"
    size="xs"
    onClick={onClick}
    aria-keyshortcuts="Control+K Meta+K"
    rightSection={
      <Kbd size="xs" visibleFrom="sm">
        Ctrl K
      </Kbd>
    }
  >
    Search
  </Button>
)

function Person() {
  const { data } = useSession()
  const who = data?.session.member?.email ?? ''
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="sm" visibleFrom="sm">
        {who}
      </Text>
      <Button variant="default" size="xs" onClick={() => void signOut()}>
        Log out
      </Button>
    </Group>
  )
}
