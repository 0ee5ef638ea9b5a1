import { Anchor, Code, SimpleGrid, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { GenerationRecord } from '@turnpike/sdk'
import { client } from '../client.ts'
import { Fact } from '../fact.tsx'
import { LineItems } from '../line-items.tsx'
import { Loaded } from '../loaded.tsx'
import { Money } from '../money.tsx'
import { useAccountNames, useKeyNames } from '../names.ts'
import { milliseconds, whole } from '../numbers.ts'
import { Page } from '../page.tsx'
import { Attempts } from '../request-attempts.tsx'
import { Ledger } from '../request-ledger.tsx'
import { firstToken, flagsOf, keyName } from '../requests-columns.tsx'
import { Section } from '../section.tsx'
import { Bones } from '../states.tsx'
import { When } from '../when.tsx'

export function RequestScreen() {
  const { id = '' } = useParams({ strict: false })
  const request = useQuery({
    queryKey: ['request', id],
    queryFn: () => client.admin.getGenerationRecord(id),
  })
  return (
    <Page title={`Request ${id}`}>
      <Loaded query={request} what="The request" waiting={<Waiting />}>
        {({ generation }) => <Found call={generation} />}
      </Loaded>
    </Page>
  )
}

const Waiting = () => (
  <Stack gap="lg" role="status" aria-label="The request…">
    <Bones height={180} />
    <Bones height={200} />
    <Bones height={120} />
  </Stack>
)

type Props = { readonly call: GenerationRecord }

function Found({ call }: Props) {
  return (
    <Stack gap="lg">
      <Facts call={call} />
      <Section title="Why it cost that">
        <LineItems call={call} />
        <Text size="sm" mt="xs">
          {call.rateCardId === null ? (
            'No rate card: nobody knows a price for it.'
          ) : (
            <>
              By rate card <Code>{call.rateCardId}</Code>, valid when the call was admitted.
            </>
          )}
        </Text>
      </Section>
      <Section title="Who was charged">
        <Ledger call={call} />
      </Section>
      <Section title="Attempts">
        <Attempts call={call} />
      </Section>
      <Section title="Usage as the provider told it">
        <Code block tabIndex={0}>
          {call.rawUsage === null ? 'none' : JSON.stringify(call.rawUsage, null, 2)}
        </Code>
      </Section>
      <Section title="Prompt and answer">
        <Text size="sm">Not stored, by policy.</Text>
      </Section>
      <Section title="Ids">
        <Ids call={call} />
      </Section>
    </Stack>
  )
}

function Facts({ call }: Props) {
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm">
      <Fact label="Charged">
        <Money value={call.decimal.chargeUsd} exact />
      </Fact>
      <Fact label="Cost at the provider">
        <Money value={call.decimal.costUsd} exact />
      </Fact>
      <Fact label="Who pays">
        <Payer call={call} />
      </Fact>
      <Fact label="Status">{call.status}</Fact>
      <Fact label="Usage">{call.usageSource}</Fact>
      <Fact label="Asked for">{call.requestedModel ?? 'not told'}</Fact>
      <Fact label="Model">
        <Calls search={{ model: call.model }}>{call.model}</Calls>
      </Fact>
      <Fact label="Served by">{call.provider_name ?? call.provider}</Fact>
      <Key call={call} />
      <Fact label="Credential">{call.is_byok ? "the customer's own" : "the organisation's"}</Fact>
      <Fact label="Time">
        <When at={call.occurredAt} exact />
      </Fact>
      <Fact label="First token">{milliseconds(firstToken(call))}</Fact>
      <Fact label="Latency">{milliseconds(call.latency)}</Fact>
      <Fact label="Tokens in">{`${whole(call.inputTokens)}, ${whole(call.cachedTokens)} of them cached`}</Fact>
      <Fact label="Tokens out">{`${whole(call.outputTokens)}, ${whole(call.reasoningTokens)} of them reasoning`}</Fact>
      <Fact label="Saved by caches">
        <Money value={call.decimal.cacheSavingUsd} exact />
      </Fact>
      <Fact label="Finished by">{call.finish_reason ?? 'not told'}</Fact>
      <Fact label="End user">
        {call.external_user ? <Calls search={{ user: call.external_user }}>{call.external_user}</Calls> : 'none'}
      </Fact>
      <Fact label="Tags">
        {call.tags === null
          ? 'none'
          : Object.entries(call.tags).map((pair) => (
              <div key={pair[0]}>
                <Calls search={{ tag: pair.join(':') }}>{pair.join(':')}</Calls>
              </div>
            ))}
      </Fact>
      <Fact label="Flags">{flagsOf(call).join(', ') || 'none'}</Fact>
    </SimpleGrid>
  )
}

/** Others like it. */
const Calls = ({ search, children }: { readonly search: object; readonly children: string }) => (
  <Anchor component={Link} to="/requests" search={search as never} inherit>
    {children}
  </Anchor>
)

function Payer({ call: { accountId, externalId } }: Props) {
  const accounts = useAccountNames()
  if (accountId === null) return 'the organisation itself'
  return (
    <Anchor component={Link} to="/accounts/$id" params={{ id: accountId } as never} inherit>
      {accounts.get(accountId) ?? externalId ?? accountId}
    </Anchor>
  )
}

function Key({ call: { apiKeyHash } }: Props) {
  const name = keyName(apiKeyHash, useKeyNames())
  return <Fact label="API key">{apiKeyHash === null ? name : <Calls search={{ key: apiKeyHash }}>{name}</Calls>}</Fact>
}

function Ids({ call }: Props) {
  const ids: readonly (readonly [string, string | null])[] = [
    ['Generation', call.id],
    ['Request', call.request_id],
    ['At the provider', call.upstream_id],
    ['Session', call.session_id],
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
