/** What budgets refused and which thresholds were met, newest first. */
import { NativeSelect, Table } from '@mantine/core'
import type { BudgetBlockedEvent, BudgetThresholdReachedEvent } from '@turnpike/sdk'
import { client } from '../client.ts'
import { useView } from '../filters.tsx'
import { Money } from '../money.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Rows, Small } from '../rows.tsx'
import { Section } from '../section.tsx'
import { When } from '../when.tsx'
import { METRICS, WINDOWS } from './budgets-create.tsx'

type BudgetEvent = BudgetBlockedEvent | BudgetThresholdReachedEvent

const SHOWN = { refusals: 'Refusals', thresholds: 'Thresholds met' } as const
const EMPTY = { refusals: 'No budget has refused a call.', thresholds: 'No threshold was met yet.' } as const
const HEADS = ['When', 'Budget', 'What', '>Spent', '>Limit', 'Window']

export function BudgetHistory() {
  const { search, change } = useView()
  const history = search.history ?? 'refusals'
  const type = history === 'refusals' ? 'budget.blocked' : 'budget.threshold_reached'
  const list = usePagedList(
    ['events', type],
    (start) => client.alerts.listEvents({ type, limit: 20, ...start }),
    ({ events }) => events.filter((event): event is BudgetEvent => event.type === type),
  )
  const choice = (
    <NativeSelect
      label="Show"
      value={history}
      data={Object.entries(SHOWN).map(([value, label]) => ({ value, label }))}
      onChange={(e) => change({ history: e.currentTarget.value === 'thresholds' ? 'thresholds' : undefined })}
    />
  )
  return (
    <Section title="History" actions={choice}>
      <PagedList list={list} what="History" empty={EMPTY[history]}>
        {(rows) => (
          <Rows caption="History" width={760} heads={HEADS}>
            {rows.map((event) => (
              <EventRow key={event.data.eventId} event={event} />
            ))}
          </Rows>
        )}
      </PagedList>
    </Section>
  )
}

function EventRow({ event: { type, timestamp, data } }: { event: BudgetEvent }) {
  const unit = data.metric === 'usd' ? '$' : ''
  return (
    <Table.Tr>
      <Table.Td>
        <When at={timestamp} />
      </Table.Td>
      <Table.Th scope="row">{data.name}</Table.Th>
      <Table.Td>
        {type === 'budget.blocked' ? 'first refusal of the window' : `${data.thresholds?.join(' % and ')} % met`}
        {data.action === 'alert' && <Small>tells only</Small>}
      </Table.Td>
      <Table.Td ta="right">
        <Money value={data.decimal?.value ?? String(data.value)} unit={unit} />
      </Table.Td>
      <Table.Td ta="right">
        <Money value={data.decimal?.limit ?? String(data.limit)} unit={unit} />
        {unit === '' && <Small>{METRICS[data.metric]}</Small>}
      </Table.Td>
      <Table.Td>
        {WINDOWS[data.window as keyof typeof WINDOWS] ?? data.window}
        <Small>
          from <When at={data.windowStart} />
        </Small>
      </Table.Td>
    </Table.Tr>
  )
}
