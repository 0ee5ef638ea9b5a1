import BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, ORGANISATION, openSqliteBackend, START } from '../../test/backends.ts'
import { commandsAt, GRACE, resultOf, TTL, usd } from '../../test/commands.ts'
import { detailsTexts } from '../core/call-details.ts'
import { createDetailsHash } from '../lib/details-hash.ts'
import type { Store } from '../store/store.ts'
import { type Ledger, verifyLedger } from './verify.ts'

let sound: Backend
beforeAll(async () => {
  sound = await openSqliteBackend()
  await fill(sound)
})
afterAll(() => sound.close())

/** Something of everything: credit, debt, living and ended reservations, calls with and without account, a key's limit. */
async function fill({ store, clock, account, key, budget }: Backend): Promise<void> {
  const make = commandsAt(() => clock.now(), store.ids)
  const [rich, poor] = [await account(), await account()]
  const apiKeyId = await key({ accountId: rich })
  const limit = await budget({ limit: usd(50), source: 'key_limit', scope: 'api_key', scopeId: String(apiKeyId) })
  const tagged = await budget({ limit: usd(50), scope: 'tag', scopeId: 'team:red' })
  const ann = await budget({ limit: usd(50), scope: 'end_user', scopeId: 'ann', metric: 'requests' })
  const chain = [limit, tagged, ann].map(({ id }) => ({ budgetId: id, windowStart: 0, windowEnd: null }))
  const personal = { sessionId: null, userAgent: null, referer: null, title: null }
  const details = {
    ...personal,
    ...{ hash: 'ann of red', organisationId: ORGANISATION, endUser: 'ann', metadata: '{"team":"red","nr":7}' },
    createdAt: clock.now(),
  }
  const posted = async (...commands: Parameters<Store['post']>[0][]) => {
    for (const command of commands) await store.post(command)
  }
  await posted(
    make.grant(rich, usd(100), { expiresAt: START + 86_400_000 }),
    make.grant(rich, usd(10)),
    make.grant(poor, usd(5)),
  )
  const [call, running, system] = [
    make.admit(rich, usd(3), { chain, apiKeyId }),
    make.admit(rich, usd(4), { chain, apiKeyId }),
    make.admit(null, usd(1)),
  ]
  await posted(
    call,
    running,
    system,
    make.settle(call, usd(2), { record: { detailsHash: details.hash }, details }),
    make.settle(system, null, { record: { source: 'estimated' } }),
  )
  const [kept, ended, owing] = [make.reserve(rich, usd(7)), make.reserve(rich, usd(8)), make.reserve(poor, usd(5))]
  await posted(kept, ended, owing, make.confirm(ended, usd(6)), make.confirm(owing, usd(9)))
  const explained = make.reserve(rich, usd(1))
  const items = JSON.stringify([{ meter: 'input', costNanos: String(usd(0.1)), chargeNanos: String(usd(0.2)) }])
  const { record } = make.usage(rich, null, { chargeNanos: usd(0.2), items })
  await posted(explained, make.confirm(explained, usd(0.2), { usage: [record] }))
  const debit = resultOf(await store.post(make.debit(rich, usd(1))), 'posted')
  await posted(make.refund(debit.transaction.id, usd(1)))
  const links = chain.slice(0, 2)
  await posted(make.refund(call.id, usd(0.5), { chain: links, call: { apiKeyId, admittedAt: call.at } }))
}

test('a sound ledger has no differences', async () => {
  expect(await verifyLedger(sound.store)).toEqual([])
  sound.clock.forward(TTL + GRACE)
  expect(await verifyLedger(sound.store)).toEqual([])
})

/** A copy of the sound database whose history can be changed, and a store on it without threads of its own. */
async function copy(): Promise<{ db: BetterSqlite3.Database; store: Ledger }> {
  const source = new BetterSqlite3(sound.place)
  const image = source.serialize()
  source.close()
  // The file format says "write-ahead log" in these two bytes, which a database in memory has not.
  image[18] = image[19] = 1
  const db = new BetterSqlite3(image)
  db.defaultSafeIntegers(true)
  const triggers = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all() as string[]
  for (const name of triggers) db.exec(`DROP TRIGGER ${name}`)
  const { engine, node, sql, now } = sound.store
  const store: Ledger = {
    ...{ engine, node, sql, now },
    async rows(query) {
      const { sql: text, parameters } = query.compile()
      return db.prepare(text).all(...parameters) as never
    },
    write: async (queries) =>
      queries.map((query) => {
        const { sql: text, parameters } = query.compile()
        return db.prepare(text).run(...parameters).changes
      }),
  }
  return { db, store }
}

