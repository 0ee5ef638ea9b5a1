/** A table that scrolls for itself where the screen is narrow. */
import { Table, Text } from '@mantine/core'
import type { ReactNode } from 'react'

type Props = {
  readonly caption: string
  /** Pixels that it needs. */
  readonly width: number
  /** With `>` before it: of numbers. */
  readonly heads: readonly string[]
  /** Below all rows: their sum. */
  readonly foot?: ReactNode
  readonly children: ReactNode
}

export const Rows = ({ caption, width, heads, foot, children }: Props) => (
  <Table.ScrollContainer minWidth={width} type="native" tabIndex={0} role="region" aria-label={`${caption}, scrolls`}>
    <Table aria-label={caption} highlightOnHover tabularNums>
      <Table.Thead>
        <Table.Tr>
          {heads.map((head) => (
            <Table.Th key={head} scope="col" ta={head.startsWith('>') ? 'right' : 'left'}>
              {head.replace(/^>/, '')}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>{children}</Table.Tbody>
      {foot !== undefined && <Table.Tfoot>{foot}</Table.Tfoot>}
    </Table>
  </Table.ScrollContainer>
)

/** Under an amount or a name, what it is about. */
export const Small = ({ children }: { readonly children: ReactNode }) => (
  <Text size="xs" c="dimmed" component="div">
    {children}
  </Text>
)
