/** What stands where nothing is to be seen yet, or nothing at all. */
import { Center, Loader, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'

export const Loading = ({ what = 'Loading' }: { readonly what?: string }) => (
  <Center mih={240} role="status" aria-live="polite">
    <Loader aria-hidden />
    <Text ml="sm" c="dimmed">
      {what}…
    </Text>
  </Center>
)

/** `title` says what is not there, the children what to do about it. */
export const Empty = ({ title, children }: { readonly title: string; readonly children?: ReactNode }) => (
  <Stack align="center" gap="xs" py="xl">
    <Text fw={600}>{title}</Text>
    {children !== undefined && (
      <Text c="dimmed" size="sm" ta="center" component="div">
        {children}
      </Text>
    )}
  </Stack>
)
