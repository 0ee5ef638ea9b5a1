/** A part of a screen that has a title of its own. */
import { Group, Title } from '@mantine/core'
import type { ReactNode } from 'react'

type Props = { readonly title: string; readonly actions?: ReactNode; readonly children: ReactNode }

export const Section = ({ title, actions, children }: Props) => (
  <section aria-label={title}>
    <Group justify="space-between" align="flex-end" mb="xs">
      <Title order={2} size="h4">
        {title}
      </Title>
      {actions}
    </Group>
    {children}
  </section>
)
