/** Quantity × unit price = amount, a line for each meter, and their sum. */
import { Table, Text } from '@mantine/core'
import type { GenerationRecord } from '@turnpike/sdk'
import { sumOf } from '../../sdk/src/decimal.ts'
import { Money } from './money.tsx'
import { type ColumnOf, DataTable } from './table.tsx'

type Item = GenerationRecord['lineItems'][number]

const COLUMNS: readonly ColumnOf<Item>[] = [
  { head: 'Meter', cell: ({ meter, model }) => (model === undefined ? meter : `${meter} (${model})`) },
  { head: '>Quantity', cell: ({ quantity }) => quantity },
  {
    head: '>× Unit price (USD)',
    cell: ({ unitPriceUsd, per }) => (
      <>
        <Money value={unitPriceUsd} exact /> {perText(per)}
      </>
    ),
  },
  { head: '>= Amount (USD)', cell: ({ decimal }) => <Money value={decimal.amountUsd ?? null} exact /> },
]

export function LineItems({ call: { lineItems, decimal } }: { readonly call: GenerationRecord }) {
  if (lineItems.length === 0) return <Text size="sm">No line: nothing was priced.</Text>
  const sum = sumOf(lineItems.map((item) => item.decimal.amountUsd ?? '0'))
  return (
    <>
      <DataTable
        caption="Line items"
        width={480}
        columns={COLUMNS}
        rows={lineItems}
        idOf={({ meter, model, unitPriceUsd }) => `${meter} ${model ?? ''} ${unitPriceUsd}`}
        foot={<Sum usd={sum} />}
      />
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
