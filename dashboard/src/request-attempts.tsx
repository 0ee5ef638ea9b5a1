/** Every provider that was asked, one after the other, on the time that the call took. */
import { Progress, Table, Text } from '@mantine/core'
import type { GenerationRecord } from '@turnpike/sdk'
import { milliseconds } from './numbers.ts'
import { Rows } from './rows.tsx'

type Props = { readonly call: GenerationRecord }

const HEADS = ['Provider', 'Model there', 'Answer', '>Began after', '>Took', 'On the time of the call', 'Error']

export function Attempts({ call: { attempts, latency } }: Props) {
  if (attempts.length === 0) return <Text size="sm">No provider was asked.</Text>
  const whole = Math.max(latency ?? 0, sum(attempts.map(({ latencyMs }) => latencyMs)), 1)
  return (
    <Rows caption="Attempts" width={760} heads={HEADS}>
      {attempts.map((attempt, index) => {
        const before = sum(attempts.slice(0, index).map(({ latencyMs }) => latencyMs))
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: they have nothing else to tell them apart, and stay in order.
          <Table.Tr key={index}>
            <Table.Td>{attempt.providerName}</Table.Td>
            <Table.Td>{attempt.model}</Table.Td>
            <Table.Td>{attempt.status ?? 'no answer'}</Table.Td>
            <Table.Td ta="right">{milliseconds(before)}</Table.Td>
            <Table.Td ta="right">{milliseconds(attempt.latencyMs)}</Table.Td>
            <Table.Td miw={180}>
              <Span from={before / whole} part={attempt.latencyMs / whole} isFailed={attempt.error !== null} />
            </Table.Td>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{attempt.error ?? ''}</Table.Td>
          </Table.Tr>
        )
      })}
    </Rows>
  )
}

/** Until the provider began to answer; the numbers beside it say the same. */
const Span = ({ from, part, isFailed }: { from: number; part: number; isFailed: boolean }) => (
  <Progress.Root size="lg" aria-hidden>
    <Progress.Section withAria={false} value={from * 100} color="transparent" />
    <Progress.Section withAria={false} value={Math.max(1, part * 100)} color={isFailed ? 'red' : 'blue'} />
  </Progress.Root>
)

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)
