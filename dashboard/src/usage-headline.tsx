/** What was charged, and the figures around it. */
import { Group, Paper, SimpleGrid, Text } from '@mantine/core'
import type { UsageReport } from '@turnpike/sdk'
import type { ReactNode } from 'react'
import { Money } from './money.tsx'
import { whole } from './numbers.ts'

export function Headline({ report: { totals, unknown, range } }: { readonly report: UsageReport }) {
  const { decimal } = totals
  return (
    <section aria-label="Sums" aria-live="polite">
      <Group align="baseline" gap="xs">
        <Text span size="2rem" fw={700} id="headline">
          <Money value={decimal.chargeUsd} />
        </Text>
        <Text c="dimmed">charged</Text>
      </Group>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm" mt="sm">
        <Figure label="Requests">{whole(totals.requests)}</Figure>
        <Figure label="Errors">{whole(totals.errors)}</Figure>
        <Figure label="Input tokens">{whole(totals.inputTokens)}</Figure>
        <Figure label="Output tokens">{whole(totals.outputTokens)}</Figure>
        <Figure label="Cost at providers">
          <Money value={decimal.costUsd} />
        </Figure>
        <Figure label="Saved by caches">
          <Money value={decimal.cacheSavingUsd} />
        </Figure>
      </SimpleGrid>
      <Text size="sm" c="dimmed" mt="xs">
        {sums(unknown, totals.estimatedRequests)} Days in {range.timeZone}.
      </Text>
    </section>
  )
}

const Figure = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => (
  <Paper withBorder p="xs">
    <Text size="xs" c="dimmed">
      {label}
    </Text>
    <Text fw={600}>{children}</Text>
  </Paper>
)

/** A sum that is not whole says so. */
function sums({ unpriced, noUsage }: UsageReport['unknown'], estimated: number): string {
  const notes = [
    unpriced > 0 ? `${whole(unpriced)} without a price are in no sum.` : '',
    noUsage > 0 ? `${whole(noUsage)} without known tokens are in no sum.` : '',
    estimated > 0 ? `${whole(estimated)} were counted here, since the provider told no usage.` : '',
  ].filter((note) => note !== '')
  return notes.length === 0 ? 'All requests are priced.' : `Of the requests, ${notes.join(' ')}`
}
