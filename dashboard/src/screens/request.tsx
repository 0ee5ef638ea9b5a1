import { Anchor, Code, SimpleGrid, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { GenerationRecord } from '@turnpike/sdk'
import type { ReactNode } from 'react'
import { client } from '../client.ts'
import { LineItems } from '../line-items.tsx'
import { Loaded } from '../loaded.tsx'
import { Money } from '../money.tsx'
import { useAccountNames, useKeyNames } from '../names.ts'
import { instant, milliseconds, whole } from '../numbers.ts'
import { Page } from '../page.tsx'
import { Rows } from '../rows.tsx'
import { Section } from '../section.tsx'
import { useTimeZone } from '../session.ts'
import { Loading } from '../states.tsx'

export function RequestScreen() {
  const { id = '' } = useParams({ strict: false })
  const timeZone = useTimeZone()
  const request = useQuery({
    queryKey: ['request', id],
    queryFn: () => client.admin.getGenerationRecord(id),
  })
  return (
    <Page title={`Request ${id}`}>
      <Loaded query={request} what="The request">
        {({ generation }) => (timeZone === undefined ? <Loading /> : <Found call={generation} timeZone={timeZone} />)}
      </Loaded>
    </Page>
  )
}

type Props = { readonly call: GenerationRecord; readonly timeZone: string }

function Found({ call, timeZone }: Props) {
  return (
    <Stack gap="lg">
      <Facts call={call} timeZone={timeZone} />
      <Section title="Why it cost that">
        <LineItems call={call} />
      </Section>
      <Section title="Attempts">
        <Attempts call={call} />
      </Section>
      <Section title="Usage as the provider told it">
        <Code block tabIndex={0}>
          {call.rawUsage === null ? 'none' : JSON.stringify(call.rawUsage, null, 2)}
        </Code>
      </Section>
      <Section title="Ids">
        <Ids call={call} />
      </Section>
    </Stack>
  )
}

function Facts({ call, timeZone }: Props) {
  const keys = useKeyNames()
  const accounts = useAccountNames()
  const { accountId, apiKeyHash } = call
  const key = apiKeyHash === null ? 'none' : (keys.get(apiKeyHash) ?? 'an earlier key')
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm">
      <Fact label="Charged">
        <Money value={call.decimal.chargeUsd} exact />
      </Fact>
      <Fact label="Cost at the provider">
        <Money value={call.decimal.costUsd} exact />
      </Fact>
      <Fact label="Who pays">
        {accountId === null ? (
          'the organisation itself'
        ) : (
          <Anchor component={Link} to="/accounts/$id" params={{ id: accountId } as never} inherit>
            {accounts.get(accountId) ?? call.externalId ?? accountId}
          </Anchor>
        )}
      </Fact>
      <Fact label="Status">{call.status}</Fact>
      <Fact label="Usage">{call.usageSource}</Fact>
      <Fact label="Model">{call.model}</Fact>
      <Fact label="Served by">{call.provider_name ?? call.provider}</Fact>
      <Fact label="API key">{key}</Fact>
      <Fact label="Time">{`${instant(call.occurredAt, timeZone)} (${timeZone})`}</Fact>
      <Fact label="Latency">{milliseconds(call.latency)}</Fact>
      <Fact label="Tokens in">{`${whole(call.inputTokens)}, ${whole(call.cachedTokens)} of them cached`}</Fact>
      <Fact label="Tokens out">{`${whole(call.outputTokens)}, ${whole(call.reasoningTokens)} of them reasoning`}</Fact>
      <Fact label="Flags">{call.flags.length === 0 ? 'none' : call.flags.join(', ')}</Fact>
    </SimpleGrid>
  )
}

const Fact = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => (
  <div>
    <Text size="xs" c="dimmed">
      {label}
    </Text>
    <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
      {children}
    </Text>
  </div>
)

function Attempts({ call: { attempts } }: Pick<Props, 'call'>) {
  if (attempts.length === 0) return <Text size="sm">No provider was asked.</Text>
  return (
    <Rows caption="Attempts" width={480} heads={['Provider', 'Model there', 'Status', 'Latency', 'Error']}>
      {attempts.map((attempt, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have nothing else to tell them apart, and stay in order.
        <Table.Tr key={index}>
          <Table.Td>{attempt.providerName}</Table.Td>
          <Table.Td>{attempt.model}</Table.Td>
          <Table.Td>{attempt.status ?? 'no answer'}</Table.Td>
          <Table.Td>{milliseconds(attempt.latencyMs)}</Table.Td>
          <Table.Td>{attempt.error ?? ''}</Table.Td>
        </Table.Tr>
      ))}
    </Rows>
  )
}

function Ids({ call }: Pick<Props, 'call'>) {
  const ids: readonly (readonly [string, string | null])[] = [
    ['Request', call.request_id],
    ['At the provider', call.upstream_id],
    ['Transaction', call.transactionId],
    ['Reservation', call.reservationId],
    ['Rate card', call.rateCardId],
  ]
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      {ids.map(([label, id]) => (
        <Fact key={label} label={label}>
          {id === null ? 'none' : <Code>{id}</Code>}
        </Fact>
      ))}
    </SimpleGrid>
  )
}
