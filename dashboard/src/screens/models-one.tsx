/** One model: what each of its endpoints charges, since when and by whose word, and what a call of a given size would cost. */
import { Anchor, Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { RateCard } from '@turnpike/sdk'
import { client } from '../client.ts'
import { Confirm, useDialog } from '../dialog.tsx'
import { Loaded } from '../loaded.tsx'
import { Money } from '../money.tsx'
import { whole } from '../numbers.ts'
import { RowButton } from '../row-button.tsx'
import { Section } from '../section.tsx'
import { useIsAdmin } from '../session.ts'
import { StateBadge } from '../state-badge.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
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
  const endpoints = cards.data?.endpoints ?? []
  const name = cards.data?.model ?? model
  const actions: ColumnOf<RateCard> = {
    head: 'Actions',
    cell: (card) =>
      isAdmin &&
      card.source === 'admin' &&
      card.validTo === null && (
        <RowButton of={card.id} label="Withdraw" isDanger onClick={() => withdrawing.open(card)} />
      ),
  }
  const above = (
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
    <Section title={name} actions={above}>
      <Loaded query={cards} what="Rate cards">
        {({ rateCards }) => (
          <DataTable
            caption="Rate cards"
            width={760}
            columns={[...COLUMNS, actions]}
            rows={rateCards}
            idOf={({ endpoint, id }) => `${endpoint} ${id}`}
          />
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

const COLUMNS: readonly ColumnOf<RateCard>[] = [
  {
    head: 'Endpoint',
    isHead: true,
    look: { style: { overflowWrap: 'anywhere' } },
    cell: ({ endpoint, id }) => (
      <>
        {endpoint}
        <Small>{id}</Small>
      </>
    ),
  },
  { head: 'State', cell: ({ status }) => <StateBadge tone={TONES[status]}>{status}</StateBadge> },
  { head: 'Source', cell: ({ source }) => SOURCES[source] ?? source },
  {
    head: 'Holds',
    cell: ({ validFrom, validTo, hours }) => (
      <>
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
      </>
    ),
  },
  { head: 'Prices', cell: (card) => <Prices card={card} /> },
]

const Prices = ({ card: { lines, multipliers } }: { readonly card: RateCard }) => (
  <>
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
  </>
)

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
