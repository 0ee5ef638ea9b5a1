/** One screen: its title, once as `h1` and in the tab, what is done there, and what is to be seen. */
import { Group, Stack, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

type Props = { readonly title: string; readonly actions?: ReactNode; readonly children: ReactNode }

/** A row that goes on for longer is not followed by the eye. */
const MOST_WIDE = 1920

export function Page({ title, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Turnpike`
  }, [title])
  return (
    <Stack gap="md" maw={MOST_WIDE}>
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
