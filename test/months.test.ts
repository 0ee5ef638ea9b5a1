/** Tables cut by month on PostgreSQL: months are there before they begin, go as a whole, and take no proof with them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { creditSums } from '../src/store/credits.ts'
import { changedLimit } from '../src/store/key-limits.ts'
import { monthState } from '../src/store/month-state.ts'
import { BY_MONTH, idsOfMonth, monthAt, partOf } from '../src/store/months.ts'
import { ORGANISATION } from './backends.ts'
import { chanceFrom, seedOfRun } from './chance.ts'
import { commandsAt, refusalOf, resultOf } from './commands.ts'
import { type Living, openLiving } from './months-kit.ts'

const seed = seedOfRun()

let living: Living
beforeAll(async () => {
  living = await openLiving()
})
afterAll(() => living.close())

/** What must not change because a month goes. */
const kept = async ({ query, store }: Living) => ({
  accounts: await query('SELECT id, posted_nanos, reserved_nanos, credit_level FROM accounts ORDER BY id'),
  grants: await query('SELECT id, remaining_nanos, reserved_nanos FROM grants ORDER BY id'),
  counters: await query('SELECT * FROM budget_counters ORDER BY budget_id, window_start'),
  keys: await query('SELECT * FROM key_usage ORDER BY api_key_id'),
  sums: await query('SELECT sum(charge_nanos) AS charge, sum(requests) AS requests FROM rollups'),
  folded: await query(
    'SELECT dimension, span, sum(charge_nanos) AS charge FROM folded_rollups GROUP BY 1, 2 ORDER BY 1, 2',
  ),
  told: await query('SELECT * FROM usage_keys ORDER BY dedupe_key'),
  credits: await creditSums(store, ORGANISATION),
})

test('months come and go under random commands: every proof holds, and no balance, limit or sum moves', async () => {
  const chance = chanceFrom(seed)
  const { store, make } = living
  const began = monthAt(store.now())
  const dropped: string[] = []
  for (let month = 0; month < 8; month++) {
    await living.live(chance, 15)
    if (month === 6) {
      const [key] = await living.query('SELECT id FROM api_keys ORDER BY id LIMIT 1')
      const owner = { organisationId: ORGANISATION, keyId: BigInt(String(key?.id)), at: store.now() }
      await store.write(changedLimit(store, owner, null, { nanos: 10n ** 15n, window: 'total' }).queries)
    }
    await living.fold()
    const before = await kept(living)
    const run = await living.see(3)
    dropped.push(...run.dropped)
    expect(await kept(living), `seed ${seed}, month ${month}`).toEqual(before)
    expect(await verifyLedger(store), `seed ${seed}, month ${month}`).toEqual([])
    living.nextMonth()
  }
  expect(dropped).toEqual([0, 1, 2, 3].map((later) => monthAt(began.start, later).name))
  expect(living.said).toEqual([])

  // A key that was told stays told, whether or not its record is there.
  for (const [dedupeKey, id] of living.keys) {
    const [row] = await living.query('SELECT transaction_id FROM usage_keys WHERE dedupe_key = $1', [dedupeKey])
    const linked = row?.transaction_id === null ? null : BigInt(String(row?.transaction_id))
    const again = resultOf(await store.post(make.usage(null, linked, { dedupeKey })), 'recorded')
    expect(again, dedupeKey).toMatchObject({ duplicate: true, record: { id } })
    const other = await store.post(make.usage(null, linked, { dedupeKey, payloadHash: 'something else' }))
    expect(refusalOf(other)).toBe('idempotency_key_mismatch')
  }
  // What is gone cannot be given back a second time.
  expect(refusalOf(await store.post(make.refund(living.charges[0] ?? 0n)))).toBe('transaction_not_found')
  expect(await verifyLedger(store)).toEqual([])
}, 240_000)

test('a month goes while calls, confirmations and refunds go on: none is refused for it, and every proof holds', async () => {
  const chance = chanceFrom(seed + 1)
  await living.fold()
  const [, , { dropped }] = await Promise.all([living.live(chance, 25), living.live(chance, 25), living.see(3)])
  expect(dropped).toHaveLength(1)
  expect(await verifyLedger(living.store), `seed ${seed}`).toEqual([])
  expect(living.said).toEqual([])
})

