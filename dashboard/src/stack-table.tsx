/** Bars as a table: the same parts at the same times, exact. */
import { Table } from '@mantine/core'
import { CallsLink } from './behind.tsx'
import { Rows } from './rows.tsx'
import type { Stack } from './stack.ts'

type Props = {
  readonly stack: Stack
  readonly caption: string
  readonly textOf: (amount: string) => string
}

export const StackTable = ({ stack: { series, columns }, caption, textOf }: Props) => (
  <Rows caption={caption} width={160 + series.length * 110} heads={['Time', ...series.map(({ label }) => `>${label}`)]}>
    {columns.map(({ label, span, isRunning, exact }, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: two hours of one night may be called the same; they stay in order.
      <Table.Tr key={index}>
        <Table.Th scope="row" fw={400}>
          {span === undefined ? label : <CallsLink more={{ range: 'Custom', ...span }}>{label}</CallsLink>}
          {isRunning && ' (still running)'}
        </Table.Th>
        {series.map(({ name }) => (
          <Table.Td key={name} ta="right">
            {exact[name] === undefined ? '' : <data value={exact[name]}>{textOf(exact[name])}</data>}
          </Table.Td>
        ))}
      </Table.Tr>
    ))}
  </Rows>
)
