/** The statement of a month: what there was, what came and went of each kind, and what is left. */
import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type Account, sumOf, type Transaction } from '@turnpike/sdk'
import { client } from '../client.ts'
import { plus } from '../days.ts'
import { negated } from '../decimal.ts'
import { Loaded } from '../loaded.tsx'
import { whole } from '../numbers.ts'
import { Section } from '../section.tsx'
import { type ColumnOf, DataTable } from '../table.tsx'
import { Credits } from './accounts-credits.tsx'

type Props = {
  readonly account: Account
  /** `2026-11`. */
  readonly month: string
  /** Of all of it as a file. */
  readonly csv: string
}

/** More than a page is made for; a file holds them all. */
const MOST = 10_000

export function Statement({ account, month, csv }: Props) {
  const statement = useQuery({
    queryKey: ['statement', account.id, month],
    queryFn: () => statementOf(account.id, daysOf(month)),
  })
  const print = (
    <Button variant="default" onClick={() => window.print()}>
      Print
    </Button>
  )
  return (
    <div className="statement">
      <Section title={`Statement for ${nameOf(month)}`} actions={print}>
        <Text size="sm" c="dimmed">
          {account.name} · {account.externalId} · {account.id}
        </Text>
        <Loaded query={statement} what="The statement">
          {(found) =>
            found === null ? (
              <Text>
                The month has more than {whole(MOST)} transactions. <a href={csv}>The CSV</a> has them all.
              </Text>
            ) : (
              <Sums {...found} />
            )
          }
        </Loaded>
      </Section>
    </div>
  )
}

const nameOf = (month: string): string =>
  new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${month}-01`))

type Sum = { readonly count: number; readonly amount: string }
type Found = {
  readonly opening: string
  readonly sums: ReadonlyMap<Transaction['kind'], Sum>
  readonly closing: string
}

/** Null: there are too many transactions. */
async function statementOf(accountId: string, { startDate, endDate }: Days): Promise<Found | null> {
  const before = await client.listTransactions({ accountId, endDate: plus(startDate, -1), limit: 1 })
  const opening = before.items[0]?.decimal.balanceAfter ?? '0'
  const sums = new Map<Transaction['kind'], Sum>()
  let closing: string | undefined
  let all = 0
  for await (const transaction of client.listTransactions({ accountId, startDate, endDate, limit: 500 })) {
    if (all++ === MOST) return null
    closing ??= transaction.decimal.balanceAfter
    const { count, amount } = sums.get(transaction.kind) ?? { count: 0, amount: '0' }
    sums.set(transaction.kind, { count: count + 1, amount: sumOf([amount, signed(transaction)]) })
  }
  return { opening, sums, closing: closing ?? opening }
}

type Days = { readonly startDate: string; readonly endDate: string }

/** The whole days of a month; the server counts them in the zone of the organisation. */
export function daysOf(month: string): Days {
  const [year = 0, number = 0] = month.split('-').map(Number)
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate()
  return { startDate: `${month}-01`, endDate: `${month}-${last}` }
}

const signed = ({ type, decimal: { amount = '0' } }: Transaction): string =>
  type === 'credit' ? amount : negated(amount)

function Sums({ opening, sums, closing }: Found) {
  const lines: readonly Line[] = [
    { what: 'Opening balance', amount: opening },
    ...[...sums].map(([what, sum]) => ({ what, ...sum })),
    { what: 'Closing balance', amount: closing },
  ]
  return <DataTable caption="Statement" width={360} columns={LINES} rows={lines} idOf={({ what }) => what} />
}

type Line = { readonly what: string; readonly count?: number; readonly amount: string }

const LINES: readonly ColumnOf<Line>[] = [
  { head: 'What', isHead: true, cell: ({ what }) => what },
  { head: '>Number', cell: ({ count }) => (count === undefined ? '' : whole(count)) },
  { head: '>Credits', amount: ({ amount }) => amount, cell: ({ amount }) => <Credits value={amount} /> },
]
