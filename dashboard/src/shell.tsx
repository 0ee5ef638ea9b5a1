/** The frame around every screen of somebody who is signed in. */
import { AppShell, Burger, Button, Group, NavLink, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { client } from './client.ts'
import { auth } from './sign-in.ts'

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
        <Links onGone={close} />
      </AppShell.Navbar>
      <AppShell.Main>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  )
}

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
  const { data } = useQuery({ queryKey: ['session'], queryFn: () => client.admin.getSession() })
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
