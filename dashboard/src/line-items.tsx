/** Quantity × unit price = amount, a line for each meter, and their sum. */
import { Table, Text } from '@mantine/core'
import type { GenerationRecord } from '@turnpike/sdk'
import { sumOf } from '../../sdk/src/decimal.ts'
import { Money } from './money.tsx'

export function LineItems({ call: { lineItems, decimal } }: { readonly call: GenerationRecord }) {
  if (lineItems.length === 0) return <Text size="sm">No line: nothing was priced.</Text>
  const sum = sumOf(lineItems.map((item) => item.decimal.amountUsd ?? '0'))
  return (
    <>
      <Table.ScrollContainer minWidth={480} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table aria-label="Line items" tabularNums>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Meter</Table.Th>
              <Table.Th ta="right">Quantity</Table.Th>
              <Table.Th ta="right">× Unit price</Table.Th>
              <Table.Th ta="right">= Amount</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lineItems.map(({ meter, model, quantity, unitPriceUsd, per, decimal: { amountUsd } }) => (
              <Table.Tr key={`${meter} ${model ?? ''} ${unitPriceUsd}`}>
                <Table.Td>{model === undefined ? meter : `${meter} (${model})`}</Table.Td>
                <Table.Td ta="right">{quantity}</Table.Td>
                <Table.Td ta="right">
                  <Money value={unitPriceUsd} exact /> {perText(per)}
                </Table.Td>
                <Table.Td ta="right">
                  <Money value={amountUsd ?? null} exact />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr>
              <Table.Th>Sum</Table.Th>
              <Table.Th />
              <Table.Th />
              <Table.Th ta="right" aria-label="Sum of the line items">
                <Money value={sum} exact />
              </Table.Th>
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </Table.ScrollContainer>
      {decimal.chargeUsd !== undefined && decimal.chargeUsd !== sum && (
        <Text size="sm" c="dimmed">
          <Money value={decimal.chargeUsd} exact /> of it was charged.
        </Text>
      )}
    </>
  )
}

const perText = (per: number): string => (per === 1 ? '' : per === 1_000_000 ? 'per million' : `per ${per}`)
