/** Accounts as the API shows them: found by either name, listed newest first, created once for each externalId. */
import type { Idempotency } from '../core/ledger-commands.ts'
import type { Id } from '../lib/id.ts'
import { type Due, dueBy, lossOf } from './due.ts'
import { thresholdOf } from './low-credit.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { grantPlans } from './plans.ts'
import { rowByCode } from './row-by-code.ts'
import type { Query, Store } from './store.ts'

export type StoredAccount = Id & {
  readonly externalId: string
  readonly name: string
  readonly email: string | null
  readonly metadata: string | null
  readonly status: string
  readonly overage: string
  readonly reserveMode: string | null
  /** What holds: its own, or its organisation's. */
  readonly lowCredit: bigint | null
  /** As of the instant that was asked for, whether or not what is over by then was booked yet. */
  readonly posted: bigint
  readonly reserved: bigint
  readonly overdraft: bigint
  readonly createdAt: number
  readonly updatedAt: number
}

export type AccountName = { readonly id: bigint } | { readonly code: string } | { readonly externalId: string }

export async function findAccount(
  store: Store,
  organisationId: bigint,
  name: AccountName,
  at: number,
): Promise<StoredAccount | undefined> {
  const query = accountsOf(store, organisationId)
  const { rows } = await granted(store, at, async () => {
    if (!('code' in name))
      return {
        rows: await store.rows(
          'id' in name ? query.where('id', '=', name.id) : query.where('external_id', '=', name.externalId),
        ),
      }
    const row = await rowByCode(store, query, name.code)
    return { rows: row ? [row] : [] }
  })
  return (await asOf(store, organisationId, rows, at))[0]
}

/** One more than the limit, so that the caller sees whether there are more. */
export async function listAccounts(
  store: Store,
  organisationId: bigint,
  { page, only, at }: { page: PageOf; only: bigint | undefined; at: number },
): Promise<{ accounts: StoredAccount[]; total: number }> {
  const all = accountsOf(store, organisationId)
  const matching = only === undefined ? all : all.where('id', '=', only)
  const { rows, total } = await granted(store, at, () => pageOf(store, matching, page))
  return { accounts: await asOf(store, organisationId, rows, at), total }
}

export type NewAccount = Id & {
  readonly organisationId: bigint
  readonly externalId: string
  readonly name: string
  readonly email: string | null
  readonly metadata: string | null
  readonly at: number
}

/** False: the externalId is taken, and nothing was written. With an idempotency key its answer is kept in the same step. */
export async function createAccount(
  store: Store,
  account: NewAccount,
  audit: Query<unknown>,
  remembered?: { name: Idempotency; answer: string },
): Promise<boolean> {
  const at = BigInt(account.at)
  const values = {
    id: account.id,
    code: account.code,
    organisation_id: account.organisationId,
    external_id: account.externalId,
    name: account.name,
    email: account.email,
    metadata: account.metadata,
    status: 'open',
    overage: 'charge',
    reserve_mode: null,
    overdraft_nanos: 0n,
    posted_nanos: 0n,
    reserved_nanos: 0n,
    last_at: 0n,
    low_credit_nanos: thresholdOf(store, account.organisationId),
    created_at: at,
    updated_at: at,
  }
  const insert = store.sql
    .insertInto('accounts')
    .values(values)
    .onConflict((conflict) => conflict.columns(['organisation_id', 'external_id']).doNothing())
  const queries = remembered ? [insert, remembering(store, account, remembered)] : [insert]
  const [created] = await store.write([...queries, audit])
  return created === 1
}

export type AccountChange = {
  readonly name?: string | undefined
  readonly email?: string | null | undefined
  readonly metadata?: string | null | undefined
  readonly overage?: string | undefined
  readonly overdraft?: bigint | undefined
  readonly reserveMode?: string | null | undefined
  /** Null: its organisation's again. */
  readonly lowCredit?: bigint | null | undefined
}

