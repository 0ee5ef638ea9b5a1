/** Folds that are disturbed: killed at any statement, run twice at once, met by records that come late. Reports stay right. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFolds } from '../src/jobs/fold.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import type { SumQuery } from '../src/store/report-parts.ts'
import { usageSumsBy } from '../src/store/reports.ts'
import type { Store } from '../src/store/store.ts'
import { type Backend, ORGANISATION, openPostgresBackend, openSqliteBackend } from './backends.ts'
import { commandsAt } from './commands.ts'

const DAY = 86_400_000
const STORES = [
  ['SQLite', openSqliteBackend],
  ['PostgreSQL', openPostgresBackend],
] as const
const hashDetails = (texts: readonly string[]) => `hash of ${texts.join(' ')}`

describe.each(STORES)('folds on %s', (_name, open) => {
  let backend: Backend
  let first: number
  let recorded = 0n
  let keys: bigint[]
  beforeAll(async () => {
    backend = await open()
    first = Math.floor(backend.clock.now() / DAY) * DAY
    keys = [await backend.key(), await backend.key()]
    await record(24)
    backend.clock.forward(2 * DAY)
  })
  afterAll(() => backend.close())

  /** So many calls, one every hour and a bit from the first day on. */
  const record = async (number: number) => {
    const make = commandsAt(() => backend.clock.now(), backend.store.ids)
    for (let n = 0; n < number; n++) {
      const occurredAt = first + n * 3_700_000
      const apiKeyId = keys[n % 2] ?? null
      const details = {
        ...DETAILS,
        hash: `details ${n % 3}`,
        endUser: `user ${n % 3}`,
        metadata: `{"team":"${n % 3}"}`,
      }
      await backend.store.post(
        make.settle(make.admit(null, 0n), 1_000n, {
          details,
          record: { apiKeyId, occurredAt, admittedAt: occurredAt, detailsHash: details.hash },
        }),
      )
      recorded++
    }
  }
  const report = async (store: Store, groupBy: SumQuery['groupBy']) => {
    const summed = await usageSumsBy(store, {
      ...{ organisationId: ORGANISATION, buckets: [{ start: first, end: first + 3 * DAY }], groupBy },
      ...{ narrow: {}, folded: {}, withinMs: 20_000, most: { records: 1_000, rows: 1_000 } },
    })
    if (!('rows' in summed)) throw new Error('too many')
    return summed.rows.reduce((sum, row) => sum + row.sums.requests, 0n)
  }
  const everyReport = async (store: Store) => {
    for (const group of ['api_key', 'account', 'end_user', 'tag', 'model'] as const)
      expect([group, await report(store, [group])]).toEqual([group, recorded])
  }
  const unfolded = async () => {
    const { store } = backend
    const rows = await store.rows(
      store.sql.selectFrom('quarters').select('quarter').whereRef('records', '<>', 'folded'),
    )
    return rows.length
  }

  test('killed at any write, a fold leaves reports exact, and the next run ends it', async () => {
    const { store } = backend
    for (let deadly = 0; ; deadly++) {
      let writes = 0
      const dying: Store = {
        ...store,
        write: (queries) => (writes++ < deadly ? store.write(queries) : Promise.reject(new Error('killed'))),
      }
      const died = await createFolds({ store: dying, hashDetails })
        .run()
        .then(
          () => false,
          () => true,
        )
      if (!died) break
      if (deadly % 7 === 0 || deadly < 8) await everyReport(store)
    }
    await everyReport(store)
    expect(await unfolded()).toBe(0)
    const spans = await store.rows(store.sql.selectFrom('folded_spans').select('span').where('records', '>=', 0n))
    expect(spans.map(({ span }) => span)).toEqual(expect.arrayContaining(['hour', '4 hours', 'day']))
  })

  test('records that come late are counted once: at once, and after the next fold', async () => {
    await record(5)
    expect(await unfolded()).toBe(5)
    await everyReport(backend.store)
    await createFolds({ store: backend.store, hashDetails }).run()
    expect(await unfolded()).toBe(0)
    await everyReport(backend.store)
  })

  test('run twice at once, and beside calls that are recorded, they come to the same sums', async () => {
    const { store } = backend
    await record(10)
    const runs = [1, 2, 3].map(() =>
      createFolds({ store, hashDetails })
        .run()
        .catch(() => undefined),
    )
    await Promise.all([...runs, record(10), everyOther(store)])
    await createFolds({ store, hashDetails }).run()
    expect(await unfolded()).toBe(0)
    await everyReport(store)
  })

  test('sums that were changed behind the ledger are named, and a repair has them folded anew', async () => {
    const { store } = backend
    expect(await verifyLedger(store)).toEqual([])
    await store.write([
      store.sql
        .updateTable('folded_rollups')
        .set({ charge_nanos: 5n })
        .where('dimension', '=', 'tag')
        .where('value', '<>', ''),
      store.sql.updateTable('quarters').set({ records: 99n, folded: 99n }).where('quarter', '=', BigInt(first)),
    ])
    const tables = new Set(
      (await verifyLedger(store, { repair: true })).map(({ table, column }) => `${table}.${column}`),
    )
    expect(tables).toContain('folded_rollups.charge_nanos')
    expect(tables).toContain('quarters.records')
    expect(await verifyLedger(store)).toEqual([])
    await everyReport(store)
    await createFolds({ store, hashDetails }).run()
    expect(await unfolded()).toBe(0)
    expect(await verifyLedger(store)).toEqual([])
  })

  test('money beyond 64 bits is added up all the same, on either store', async () => {
    const { store } = backend
    const [most, count] = [9_000_000_000_000_000_000n, 3]
    const quarter = BigInt(first + 10 * DAY)
    const rows = Array.from({ length: count }, (_, n) => ({ ...EMPTY, quarter, model: `huge-${n}`, cost_nanos: most }))
    await store.write([
      store.sql.insertInto('rollups').values(rows),
      store.sql.insertInto('quarters').values({ organisation_id: ORGANISATION, quarter, records: 3n, folded: 0n }),
    ])
    const summed = await usageSumsBy(store, {
      ...{
        organisationId: ORGANISATION,
        buckets: [{ start: Number(quarter), end: Number(quarter) + DAY }],
        groupBy: [],
      },
      ...{ narrow: {}, folded: {}, withinMs: 20_000, most: { records: 1_000, rows: 1_000 } },
    })
    expect('rows' in summed && summed.rows[0]?.sums.cost_nanos).toBe(most * BigInt(count))
  })

  const everyOther = async (store: Store) => {
    for (let n = 0; n < 5; n++) await report(store, ['api_key'])
  }
})

const EMPTY = {
  ...{ organisation_id: ORGANISATION, provider: 'acme', context: 'system', status: 'ok', requests: 1n },
  ...{ input_tokens: 0n, cached_tokens: 0n, output_tokens: 0n, reasoning_tokens: 0n, charge_nanos: 0n },
  ...{ cache_saving_nanos: 0n, byok_cost_nanos: 0n, unpriced: 0n, estimated: 0n, no_usage: 0n },
}

const DETAILS = {
  ...{ organisationId: ORGANISATION, sessionId: null, userAgent: null, referer: null, title: null, createdAt: 0 },
}
