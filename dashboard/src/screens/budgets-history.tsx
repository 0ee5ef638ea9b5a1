/** What budgets refused and which thresholds were met, newest first. */
import { NativeSelect } from '@mantine/core'
import type { BudgetBlockedEvent, BudgetThresholdReachedEvent } from '@turnpike/sdk'
import { client } from '../client.ts'
import { useView } from '../filters.tsx'
import { Money } from '../money.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { Section } from '../section.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { When } from '../when.tsx'
import { METRICS, WINDOWS } from './budgets-create.tsx'

type BudgetEvent = BudgetBlockedEvent | BudgetThresholdReachedEvent

const SHOWN = { refusals: 'Refusals', thresholds: 'Thresholds met' } as const
const EMPTY = { refusals: 'No budget has refused a call.', thresholds: 'No threshold was met yet.' } as const

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
        {(rows, isWhole) => (
          <DataTable
            caption="History"
            width={760}
            columns={COLUMNS}
            rows={rows}
            idOf={({ data }) => data.eventId}
            sortedAs={isWhole ? 'history' : undefined}
          />
        )}
      </PagedList>
    </Section>
  )
}

const COLUMNS: readonly ColumnOf<BudgetEvent>[] = [
  { head: 'When', by: ({ timestamp }) => timestamp, cell: ({ timestamp }) => <When at={timestamp} /> },
  { head: 'Budget', isHead: true, by: ({ data }) => data.name, cell: ({ data }) => data.name },
  {
    head: 'What',
    cell: ({ type, data }) => (
      <>
        {type === 'budget.blocked' ? 'first refusal of the window' : `${data.thresholds?.join(' % and ')} % met`}
        {data.action === 'alert' && <Small>tells only</Small>}
      </>
    ),
  },
  {
    head: '>Spent',
    cell: ({ data }) => <Money value={data.decimal?.value ?? String(data.value)} unit={unitOf(data)} />,
  },
  {
    head: '>Limit',
    cell: ({ data }) => (
      <>
        <Money value={data.decimal?.limit ?? String(data.limit)} unit={unitOf(data)} />
        {data.metric !== 'usd' && <Small>{METRICS[data.metric]}</Small>}
      </>
    ),
  },
  {
    head: 'Window',
    cell: ({ data }) => (
      <>
        {WINDOWS[data.window as keyof typeof WINDOWS] ?? data.window}
        <Small>
          from <When at={data.windowStart} />
        </Small>
      </>
    ),
  },
]

const unitOf = ({ metric }: BudgetEvent['data']) => (metric === 'usd' ? '$' : '')
