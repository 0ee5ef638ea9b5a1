/** Budgets: what each allows, what of it is spent and held, and when it begins anew. */
import { Button, Group, Progress, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Budget } from '@turnpike/sdk'
import { client } from '../client.ts'
import { now } from '../clock.ts'
import { isAbove } from '../decimal.ts'
import { Confirm, useDialog } from '../dialog.tsx'
import { useOpened } from '../filters.tsx'
import { forecastOf } from '../forecast.ts'
import { Money } from '../money.tsx'
import { useAccountNames, useKeyNames } from '../names.ts'
import { Page } from '../page.tsx'
import { PagedList, usePagedList } from '../paged-list.tsx'
import { percentOf } from '../percent.ts'
import { RowButton } from '../row-button.tsx'
import { useIsAdmin } from '../session.ts'
import { StateBadge } from '../state-badge.tsx'
import { type ColumnOf, DataTable, Small } from '../table.tsx'
import { When } from '../when.tsx'
import { ChangeBudget } from './budgets-change.tsx'
import { CreateBudget, METRICS, SCOPES, WINDOWS } from './budgets-create.tsx'
import { BudgetHistory } from './budgets-history.tsx'
import { Lifetime, windowSearch } from './budgets-preview.tsx'

export function BudgetsScreen() {
  const isAdmin = useIsAdmin()
  const creating = useOpened('new')
  const changing = useDialog<Budget>()
  const ending = useDialog<Budget>()
  const list = usePagedList(
    ['budgets'],
    (start) => client.admin.listBudgets(start),
    ({ budgets }) => budgets,
  )
  const actions: ColumnOf<Budget> = {
    head: 'Actions',
    cell: (budget) => (
      <Group gap={4} wrap="nowrap">
        <RowButton of={budget.name} label="Change" onClick={() => changing.open(budget)} />
        <RowButton of={budget.name} label="Delete" isDanger onClick={() => ending.open(budget)} />
      </Group>
    ),
  }
  return (
    <Page title="Budgets" actions={isAdmin && <Button onClick={() => creating.open()}>Create budget</Button>}>
      <Text c="dimmed">A call has to pass every budget that binds it. A limit of 0 refuses all.</Text>
      <PagedList list={list} what="Budgets" empty="There is no budget: nothing is refused but by the limits of keys.">
        {(rows, isWhole) => (
          <DataTable
            caption="Budgets"
            width={960}
            columns={isAdmin ? [...COLUMNS, actions] : COLUMNS}
            rows={rows}
            idOf={({ id }) => id}
            sortedAs={isWhole ? 'budgets' : undefined}
          />
        )}
      </PagedList>
      <BudgetHistory />
      {isAdmin && creating.isOpen && <CreateBudget onClose={creating.close} />}
      {changing.subject && <ChangeBudget budget={changing.subject} onClose={changing.close} />}
      {ending.subject && (
        <Confirm
          title={`Delete ${ending.subject.name}`}
          submit="Delete"
          change={() => client.admin.deleteBudget(ending.subject?.id ?? '')}
          onClose={ending.close}
        >
          It refuses nothing from now on. What it counted stays.
        </Confirm>
      )}
    </Page>
  )
}

const COLUMNS: readonly ColumnOf<Budget>[] = [
  { head: 'Name', isHead: true, by: ({ name }) => name, cell: ({ name }) => name },
  { head: 'Binds', by: ({ scope }) => SCOPES[scope], cell: (budget) => <Bound budget={budget} /> },
  {
    head: '>Limit',
    cell: (budget) => (
      <>
        <Amount budget={budget} name="limit" />
        <Small>{WINDOWS[budget.window]}</Small>
      </>
    ),
  },
  {
    head: '>Spent',
    cell: (budget) => (
      <>
        <Spent budget={budget} />
        <Forecast budget={budget} />
        <Lifetime budget={budget} />
      </>
    ),
  },
  { head: '>Reserved', cell: (budget) => <Amount budget={budget} name="reserved" /> },
  {
    head: '>Left',
    look: { miw: 110 },
    by: (budget) => 100 - usedOf(budget),
    cell: (budget) => <Left budget={budget} />,
  },
  { head: 'Resets', by: ({ windowEnd }) => windowEnd, cell: (budget) => <Resets budget={budget} /> },
  { head: 'State', cell: (budget) => <BudgetState budget={budget} /> },
]