/** Everything but its status, which the ledger keeps. What is undefined stays. */
export async function updateAccount(
  store: Store,
  { organisationId, id }: { organisationId: bigint; id: bigint },
  { name, email, metadata, overage, overdraft, reserveMode, lowCredit }: AccountChange,
  { at, audit }: { at: number; audit: Query<unknown> },
): Promise<void> {
  const changed = { name, email, metadata, overage, overdraft_nanos: overdraft, reserve_mode: reserveMode }
  const set = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined))
  const low =
    lowCredit === undefined
      ? {}
      : lowCredit === null
        ? { low_credit_own: 0n, low_credit_nanos: thresholdOf(store, organisationId) }
        : { low_credit_own: 1n, low_credit_nanos: lowCredit }
  await store.write([
    store.sql
      .updateTable('accounts')
      .set({ ...set, ...low, updated_at: BigInt(at) })
      .where('organisation_id', '=', organisationId)
      .where('id', '=', id),
    audit,
  ])
}

/** Only beside an account that was created: a refusal does not stick to its key. */
function remembering(
  store: Store,
  { id, organisationId, at }: NewAccount,
  { name, answer }: { name: Idempotency; answer: string },
) {
  return store.sql
    .insertInto('idempotency')
    .columns(['organisation_id', 'principal', 'operation', 'key', 'fingerprint', 'state', 'outcome', 'created_at'])
    .expression((of) =>
      of
        .selectFrom('accounts')
        .where('organisation_id', '=', organisationId)
        .where('id', '=', id)
        .select([
          'organisation_id',
          of.val(name.principal).as('principal'),
          of.val(name.operation).as('operation'),
          of.val(name.key).as('key'),
          of.val(name.fingerprint).as('fingerprint'),
          of.val('done').as('state'),
          of.val(answer).as('outcome'),
          of.cast<bigint>(of.val(BigInt(at)), 'bigint').as('created_at'),
        ]),
    )
}

const COLUMNS = [
  'id',
  'code',
  'external_id',
  'name',
  'email',
  'metadata',
  'status',
  'overage',
  'reserve_mode',
  'low_credit_nanos',
  'posted_nanos',
  'reserved_nanos',
  'overdraft_nanos',
  'created_at',
  'updated_at',
] as const

/** With the instant at which the next grant of their plan is due. */
const accountsOf = (store: Store, organisationId: bigint) =>
  store.sql
    .selectFrom('accounts')
    .where('organisation_id', '=', organisationId)
    .select(COLUMNS)
    .select(({ selectFrom }) =>
      selectFrom('plan_assignments as s')
        .whereRef('s.organisation_id', '=', 'accounts.organisation_id')
        .whereRef('s.account_id', '=', 'accounts.id')
        .where('s.ended_at', 'is', null)
        .select('s.next_at')
        .as('plan_due_at'),
    )

type AccountRow = {
  id: bigint
  code: string
  external_id: string
  name: string
  email: string | null
  metadata: string | null
  status: string
  overage: string
  reserve_mode: string | null
  low_credit_nanos: bigint | null
  posted_nanos: bigint
  reserved_nanos: bigint
  overdraft_nanos: bigint
  created_at: bigint
  updated_at: bigint
  plan_due_at: bigint | null
}

/** No rule waits for a job: grants of plans that are due by now are posted first. */
async function granted<Page>(store: Store, at: number, read: () => Promise<Page & { rows: AccountRow[] }>) {
  const page = await read()
  const due = page.rows.filter((row) => row.plan_due_at !== null && row.plan_due_at <= BigInt(at))
  if (due.length === 0) return page
  for (const { id } of due) await grantPlans(store, at, id)
  return read()
}

/** What is dead by now, and grants that are over, count as gone. */
async function asOf(
  store: Store,
  organisationId: bigint,
  rows: readonly AccountRow[],
  at: number,
): Promise<StoredAccount[]> {
  const due =
    rows.length === 0
      ? new Map<bigint, Due>()
      : await dueBy(
          store,
          organisationId,
          rows.map(({ id }) => id),
          at,
        )
  return rows.map((row) => {
    const over = due.get(row.id) ?? {}
    return {
      id: row.id,
      code: row.code,
      externalId: row.external_id,
      name: row.name,
      email: row.email,
      metadata: row.metadata,
      status: row.status,
      overage: row.overage,
      reserveMode: row.reserve_mode,
      lowCredit: row.low_credit_nanos,
      posted: row.posted_nanos - lossOf(over, row.posted_nanos),
      reserved: row.reserved_nanos - (over.freed ?? 0n),
      overdraft: row.overdraft_nanos,
      createdAt: Number(row.created_at),
      updatedAt: Number(row.updated_at),
    }
  })
}
