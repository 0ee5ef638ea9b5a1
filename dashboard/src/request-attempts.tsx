/** Every provider that was asked, one after the other, on the time that the call took. */
import { Progress, Text } from '@mantine/core'
import type { GenerationRecord } from '@turnpike/sdk'
import { milliseconds } from './numbers.ts'
import { type ColumnOf, DataTable } from './table.tsx'

type Props = { readonly call: GenerationRecord }

type Attempt = GenerationRecord['attempts'][number] & { readonly place: number; readonly before: number }

export function Attempts({ call: { attempts, latency } }: Props) {
  if (attempts.length === 0) return <Text size="sm">No provider was asked.</Text>
  const whole = Math.max(latency ?? 0, sum(attempts.map(({ latencyMs }) => latencyMs)), 1)
  const rows = attempts.map((attempt, place) => ({
    ...attempt,
    place,
    before: sum(attempts.slice(0, place).map(({ latencyMs }) => latencyMs)),
  }))
  return (
    <DataTable
      caption="Attempts"
      width={760}
      columns={columnsOn(whole)}
      rows={rows}
      idOf={({ place }) => String(place)}
    />
  )
}

const columnsOn = (whole: number): readonly ColumnOf<Attempt>[] => [
  { head: 'Provider', cell: ({ providerName }) => providerName },
  { head: 'Model there', cell: ({ model }) => model },
  { head: 'Answer', cell: ({ status }) => status ?? 'no answer' },
  { head: '>Began after', cell: ({ before }) => milliseconds(before) },
  { head: '>Took', cell: ({ latencyMs }) => milliseconds(latencyMs) },
  {
    head: 'On the time of the call',
    look: { miw: 180 },
    cell: ({ before, latencyMs, error }) => (
      <Span from={before / whole} part={latencyMs / whole} isFailed={error !== null} />
    ),
  },
  { head: 'Error', look: { style: { overflowWrap: 'anywhere' } }, cell: ({ error }) => error ?? '' },
]

/** Until the provider began to answer; the numbers beside it say the same. */
const Span = ({ from, part, isFailed }: { from: number; part: number; isFailed: boolean }) => (
  <Progress.Root size="lg" aria-hidden>
    <Progress.Section withAria={false} value={from * 100} color="transparent" />
    <Progress.Section withAria={false} value={Math.max(1, part * 100)} color={isFailed ? 'red' : 'blue'} />
  </Progress.Root>
)

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)
