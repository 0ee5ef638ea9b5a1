/** One screen: its title, once as `h1` and in the tab, what is done there, and what is to be seen. */
import { Group, Stack, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

type Props = { readonly title: string; readonly actions?: ReactNode; readonly children: ReactNode }

export function Page({ title, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Turnpike`
  }, [title])
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} size="h2" style={{ overflowWrap: 'anywhere' }}>
          {title}
        </Title>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  )
}
