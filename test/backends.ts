/**
 * Real stores for tests: a SQLite file in a folder of its own, or a fresh PostgreSQL database. Each comes with a clock
 * that the test moves, and with hands to make what commands refer to.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Budget } from '../src/core/budget-rows.ts'
import type { Overage } from '../src/core/ledger-rows.ts'
import { utcRule } from '../src/core/window.ts'
import type { Clock } from '../src/lib/clock.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { budgets as budgetTable } from '../src/store/tables.ts'
import { freshDatabase } from './setup/fresh-database.ts'

export type TestClock = Clock & { forward(ms: number): void; moveTo(instant: number): void }

export type Backend = {
  readonly store: Store
  readonly clock: TestClock
  /** Where the data lies: a file or a connection string. */
  readonly place: string
  organisation(): Promise<bigint>
  account(more?: AccountOptions): Promise<bigint>
  key(more?: KeyOptions): Promise<bigint>
  budget(more: BudgetOptions): Promise<Budget>
  close(): Promise<void>
}

type AccountOptions = { organisationId?: bigint; externalId?: string; overage?: Overage; overdraft?: bigint }
type KeyOptions = { organisationId?: bigint; accountId?: bigint | null }
type BudgetOptions = Partial<Omit<Budget, 'limit' | 'id'>> & Pick<Budget, 'limit'>

/** The organisation that rows belong to where a test names none. */
export const ORGANISATION = 1n
export const START = Date.UTC(2026, 2, 2, 12)

/** Stands still until it is moved; durations and timers are the real ones. */
export function testClock(start = START): TestClock {
  let now = start
  return {
    ...systemClock,
    now: () => now,
    forward(ms) {
      now += ms
    },
    moveTo(instant) {
      now = instant
    },
  }
}

export async function openSqliteBackend(): Promise<Backend> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-store-'))
  const place = join(folder, 'turnpike.db')
  const clock = testClock()
  const store = await openSqlite({ file: place, clock, random: systemRandom })
  return backend(store, clock, place, () => rm(folder, { recursive: true, force: true }))
}

export async function openPostgresBackend(): Promise<Backend> {
  return onPostgres(await freshDatabase(), testClock())
}

/** On PostgreSQL time is the database's: this one begins with it, and store and test move on together. */
export async function openMovingBackend(place?: string): Promise<Backend> {
  const by = { ms: 0 }
  const clock: TestClock = {
    ...systemClock,
    now: () => systemClock.now() + by.ms,
    elapsed: () => systemClock.elapsed() + by.ms,
    forward(ms) {
      by.ms += ms
    },
    moveTo(instant) {
      by.ms += instant - clock.now()
    },
  }
  // The lease is renewed by real time, and with it the clock read anew: not within a test.
  return onPostgres(place ?? (await freshDatabase()), clock, 86_400_000)
}

async function onPostgres(place: string, clock: TestClock, leaseMs?: number): Promise<Backend> {
  const store = await openPostgres({ url: place, clock, random: systemRandom, leaseMs })
  return backend(store, clock, place, async () => {})
}

function backend(store: Store, clock: TestClock, place: string, cleanUp: () => Promise<void>): Backend {
  const created = () => BigInt(clock.now())
  return {
    store,
    clock,
    place,
    async organisation() {
      const { id, code } = store.ids.next()
      const row = { id, code, name: code, time_zone: 'UTC', created_at: created() }
      await store.write([store.sql.insertInto('organisations').values(row)])
      return id
    },
    async account({ organisationId = ORGANISATION, externalId, overage = 'charge', overdraft = 0n } = {}) {
      const { id, code } = store.ids.next()
      await store.write([
        store.sql.insertInto('accounts').values({
          id,
          code,
          organisation_id: organisationId,
          external_id: externalId ?? code,
          name: code,
          email: null,
          metadata: null,
          status: 'open',
          overage,
          reserve_mode: null,
          overdraft_nanos: overdraft,
          posted_nanos: 0n,
          reserved_nanos: 0n,
          last_at: 0n,
          created_at: created(),
          updated_at: created(),
        }),
      ])
      return id
    },
    async key({ organisationId = ORGANISATION, accountId = null } = {}) {
      const { id, code } = store.ids.next()
      await store.write([
        store.sql.insertInto('api_keys').values({
          id,
          code,
          organisation_id: organisationId,
          hash: code,
          name: code,
          label: code,
          account_id: accountId,
          disabled: 0n,
          deleted_at: null,
          expires_at: null,
          limit_budget_id: null,
          include_byok_in_limit: 0n,
          created_at: created(),
          updated_at: null,
        }),
      ])
      return id
    },
    async budget(more) {
      const row = budgetOf({ ...store.ids.next(), createdAt: clock.now(), ...more })
      const cells = budgetTable.cells(row)
      const columns = Object.fromEntries(budgetTable.columns.map((column, index) => [column, cells[index]]))
      const values = { ...columns, deleted_at: null }
      await store.write([store.sql.insertInto('budgets').values(values as never)])
      return row
    },
    async close() {
      await store.close()
      await cleanUp()
    },
  }
}

/** A budget over the organisation in dollars without an end, but for what is said. */
export const budgetOf = (more: BudgetOptions & Pick<Budget, 'id' | 'code'>): Budget => ({
  organisationId: ORGANISATION,
  source: 'budget',
  name: 'test',
  scope: 'organisation',
  scopeId: String(ORGANISATION),
  metric: 'usd',
  ...utcRule('total'),
  action: 'block',
  version: 1,
  scopeName: null,
  thresholds: [],
  reserveMode: null,
  templateId: null,
  since: 0,
  coming: null,
  createdAt: 0,
  ...more,
})