/** One cell or row that was changed behind the ledger's back, and what must be named for it. */
const TAMPERED: readonly [what: string, statement: string, table: string, column: string][] = [
  [
    'a balance',
    'UPDATE accounts SET posted_nanos = posted_nanos + 1 WHERE posted_nanos > 0',
    'accounts',
    'posted_nanos',
  ],
  [
    'a reserved sum',
    'UPDATE accounts SET reserved_nanos = reserved_nanos + 1 WHERE posted_nanos > 0',
    'accounts',
    'reserved_nanos',
  ],
  [
    'what a grant has left',
    'UPDATE grants SET remaining_nanos = remaining_nanos + 1 WHERE amount_nanos = 10000000000',
    'grants',
    'remaining_nanos',
  ],
  [
    'what is reserved of a grant',
    'UPDATE grants SET reserved_nanos = reserved_nanos - 1 WHERE reserved_nanos > 0',
    'grants',
    'reserved_nanos',
  ],
  [
    'what a key limit has spent',
    'UPDATE budget_counters SET spent = spent + 1 WHERE budget_id = (SELECT min(id) FROM budgets)',
    'budget_counters',
    'spent',
  ],
  [
    'what a tag has spent',
    "UPDATE budget_counters SET spent = spent + 1 WHERE budget_id = (SELECT id FROM budgets WHERE scope = 'tag')",
    'budget_counters',
    'spent',
  ],
  [
    'what an end user has spent',
    "UPDATE budget_counters SET spent = spent + 1 WHERE budget_id = (SELECT id FROM budgets WHERE scope = 'end_user')",
    'budget_counters',
    'spent',
  ],
  [
    'what counts against the limit of a key after a refund',
    'UPDATE key_usage SET day_counted_nanos = day_nanos',
    'key_usage',
    'day_counted_nanos',
  ],
  ['what a counter has reserved', 'UPDATE budget_counters SET reserved = reserved - 1', 'budget_counters', 'reserved'],
  ["a key's total", 'UPDATE key_usage SET total_nanos = total_nanos - 1', 'key_usage', 'total_nanos'],
  ["a key's day", 'UPDATE key_usage SET day_nanos = 0', 'key_usage', 'day_nanos'],
  ["the day that a key's sum is of", 'UPDATE key_usage SET day = day + 86400000', 'key_usage', 'day'],
  ['a roll-up', 'UPDATE rollups SET output_tokens = output_tokens + 1', 'rollups', 'output_tokens'],
  ['a roll-up that is gone', "DELETE FROM rollups WHERE context = 'customer'", 'rollups', 'charge_nanos'],
  ['a roll-up of nothing', "UPDATE rollups SET model = 'other'", 'rollups', 'requests'],
  [
    'the charge of a usage that a confirmation told',
    'UPDATE usage_records SET charge_nanos = 7, charge_exact = NULL, items = \'[{"costNanos":"100000000","chargeNanos":"7"}]\' WHERE payload_hash IS NOT NULL',
    'transactions',
    'amount_nanos',
  ],
  [
    "a transaction's amount",
    "UPDATE transactions SET amount_nanos = amount_nanos + 1 WHERE type = 'debit'",
    'transactions',
    'amount_nanos',
  ],
  [
    'entries that do not sum to zero',
    `UPDATE transactions SET entries = replace(entries, '["revenue",null,"1', '["revenue",null,"2') WHERE type = 'debit'`,
    'transactions',
    'entries',
  ],
  ['a transaction that is gone', "DELETE FROM transactions WHERE type = 'debit'", 'accounts', 'posted_nanos'],
  [
    'a usage record that is gone',
    'DELETE FROM usage_records WHERE transaction_id IS NOT NULL',
    'transactions',
    'usage_record_id',
  ],
  [
    'a charge',
    'UPDATE usage_records SET charge_nanos = charge_nanos + 1 WHERE transaction_id IS NOT NULL',
    'usage_records',
    'charge_nanos',
  ],
  [
    'a cost',
    'UPDATE usage_records SET cost_nanos = cost_nanos + 1 WHERE cost_nanos IS NOT NULL',
    'usage_records',
    'cost_nanos',
  ],
  [
    'an exact cost',
    "UPDATE usage_records SET cost_exact = '3' WHERE cost_nanos IS NOT NULL",
    'usage_records',
    'cost_nanos',
  ],
  [
    "a record's transaction",
    'UPDATE usage_records SET transaction_id = 1 WHERE transaction_id IS NOT NULL',
    'usage_records',
    'transaction_id',
  ],
  [
    'a charge that became a gift',
    'UPDATE usage_records SET charge_nanos = NULL WHERE transaction_id IS NOT NULL',
    'usage_records',
    'charge_nanos',
  ],
  [
    'a reservation',
    "UPDATE reservations SET amount_nanos = amount_nanos + 1 WHERE kind = 'api'",
    'reservations',
    'amount_nanos',
  ],
  ['a reservation that is gone', "DELETE FROM reservations WHERE kind = 'gateway'", 'budget_counters', 'reserved'],
  [
    'a reservation of a node that is long dead',
    "UPDATE reservations SET owner = 77 WHERE kind = 'gateway'",
    'reservations',
    'owner',
  ],
  [
    'a second charge of one reservation',
    "UPDATE transactions SET reservation_id = 5 WHERE type = 'usage'",
    'transactions',
    'count',
  ],
]

