/** Tables cut by month on PostgreSQL: months are there before they begin, go as a whole, and take no proof with them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { creditSums } from '../src/store/credits.ts'
import { changedLimit } from '../src/store/key-limits.ts'
import { monthAt } from '../src/store/months.ts'
import { ORGANISATION } from './backends.ts'
import { chanceFrom, seedOfRun } from './chance.ts'
import { refusalOf, resultOf } from './commands.ts'
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
  for (let month = 0; month < 9; month++) {
    await living.live(chance, 25)
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
  expect(dropped).toEqual([0, 1, 2, 3, 4].map((later) => monthAt(began.start, later).name))
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
