/** The frame around every screen of somebody who is signed in. */
import { AppShell, Burger, Button, Group, NavLink, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { Loaded } from './loaded.tsx'
import type { Search } from './search.ts'
import { useSession } from './session.ts'
import { Shortcuts } from './shortcuts.tsx'
import { auth } from './sign-in.ts'
import { ZoneChoice } from './zone-choice.tsx'

const SCREENS = [
  ['Usage', '/usage'],
  ['Requests', '/requests'],
  ['Keys', '/keys'],
  ['Budgets', '/budgets'],
  ['Accounts', '/accounts'],
  ['Alerts', '/alerts'],
  ['Models', '/models'],
  ['Settings', '/settings'],
] as const

export function Shell() {
  const [isOpen, { toggle, close }] = useDisclosure()
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
          <Person />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Screens">
        <AppShell.Section grow style={{ overflowY: 'auto' }}>
          <Links onGone={close} />
        </AppShell.Section>
        <AppShell.Section>
          <ZoneChoice />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main>
        <Inside />
        <Shortcuts />
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
const shared = ({ cursor: _cursor, live: _live, source: _source, minCost: _cost, minLatency: _ms, ...view }: Search) =>
  view

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

function Person() {
  const { data } = useSession()
  const who = data?.session.member?.email ?? ''
  const leave = async () => {
    await auth('sign-out', {}).catch(() => undefined)
    location.assign('/login')
  }
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="sm" visibleFrom="sm">
        {who}
      </Text>
      <Button variant="default" size="xs" onClick={leave}>
        Log out
      </Button>
    </Group>
  )
}
