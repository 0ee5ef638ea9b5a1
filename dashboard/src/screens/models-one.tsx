/** One model: what each of its endpoints charges, since when and by whose word, and what a call of a given size would cost. */
import { Anchor, Button, Group, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { RateCard } from '@turnpike/sdk'
import type { ReactNode } from 'react'
import { client } from '../client.ts'
import { Confirm, useDialog } from '../dialog.tsx'
import { Loaded } from '../loaded.tsx'
import { Money } from '../money.tsx'
import { whole } from '../numbers.ts'
import { RowButton } from '../row-button.tsx'
import { Rows, Small } from '../rows.tsx'
import { Section } from '../section.tsx'
import { useIsAdmin } from '../session.ts'
import { StateBadge } from '../state-badge.tsx'
import { When } from '../when.tsx'
import { Calculator } from './models-calculator.tsx'
import { SetPrice } from './models-set-price.tsx'

export function OneModel({ model }: { readonly model: string }) {
  const isAdmin = useIsAdmin()
  const setting = useDialog<string>()
  const withdrawing = useDialog<RateCard>()
  const cards = useQuery({
    queryKey: ['rate-cards', model],
    queryFn: () => client.admin.listRateCards({ model }),
  })
  const endpoints = [...new Set(cards.data?.rateCards.map(({ endpoint }) => endpoint))]
  const name = cards.data?.model ?? model
  const actions = (
    <Group gap="xs">
      <Anchor component={Link} to="/usage" search={{ model: name } as never}>
        What was spent on it
      </Anchor>
      {isAdmin && endpoints[0] !== undefined && (
        <Button size="xs" onClick={() => setting.open(endpoints[0] ?? '')}>
          Set price
        </Button>
      )}
    </Group>
  )
  return (
    <Section title={name} actions={actions}>
      <Loaded query={cards} what="Rate cards">
        {({ rateCards }) => (
          <Rows caption="Rate cards" width={760} heads={['Endpoint', 'State', 'Source', 'Holds', 'Prices', 'Actions']}>
            {rateCards.map((card) => (
              <CardRow key={`${card.endpoint} ${card.id}`} card={card}>
                {isAdmin && card.source === 'admin' && card.validTo === null && (
                  <RowButton of={card.id} label="Withdraw" isDanger onClick={() => withdrawing.open(card)} />
                )}
              </CardRow>
            ))}
          </Rows>
        )}
      </Loaded>
      <Calculator key={model} model={model} />
      {setting.subject !== undefined && (
        <SetPrice endpoints={endpoints} endpoint={setting.subject} onClose={setting.close} />
      )}
      {withdrawing.subject && (
        <Confirm
          title="Withdraw the price"
          submit="Withdraw"
          change={() => client.admin.withdrawRateCard(withdrawing.subject?.id ?? '')}
          onClose={withdrawing.close}
        >
          What was set for {withdrawing.subject.endpoint} ends now, and the price from before holds again. What was
          charged stays as it is.
        </Confirm>
      )}
    </Section>
  )
}

const TONES = { current: 'good', coming: 'warn', past: 'off', outranked: 'off' } as const
const SOURCES: Readonly<Record<string, string>> = { config: 'turnpike.yaml', admin: 'set here', overlay: 'Turnpike' }

function CardRow({ card, children }: { readonly card: RateCard; readonly children: ReactNode }) {
  const { endpoint, status, source, validFrom, validTo, hours, lines, multipliers, id } = card
  return (
    <Table.Tr>
      <Table.Th scope="row" style={{ overflowWrap: 'anywhere' }}>
        {endpoint}
        <Small>{id}</Small>
      </Table.Th>
      <Table.Td>
        <StateBadge tone={TONES[status]}>{status}</StateBadge>
      </Table.Td>
      <Table.Td>{SOURCES[source] ?? source}</Table.Td>
      <Table.Td>
        from <When at={validFrom} none="always" />
        {validTo !== null && (
          <>
            {' '}
            to <When at={validTo} />
          </>
        )}
        {hours.map((each) => (
          <Small key={each}>{each}</Small>
        ))}
      </Table.Td>
      <Table.Td>
        {lines.map((line) => (
          <Line key={JSON.stringify(line)} line={line} />
        ))}
        {multipliers.map(({ when, factor }) => (
          <Small key={JSON.stringify(when)}>
            × {factor} with{' '}
            {Object.entries(when)
              .map(([name, value]) => `${name} ${value}`)
              .join(', ')}
          </Small>
        ))}
      </Table.Td>
      <Table.Td>{children}</Table.Td>
    </Table.Tr>
  )
}

function Line({ line: { meter, priceUsd, per, tier, serviceTier } }: { readonly line: RateCard['lines'][number] }) {
  return (
    <Text size="sm">
      {meter} <Money value={priceUsd} exact /> a {per === 1_000_000 ? 'million' : per === 1 ? 'piece' : whole(per)}
      {tier &&
        ` ${tier.scope === 'marginal' ? 'for what is' : 'where the input is'} ${tier.op} ${whole(tier.threshold)}`}
      {serviceTier !== undefined && ` (${serviceTier})`}
    </Text>
  )
}
