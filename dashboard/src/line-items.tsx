/** Quantity × unit price = amount, a line for each meter, and their sum. */
import { Table, Text } from '@mantine/core'
import type { GenerationRecord } from '@turnpike/sdk'
import { sumOf } from '../../sdk/src/decimal.ts'
import { Money } from './money.tsx'
import { Rows } from './rows.tsx'

const HEADS = ['Meter', '>Quantity', '>× Unit price', '>= Amount']

export function LineItems({ call: { lineItems, decimal } }: { readonly call: GenerationRecord }) {
  if (lineItems.length === 0) return <Text size="sm">No line: nothing was priced.</Text>
  const sum = sumOf(lineItems.map((item) => item.decimal.amountUsd ?? '0'))
  return (
    <>
      <Rows caption="Line items" width={480} heads={HEADS} foot={<Sum usd={sum} />}>
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
      </Rows>
      {decimal.chargeUsd !== undefined && decimal.chargeUsd !== sum && (
        <Text size="sm" c="dimmed">
          <Money value={decimal.chargeUsd} exact /> of it was charged.
        </Text>
      )}
    </>
  )
}

const Sum = ({ usd }: { readonly usd: string }) => (
  <Table.Tr>
    <Table.Th>Sum</Table.Th>
    <Table.Th />
    <Table.Th />
    <Table.Th ta="right" aria-label="Sum of the line items">
      <Money value={usd} exact />
    </Table.Th>
  </Table.Tr>
)

const perText = (per: number): string => (per === 1 ? '' : per === 1_000_000 ? 'per million' : `per ${per}`)