const usedOf = ({ decimal }: Budget): number => percentOf(decimal.spent ?? '0', decimal.limit ?? '0')

/** What is spent, held and left, as one bar. */
function Left({ budget }: { budget: Budget }) {
  const { name, decimal } = budget
  const used = usedOf(budget)
  const held = Math.min(percentOf(decimal.reserved ?? '0', decimal.limit ?? '0'), 100 - used)
  const colour = used >= 100 ? 'red' : used >= 80 ? 'yellow' : 'blue'
  return (
    <>
      <Amount budget={budget} name="remaining" />
      <Progress.Root size="lg" mt={4}>
        <Progress.Section value={used} color={colour} aria-label={`Spent of ${name}`} />
        <Progress.Section value={held} color="gray" aria-label={`Reserved of ${name}`} />
      </Progress.Root>
      <Small>{Math.floor(used)} % spent</Small>
    </>
  )
}

const Resets = ({ budget: { window, windowEnd, timeZone, coming } }: { budget: Budget }) => (
  <>
    {windowEnd === null ? <span>{window === 'request' ? 'each call' : 'never'}</span> : <When at={windowEnd} />}
    {windowEnd !== null && <Small>{timeZone}</Small>}
    {coming !== null && (
      <Small>
        then {WINDOWS[coming.window]}, {coming.timeZone}
      </Small>
    )}
  </>
)

function BudgetState({ budget: { action, blockedAt, decimal } }: { budget: Budget }) {
  const isOver = decimal.remaining === '0'
  if (blockedAt !== null)
    return (
      <>
        <StateBadge tone={isOver ? 'bad' : 'warn'}>{isOver ? 'used up, refuses' : 'has refused'}</StateBadge>
        <Small>
          since <When at={blockedAt} />
        </Small>
      </>
    )
  if (action === 'alert')
    return <StateBadge tone={isOver ? 'warn' : 'off'}>{isOver ? 'over, tells only' : 'tells only'}</StateBadge>
  return <StateBadge tone={isOver ? 'bad' : 'good'}>{isOver ? 'used up' : 'within'}</StateBadge>
}

/** Beside what is spent: where that leads. */
function Forecast({ budget }: { budget: Budget }) {
  const forecast = forecastOf(budget, now())
  if (forecast === undefined) return null
  const isOver = isAbove(forecast, budget.decimal.limit ?? '0')
  return (
    <Small>
      at this rate{' '}
      <Text span inherit {...(isOver ? { c: 'red', fw: 700 } : {})}>
        <Money value={forecast} unit={budget.metric === 'usd' ? '$' : ''} />
      </Text>{' '}
      at its end
    </Small>
  )
}

function Spent({ budget }: { budget: Budget }) {
  const search = windowSearch(budget)
  const amount = <Amount budget={budget} name="spent" />
  return search === undefined ? (
    amount
  ) : (
    <Link to="/usage" search={search}>
      {amount}
    </Link>
  )
}

type AmountName = 'limit' | 'spent' | 'reserved' | 'remaining'

function Amount({ budget: { metric, decimal }, name }: { budget: Budget; name: AmountName }) {
  const value = decimal[name] ?? '0'
  if (metric === 'usd') return <Money value={value} />
  return (
    <>
      <Money value={value} unit="" />
      {name === 'limit' && <Small>{METRICS[metric]}</Small>}
    </>
  )
}

/** Whom it binds, with the way to what was counted. */
function Bound({ budget: { scope, scopeId, isTemplate } }: { budget: Budget }) {
  const keys = useKeyNames()
  const accounts = useAccountNames()
  const what = <Small>{SCOPES[scope]}</Small>
  if (scope === 'organisation') return <span>{SCOPES.organisation}</span>
  return (
    <>
      {scope === 'api_key' && (
        <Link to="/usage" search={{ key: scopeId }}>
          {keys.get(scopeId) ?? `${scopeId.slice(0, 12)}…`}
        </Link>
      )}
      {scope === 'account' && (
        <Link to="/accounts/$id" params={{ id: scopeId }}>
          {accounts.get(scopeId) ?? scopeId}
        </Link>
      )}
      {scope === 'model' && (
        <Link to="/usage" search={{ model: scopeId }}>
          {scopeId}
        </Link>
      )}
      {(scope === 'end_user' || scope === 'tag') && <span>{isTemplate ? 'each by themself' : scopeId}</span>}
      {what}
    </>
  )
}