describe('the parts of a table', () => {
  // Without budgets, so that calls need no more than themselves.
  let living: Living
  beforeAll(async () => {
    living = await openLiving()
  })
  afterAll(() => living.close())

  const parts = async ({ query }: Living, table: string) =>
    (
      await query(
        `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = $1::regclass ORDER BY 1`,
        [table],
      )
    ).map(({ name }) => String(name))

  test('two processes that see to the months at once make each once, and none is in the way of calls', async () => {
    const second = await openLiving(living.place)
    try {
      await living.see(0)
      living.nextMonth()
      second.clock.moveTo(living.clock.now())
      const make = commandsAt(() => living.store.now(), living.store.ids)
      const calls = Array.from({ length: 40 }, async () => {
        const call = make.admit(null, 0n)
        await living.store.post(call)
        return resultOf(await living.store.post(make.settle(call, 1_000n)), 'settled').state
      })
      const runs = await Promise.all([living.see(0), second.see(0), living.see(0), second.see(0)])
      const [, , , next] = [0, 1, 2, 3].map((later) => monthAt(living.store.now(), later))
      expect(runs.flatMap(({ made }) => made).sort()).toEqual(
        BY_MONTH.map((table) => partOf(table, next ?? { name: '' })).sort(),
      )
      expect(new Set(await Promise.all(calls))).toEqual(new Set(['settled']))
      expect(second.said).toEqual([])
    } finally {
      await second.close()
    }
  })

  test('a month that was not made refuses no charge: its rows wait, and move to it once it is made', async () => {
    const { store, make, query, clock, said } = living
    for (let month = 0; month < 6; month++) living.nextMonth()
    const month = monthAt(store.now())
    const [table] = ['usage_records'] as const
    expect(await parts(living, table)).not.toContain(partOf(table, month))
    const call = make.admit(null, 0n)
    await store.post(call)
    expect(resultOf(await store.post(make.settle(call, 1_000n)), 'settled').state).toBe('settled')
    const told = resultOf(await store.post(make.usage(null, null, { dedupeKey: 'of a month not made' })), 'recorded')
    const placeOf = async (id: bigint) =>
      (await query('SELECT tableoid::regclass::text AS place FROM usage_records WHERE id = $1', [id]))[0]?.place
    expect(await placeOf(call.id)).toBe('usage_records_rest')
    expect(await monthState(store, 5_000)).toMatchObject({ ahead: 0, homeless: 2 })
    clock.forward(60_000)
    const before = said.length
    expect(await living.see(0)).toMatchObject({ moved: 2 })
    expect(said.splice(before)).toEqual([{ part: partOf(table, month), rows: 2 }])
    expect(await placeOf(call.id)).toBe(partOf(table, month))
    expect(await monthState(store, 5_000)).toEqual({ ahead: 3, homeless: 0 })
    const again = await store.post(make.usage(null, null, { dedupeKey: 'of a month not made' }))
    expect(resultOf(again, 'recorded')).toMatchObject({ duplicate: true, record: told.record })
    expect(await verifyLedger(store)).toEqual([])
  })

  test('history refuses to be changed in every part, whichever way it was made', async () => {
    const { query } = living
    for (const table of BY_MONTH)
      for (const part of [table, ...(await parts(living, table))]) {
        await expect(query(`TRUNCATE ${part}`), part).rejects.toThrow('append-only')
        const [row] = await query(`SELECT id FROM ${part} LIMIT 1`)
        if (!row) continue
        await expect(query(`DELETE FROM ${part} WHERE id = $1`, [row.id]), part).rejects.toThrow('append-only')
        await expect(query(`UPDATE ${part} SET code = 'x' WHERE id = $1`, [row.id]), part).rejects.toThrow(
          'append-only',
        )
      }
    for (const table of ['carried_sums', 'usage_keys'])
      await expect(query(`TRUNCATE ${table}`), table).rejects.toThrow('append-only')
  })

  test('a month with records that no fold has seen stays until they are folded', async () => {
    const { store, make, said } = living
    await living.fold()
    const call = make.admit(null, 0n)
    await store.post(call)
    await store.post(make.settle(call, 1_000n))
    const month = monthAt(store.now())
    for (let later = 0; later < 5; later++) living.nextMonth()
    await living.see(3)
    expect(said.splice(0)).toContainEqual({ month: month.name })
    expect(await parts(living, 'transactions')).toContain(partOf('transactions', month))
    await living.fold()
    expect((await living.see(3)).dropped).toContain(month.name)
    expect(await verifyLedger(store)).toEqual([])
  })

  test('a settle that comes again after its month went is settled, not charged twice', async () => {
    const { store, make, query } = living
    const [row] = await query(
      "SELECT sums::json ->> 'before' AS before FROM carried_sums WHERE kind = 'month' ORDER BY month DESC LIMIT 1",
    )
    const old = { id: BigInt(String(row?.before)) - 5n, code: 'Long0ago00000000000A' }
    const call = { ...make.admit(null, 0n), ...old }
    expect(resultOf(await store.post(make.settle(call, 1_000n)), 'settled').state).toBe('already_settled')
  })

  test('a look-up by number reads the part that has it, and no other', async () => {
    const { query } = living
    const id = idsOfMonth(monthAt(living.store.now())).from + 7n
    await query('SET enable_seqscan = off')
    for (const table of BY_MONTH) {
      const rows = await query(
        `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT t.id FROM unnest('{1}'::bigint[], '{${id}}'::bigint[]) AS k(organisation_id, id)
         JOIN ${table} t ON t.organisation_id = k.organisation_id AND t.id = k.id`,
      )
      const plan = rows.map((row) => String(row['QUERY PLAN']))
      const scans = plan.filter(
        (line) => / on transactions_| on usage_records_/.test(line) || line.includes('Scan using'),
      )
      const read = scans.filter((line) => !line.includes('never executed'))
      expect(read.join('\n'), plan.join('\n')).toContain(partOf(table, monthAt(living.store.now())))
      expect(read, plan.join('\n')).toHaveLength(1)
    }
  })
})
