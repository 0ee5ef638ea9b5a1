/** What stands where nothing is to be seen yet, or nothing at all. */
import { Center, Loader, Skeleton, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'

export const Loading = ({ what = 'Loading' }: { readonly what?: string }) => (
  <Center mih={240} role="status" aria-live="polite">
    <Loader aria-hidden />
    <Text ml="sm" c="dimmed">
      {what}…
    </Text>
  </Center>
)

/** As high as what comes, and seen only where that takes a while. */
export const Bones = ({ height }: { readonly height: number }) => (
  <div className="late" style={{ height }}>
    <Skeleton h={height} />
  </div>
)

/** `title` says what is not there, the children what to do about it. */
export const Empty = ({ title, children }: { readonly title: string; readonly children?: ReactNode }) => (
  <Stack align="center" gap="xs" py="xl">
    <Text fw={600}>{title}</Text>
    {children !== undefined && (
      <Text c="dimmed" size="sm" ta="center" component="div" maw="100%">
        {children}
      </Text>
    )}
  </Stack>
)