describe('what was changed behind the ledger is named', () => {
  for (const [what, statement, table, column] of TAMPERED)
    test(what, async () => {
      const { db, store } = await copy()
      expect(db.prepare(statement).run().changes).toBeGreaterThan(0)
      const found = await verifyLedger(store)
      expect(found.map((difference) => `${difference.table}.${difference.column}`)).toContain(`${table}.${column}`)
      for (const { stored, computed } of found) expect(stored).not.toBe(computed)
    })
})

test('a person that was forgotten makes no difference: what they spent is not told any more', async () => {
  const { db, store } = await copy()
  const key = createDetailsHash('a key')
  const row = db.prepare('SELECT * FROM call_details').get() as Record<'organisation_id' | 'created_at', bigint>
  const fields = { endUser: 'ann', sessionId: null, userAgent: null, referer: null, title: null }
  const metadata = '{"team":"red","nr":7}'
  const hash = key(detailsTexts(row.organisation_id, Number(row.created_at), { ...fields, metadata }))
  db.prepare("INSERT INTO settings (name, value) VALUES ('details_key', 'a key')").run()
  db.prepare('UPDATE call_details SET hash = ?').run(hash)
  db.prepare('UPDATE usage_records SET details_hash = ? WHERE details_hash IS NOT NULL').run(hash)
  const spent =
    'UPDATE budget_counters SET spent = spent + 1 WHERE budget_id IN (SELECT id FROM budgets WHERE scope = ?)'
  db.prepare(spent).run('end_user')
  expect((await verifyLedger(store)).map(({ column }) => column)).toEqual(['spent'])
  db.exec('UPDATE call_details SET end_user = NULL')
  expect(await verifyLedger(store)).toEqual([])
})

test('a difference tells the row, what stands there and what should', async () => {
  const { db, store } = await copy()
  const id = db.prepare('SELECT id FROM accounts WHERE posted_nanos < 0').pluck().get()
  db.exec('UPDATE accounts SET posted_nanos = 5 WHERE posted_nanos < 0')
  expect(await verifyLedger(store)).toEqual([
    { table: 'accounts', key: `id=${id}`, column: 'posted_nanos', stored: '5', computed: String(-usd(4)) },
  ])
})

describe('a repair', () => {
  test('rewrites caches until nothing differs', async () => {
    const { db, store } = await copy()
    db.exec(`
      UPDATE accounts SET posted_nanos = 1, reserved_nanos = 1;
      UPDATE grants SET remaining_nanos = amount_nanos, reserved_nanos = 0;
      UPDATE budget_counters SET spent = 9, reserved = 9 WHERE budget_id = (SELECT min(id) FROM budgets);
      DELETE FROM key_usage;
      DELETE FROM rollups WHERE context = 'customer';
      UPDATE rollups SET requests = 40;`)
    expect((await verifyLedger(store, { repair: true })).length).toBeGreaterThan(10)
    expect(await verifyLedger(store)).toEqual([])
  })

  test('leaves facts as they are', async () => {
    const { db, store } = await copy()
    db.exec('UPDATE usage_records SET cost_nanos = cost_nanos + 1 WHERE cost_nanos IS NOT NULL')
    await verifyLedger(store, { repair: true })
    expect((await verifyLedger(store)).map(({ column }) => column)).toContain('cost_nanos')
    expect((await verifyLedger(store)).map(({ table }) => table)).not.toContain('transactions')
  })
})

test('a difference that a second look does not repeat is none: a live server moved the row', async () => {
  let moved = false
  const moving: Ledger = {
    ...sound.store,
    async rows(query) {
      const rows = await sound.store.rows(query)
      if (moved || !query.compile().sql.includes('"reservations"')) return rows
      moved = true
      const make = commandsAt(() => sound.clock.now(), sound.store.ids)
      const [account] = await sound.store.rows(
        sound.store.sql.selectFrom('accounts').select('id').where('posted_nanos', '>', 0n),
      )
      await sound.store.post(make.reserve(account?.id ?? 0n, usd(1)))
      return rows
    },
  }
  expect(await verifyLedger(moving)).toEqual([])
  expect(moved).toBe(true)
})

test('an account may have more entries than a page has rows', async () => {
  const { store, clock, account } = sound
  const make = commandsAt(() => clock.now(), store.ids)
  const busy = await account()
  await store.post(make.grant(busy, usd(10)))
  await Promise.all(Array.from({ length: 2_500 }, () => store.post(make.debit(busy, 1n))))
  expect(await verifyLedger(store)).toEqual([])
})
