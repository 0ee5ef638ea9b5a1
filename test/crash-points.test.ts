/** A batch is cut at each of its statements: all of it is there afterwards, or nothing, and a repetition comes to the same. */
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import type { Command } from '../src/core/ledger-commands.ts'
import { createIds } from '../src/lib/id.ts'
import { systemRandom } from '../src/lib/random.ts'
import { migrate } from '../src/store/migrate.ts'
import { createSqliteLedger, type SqliteLedger } from '../src/store/sqlite-ledger.ts'
import { budgets } from '../src/store/tables.ts'
import { budgetOf, ORGANISATION, START, testClock } from './backends.ts'
import { commandsAt, refusalOf, usd } from './commands.ts'

const ACCOUNT = 7n
const BUDGET = budgetOf({ id: 8n, code: 'budget', limit: usd(100) })
const KEY = 9n

type Rig = { db: BetterSqlite3.Database; ledger: SqliteLedger; cut: Cut }
/** Which of the statements to come fails, and whether all after it do too. */
type Cut = { at: number; forGood: boolean; seen: number }

const open: BetterSqlite3.Database[] = []
afterEach(() => {
  for (const db of open.splice(0)) db.close()
})

async function rig(): Promise<Rig> {
  const migrating = new BetterSqlite3(':memory:')
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: migrating }) })
  await migrate(kysely, 'sqlite')
  const db = new BetterSqlite3(migrating.serialize())
  await kysely.destroy()
  open.push(db)
  db.defaultSafeIntegers(true)
  db.prepare(
    `INSERT INTO accounts (id, organisation_id, code, external_id, name, status, overage, overdraft_nanos, posted_nanos,
       reserved_nanos, last_at, created_at, updated_at)
     VALUES (${ACCOUNT}, ${ORGANISATION}, 'a', 'a', 'a', 'open', 'charge', 0, 0, 0, 0, 0, 0)`,
  ).run()
  const columns = [...budgets.columns, 'created_at']
  db.prepare(`INSERT INTO budgets (${columns}) VALUES (${columns.map(() => '?')})`).run(...budgets.cells(BUDGET), 0n)
  const cut: Cut = { at: Number.POSITIVE_INFINITY, forGood: false, seen: 0 }
  const ids = createIds({ clock: testClock(), random: systemRandom, node: 1 })
  return { db, cut, ledger: createSqliteLedger(failing(db, cut), ids) }
}

/** The database as the ledger sees it: every write and every COMMIT may be the one that fails. */
function failing(db: BetterSqlite3.Database, cut: Cut): BetterSqlite3.Database {
  const pass = (what: string) => {
    cut.seen += 1
    if (cut.forGood ? cut.seen >= cut.at : cut.seen === cut.at) throw new Error(`cut at ${what}`)
  }
  const wrap = <T extends object>(target: T, own: Partial<Record<keyof T, unknown>>): T =>
    new Proxy(target, {
      get(_target, name) {
        if (name in own) return own[name as keyof T]
        const value = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  return wrap(db, {
    exec(text: string) {
      if (text === 'COMMIT') pass(text)
      return db.exec(text)
    },
    prepare(text: string) {
      const statement = db.prepare(text)
      if (statement.reader) return statement
      return wrap(statement, {
        run(...cells: unknown[]) {
          pass(text.slice(0, 40))
          return statement.run(...cells)
        },
      })
    },
  })
}

/** A batch of every kind of write: grants, reservations of both kinds, ends, postings, counters, sums, keys. */
function batch(): Command[] {
  const clock = testClock()
  const make = commandsAt(() => clock.now(), createIds({ clock, random: systemRandom }))
  const chain = [{ budgetId: BUDGET.id, windowStart: 0, windowEnd: null }]
  const [credit, other] = [make.reserve(ACCOUNT, usd(2)), make.reserve(ACCOUNT, usd(2))]
  const [call, pending] = [
    make.admit(ACCOUNT, usd(3), { chain, apiKeyId: KEY }),
    make.admit(ACCOUNT, usd(1), { chain }),
  ]
  const details = {
    hash: 'h',
    organisationId: ORGANISATION,
    endUser: 'ada',
    sessionId: null,
    userAgent: null,
    referer: null,
    title: null,
    metadata: null,
    createdAt: START,
  }
  return [
    make.grant(ACCOUNT, usd(10), { expiresAt: START + 1000, paymentId: 'pay' }),
    make.grant(ACCOUNT, usd(10)),
    credit,
    other,
    call,
    pending,
    make.confirm(credit, usd(1), { idempotency: { principal: 'p', operation: 'confirm', key: 'k', fingerprint: 'f' } }),
    make.cancel(other),
    make.settle(call, usd(2), { holds: chain.map((link) => ({ ...link, quantity: 0n })), details }),
    make.debit(ACCOUNT, usd(1)),
    make.refund(call.id, usd(1)),
  ]
}

const TABLES = [
  'accounts',
  'grants',
  'transactions',
  'reservations',
  'ended_reservations',
  'usage_records',
  'call_details',
  'idempotency',
  'budget_counters',
  'key_usage',
  'rollups',
]

/** All rows, without the numbers that a repetition draws anew. */
function rowsOf(db: BetterSqlite3.Database) {
  const drawn = /^(id|code|grant_id|entries|allocations|result|outcome|reverses_id)$/
  return TABLES.map((table) =>
    (db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all() as Record<string, unknown>[]).map((row) =>
      Object.fromEntries(Object.entries(row).filter(([column]) => !drawn.test(column))),
    ),
  )
}

describe('a batch on SQLite', () => {
  test('that fails once, at any statement, is done again whole', async () => {
    const commands = batch()
    const whole = await rig()
    expect(whole.ledger.post(commands).map(refusalOf)).toEqual(commands.map(() => 'done'))
    const statements = whole.cut.seen
    expect(statements).toBeGreaterThan(15)
    const expected = rowsOf(whole.db)
    for (let at = 1; at <= statements; at++) {
      const { db, ledger, cut } = await rig()
      cut.at = at
      expect(ledger.post(commands).map(refusalOf)).toEqual(commands.map(() => 'done'))
      expect(sorted(rowsOf(db))).toEqual(sorted(expected))
      db.close()
    }
  })

  test('that fails for good, at any statement, leaves no row, and goes through once the database is back', async () => {
    const commands = batch()
    const whole = await rig()
    whole.ledger.post(commands)
    const statements = whole.cut.seen
    const { db, ledger, cut } = await rig()
    const before = rowsOf(db)
    for (let at = 1; at <= statements; at++) {
      // Halves are small batches of their own: the first to fail must not let a later one through.
      Object.assign(cut, { at, forGood: true, seen: 0 })
      const outcomes = ledger.post(commands)
      if (outcomes.every(({ ok }) => !ok)) expect(rowsOf(db)).toEqual(before)
      else expect.unreachable('a command went through a database that fails for good')
    }
    Object.assign(cut, { at: Number.POSITIVE_INFINITY, forGood: false })
    expect(ledger.post(commands).map(refusalOf)).toEqual(commands.map(() => 'done'))
    expect(sorted(rowsOf(db))).toEqual(sorted(rowsOf(whole.db)))
  })
})

const sorted = (tables: Record<string, unknown>[][]) =>
  tables.map((rows) =>
    rows
      .map((row) => JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)))
      .sort(),
  )
