/** What a call of so many tokens would cost now. It moves nothing. */
import { Group, NumberInput, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../client.ts'
import { Money } from '../money.tsx'
import { Problem } from '../problem.tsx'

const FIELDS = [
  ['inputTokens', 'Input tokens'],
  ['cachedTokens', 'Of them cached'],
  ['outputTokens', 'Output tokens'],
] as const

export function Calculator({ model }: { readonly model: string }) {
  const [counts, setCounts] = useState({ inputTokens: 1_000, cachedTokens: 0, outputTokens: 500 })
  const usage = { modelId: model, ...counts }
  const cost = useQuery({
    queryKey: ['cost', usage],
    queryFn: async () => await client.calculateCost(usage),
    placeholderData: (last) => last,
  })
  return (
    <section aria-label="Calculator">
      <Group align="flex-end" gap="sm" mt="sm">
        {FIELDS.map(([name, label]) => (
          <NumberInput
            key={name}
            label={label}
            w={140}
            min={0}
            max={1_000_000_000}
            allowDecimal={false}
            thousandSeparator=","
            value={counts[name]}
            onChange={(value) => setCounts({ ...counts, [name]: Number(value) || 0 })}
          />
        ))}
        <Text role="status">
          costs <Money value={cost.data?.decimal.estimatedCostUsd ?? null} exact />
        </Text>
      </Group>
      {cost.error !== null && <Problem error={cost.error} doing="No cost could be calculated" />}
    </section>
  )
}
