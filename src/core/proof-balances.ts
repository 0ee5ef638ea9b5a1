/** Proves balances: what entries and reservations come to for each account and each grant. */
import { type Carrying, given, sumsIn } from './carried-sums.ts'
import type { Account, Entry, Grant, Reservation } from './ledger-rows.ts'
import { differing, type Finding, found } from './proof-findings.ts'

export type Balances = Carrying & {
  hold(row: Reservation): void
  move(organisationId: bigint, entry: Entry): void
  account(row: Account): Finding<Account>[]
  grant(row: Grant): Finding<Grant>[]
}

type Balance = { organisationId: bigint; posted: bigint; debt: bigint; reserved: bigint }
type Left = { organisationId: bigint; remaining: bigint; reserved: bigint }

export function createBalances(): Balances {
  const accounts = new Map<bigint, Balance>()
  const grants = new Map<bigint, Left>()
  const accountOf = (id: bigint, organisationId: bigint) =>
    found(accounts, id, () => ({ organisationId, posted: 0n, debt: 0n, reserved: 0n }))
  const grantOf = (id: bigint, organisationId: bigint) =>
    found(grants, id, () => ({ organisationId, remaining: 0n, reserved: 0n }))
  return {
    hold({ organisationId, accountId, amount, allocations }) {
      if (accountId !== null) accountOf(accountId, organisationId).reserved += amount
      for (const { grantId, nanos } of allocations)
        if (grantId !== null) grantOf(grantId, organisationId).reserved += nanos
    },
    move(organisationId, { account, grantId, nanos }) {
      if (typeof account !== 'bigint') return
      const balance = accountOf(account, organisationId)
      balance.posted += nanos
      if (grantId === null) balance.debt += nanos
      else grantOf(grantId, organisationId).remaining += nanos
    },
    account(row) {
      const { posted, debt, reserved } = accounts.get(row.id) ?? { posted: 0n, debt: 0n, reserved: 0n }
      const [named, stored] = [{ id: row.id }, { posted: row.posted, reserved: row.reserved }]
      const owed =
        debt > 0n ? [{ table: 'accounts', row: named, field: 'overdraft' as const, stored: debt, computed: 0n }] : []
      return [...differing<Account>('accounts', named, stored, { posted, reserved }), ...owed]
    },
    grant: ({ id, remaining, reserved }) =>
      differing<Grant>('grants', { id }, { remaining, reserved }, grants.get(id) ?? { remaining: 0n, reserved: 0n }),
    give: () => [
      ...[...accounts].map(([id, { organisationId, posted, debt }]) =>
        given(organisationId, 'account', id, { posted, debt }),
      ),
      ...[...grants].map(([id, { organisationId, remaining }]) => given(organisationId, 'grant', id, { remaining })),
    ],
    take(row) {
      if (row.kind === 'account') {
        const { posted, debt } = sumsIn(row, ['posted', 'debt'])
        const balance = accountOf(BigInt(row.subject), row.organisationId)
        balance.posted += posted
        balance.debt += debt
      } else if (row.kind === 'grant') {
        grantOf(BigInt(row.subject), row.organisationId).remaining += sumsIn(row, ['remaining']).remaining
      } else return false
      return true
    },
  }
}
