/** A state in a word; the colour only repeats it. */
import { Badge } from '@mantine/core'
import type { ReactNode } from 'react'

type Props = { readonly tone: keyof typeof COLOURS; readonly children: ReactNode }

export const StateBadge = ({ tone, children }: Props) => (
  <Badge variant="light" color={COLOURS[tone]} autoContrast tt="none" miw="max-content">
    {children}
  </Badge>
)

const COLOURS = { good: 'green', bad: 'red', warn: 'yellow', off: 'gray' } as const
