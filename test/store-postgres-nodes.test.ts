/** Several processes on one PostgreSQL database. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKeys } from '../src/gateway/keys.ts'
import { systemClock } from '../src/lib/clock.ts'
import type { Log } from '../src/lib/log.ts'
import { systemRandom } from '../src/lib/random.ts'
import { hashSecret } from '../src/lib/secret.ts'
import { findOrphans } from '../src/store/orphans.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { type Store, StoreAway } from '../src/store/store.ts'
import { type Backend, openPostgresBackend } from './backends.ts'
import { commandsAt, refusalOf, resultOf, usd } from './commands.ts'
import { freshDatabase } from './setup/fresh-database.ts'

describe('two nodes on one database', () => {
  let backend: Backend
  let nodes: Store[]
  const repeated: unknown[] = []
  const log: Log = { readable: false, debug() {}, warn() {}, error() {}, info: (fields) => void repeated.push(fields) }
  beforeAll(async () => {
    backend = await openPostgresBackend()
    nodes = [await open(backend.place, log), await open(backend.place, log)]
  })
  afterAll(async () => {
    for (const node of nodes ?? []) await node.close()
    await backend?.close()
  })
  /** Whatever the index, one of the nodes, with commands numbered by it. */
  const at = (index: number) => {
    const node = nodes[index % nodes.length] ?? backend.store
    return { ...node, make: commandsAt(() => backend.clock.now(), node.ids) }
  }

  test('each has a number of its own', () => {
    expect(new Set(nodes.map(({ node }) => node)).size).toBe(2)
  })

  test('one hot account with a limit: never above it, and every sum agrees', async () => {
    const accountId = await backend.account()
    const apiKeyId = await backend.key({ accountId })
    const budget = await backend.budget({ limit: usd(100) })
    await backend.store.post(at(0).make.grant(accountId, usd(150)))
    const chain = [{ budgetId: budget.id, windowStart: 0, windowEnd: null }]
    const ends = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const { make, post } = at(index)
        const call = make.admit(accountId, usd(1), { chain, apiKeyId })
        const outcome = await post(call)
        if (!outcome.ok) return refusalOf(outcome)
        const { holds } = resultOf(outcome, 'reserved')
        const other = at(index + 1) // A settle may come from any node.
        return resultOf(await other.post(other.make.settle(call, usd(1), { holds })), 'settled').state
      }),
    )
    expect(ends.filter((end) => end === 'settled')).toHaveLength(100)
    expect(ends.filter((end) => end === 'budget_exceeded')).toHaveLength(100)
    const { rows, sql } = backend.store
    expect(
      await rows(sql.selectFrom('accounts').select(['posted_nanos', 'reserved_nanos']).where('id', '=', accountId)),
    ).toEqual([{ posted_nanos: usd(50), reserved_nanos: 0n }])
    expect(
      await rows(sql.selectFrom('budget_counters').select(['spent', 'reserved']).where('budget_id', '=', budget.id)),
    ).toEqual([{ spent: usd(100), reserved: 0n }])
    expect(await rows(sql.selectFrom('key_usage').select(['total_nanos']).where('api_key_id', '=', apiKeyId))).toEqual([
      { total_nanos: usd(100) },
    ])
    expect(await rows(sql.selectFrom('rollups').select(['requests', 'charge_nanos']))).toEqual([
      { requests: 100n, charge_nanos: usd(100) },
    ])
    const sums = sql
      .selectFrom('usage_records')
      .select(({ fn }) => [fn.countAll<bigint>().as('count'), fn.sum<bigint>('charge_nanos').as('charge')])
    expect(await rows(sums.where('account_id', '=', accountId))).toEqual([{ count: 100n, charge: usd(100) }])
    expect(await rows(sql.selectFrom('reservations').select('id'))).toEqual([])
    expect(repeated).toEqual([])
  })

  test('usage told to both under one key is one record', async () => {
    const tell = async (index: number) => {
      const { make, post } = at(index)
      return resultOf(await post(make.usage(null, null, { dedupeKey: 'both' })), 'recorded')
    }
    const results = await Promise.all(Array.from({ length: 40 }, (_, index) => tell(index)))
    expect(new Set(results.map(({ record }) => record.code)).size).toBe(1)
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
    repeated.splice(0)
  })

  test('many accounts and budgets, met in any order, do not block one another', async () => {
    const accounts = await Promise.all(Array.from({ length: 8 }, () => backend.account()))
    const budgets = await Promise.all(Array.from({ length: 8 }, () => backend.budget({ limit: usd(1_000_000) })))
    await Promise.all(accounts.map((account) => backend.store.post(at(0).make.grant(account, usd(1000)))))
    const order = (index: number) => (index % 3 === 0 ? [...budgets].reverse() : budgets)
    const states = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const { make, post } = at(index)
        const chain = order(index).map(({ id }, window) => ({
          budgetId: id,
          windowStart: (index + window) % 4,
          windowEnd: null,
        }))
        const call = make.admit(accounts[(index * 5) % 8] ?? null, usd(1), { chain })
        const { holds } = resultOf(await post(call), 'reserved')
        return resultOf(await post(make.settle(call, usd(1), { holds })), 'settled').state
      }),
    )
    expect(new Set(states)).toEqual(new Set(['settled']))
    expect(repeated).toEqual([])
    const { rows, sql } = backend.store
    const spent = sql
      .selectFrom('budget_counters')
      .select(({ fn }) => [fn.sum<bigint>('spent').as('spent'), fn.sum<bigint>('reserved').as('reserved')])
    expect(
      await rows(
        spent.where(
          'budget_id',
          'in',
          budgets.map(({ id }) => id),
        ),
      ),
    ).toEqual([{ spent: usd(3200), reserved: 0n }])
  })

  test('a generation without an account that both settle is charged once', async () => {
    const { make, post } = at(0)
    for (const reserved of [true, false]) {
      const call = make.admit(null, usd(1))
      if (reserved) await post(call)
      const states = await Promise.all(
        [0, 1].map(async (index) => resultOf(await at(index).post(make.settle(call, usd(1))), 'settled').state),
      )
      expect(states.sort()).toEqual(['already_settled', reserved ? 'settled' : 'settled_late'])
    }
  })

  test('a payment and an idempotency key that both are told at once have one effect', async () => {
    const accounts = await Promise.all([backend.account(), backend.account()])
    const paid = await Promise.all(
      accounts.map((account, index) =>
        at(index).post(at(index).make.grant(account, usd(5), { paymentId: 'invoice 7' })),
      ),
    )
    expect(paid.map(refusalOf).sort()).toEqual(['done', 'payment_already_credited'])
    const idempotency = { principal: 'role', operation: 'grant', key: 'k', fingerprint: 'f' }
    const twice = await Promise.all(
      [0, 1].map((index) => at(index).post(at(index).make.grant(accounts[0] ?? 0n, usd(5), { idempotency }))),
    )
    expect(twice.filter((outcome) => outcome.ok && outcome.replay)).toHaveLength(1)
  })

  test('a settle that tells less than its reservation holds releases all of it', async () => {
    const accountId = await backend.account()
    const budget = await backend.budget({ limit: usd(10) })
    const { make, post } = at(0)
    await post(make.grant(accountId, usd(10)))
    const call = make.admit(accountId, usd(1), { chain: [{ budgetId: budget.id, windowStart: 0, windowEnd: null }] })
    await post(call)
    expect(resultOf(await post(make.settle(call, usd(1), { holds: [] })), 'settled').state).toBe('settled')
    const { rows, sql } = backend.store
    expect(await rows(sql.selectFrom('budget_counters').select('reserved').where('budget_id', '=', budget.id))).toEqual(
      [{ reserved: 0n }],
    )
  })

  test('a number that was given back is not given out at once, one with reservations left not at all', async () => {
    const gone = await open(backend.place)
    await gone.close()
    const next = await open(backend.place)
    expect(next.node).not.toBe(gone.node)
    await next.close()
    const { make, post } = at(0)
    const call = make.admit(null, usd(1), { owner: gone.node })
    await post(call)
    await backend.store.write([
      backend.store.sql.updateTable('nodes').set({ lease_until: 0n }).where('id', '=', BigInt(gone.node)),
    ])
    const after = await open(backend.place)
    expect(after.node).not.toBe(gone.node)
    await after.close()
    await post(make.settle(call, usd(1)))
  })

  test('progress is kept for reservations that live, and goes with them', async () => {
    const { make, post, progress, rows, sql } = at(0)
    const call = make.admit(null, usd(1))
    await post(call)
    const own = { organisationId: call.organisationId }
    await progress([
      { ...own, reservationId: call.id, outputTokens: 10 },
      { ...own, reservationId: call.id, outputTokens: 20 },
      { ...own, reservationId: 7n, outputTokens: 5 },
    ])
    expect(await rows(sql.selectFrom('reservation_progress').selectAll())).toEqual([
      { organisation_id: call.organisationId, reservation_id: call.id, output_tokens: 20n },
    ])
    await post(make.settle(call, usd(1)))
    expect(await rows(sql.selectFrom('reservation_progress').selectAll())).toEqual([])
  })

  test("time is the database's, whatever the clock of the process says", async () => {
    const [row] = await query(
      backend.place,
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS now',
    )
    for (const store of nodes) expect(Math.abs(store.now() - Number(row?.now))).toBeLessThan(5_000)
  })

  test('connections that the server ends are away for what was under way, and replaced for what comes next', async () => {
    const accountId = await backend.account()
    const { make, post } = at(0)
    await post(make.grant(accountId, usd(10)))
    const blocker = new pg.Client({ connectionString: backend.place })
    await blocker.connect()
    await blocker.query('BEGIN')
    await blocker.query('SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE', [accountId])
    const waiting = post(make.debit(accountId, usd(1)))
    const refused = expect(waiting).rejects.toThrow(StoreAway)
    const waits = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    while ((await blocker.query(waits)).rowCount === 0);
    await blocker.query(`SELECT pg_terminate_backend(pid) FROM (${waits}) AS w`)
    await refused
    await blocker.end()
    expect(refusalOf(await post(make.debit(accountId, usd(1))))).toBe('done')
  })
})

describe('who is dead', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openPostgresBackend()
  })
  afterAll(() => backend?.close())
  const orphansFor = (store: Store, others: boolean) =>
    findOrphans(store, { limit: 10, starting: false, stranded: new Map(), others }).then((found) =>
      found.map(({ reservation }) => reservation.id),
    )

  test('nobody says it of another before all had the time to show themselves, nor of itself', async () => {
    const { store } = backend
    const make = commandsAt(() => backend.clock.now(), store.ids)
    const [own, gone] = [make.admit(null, usd(1), { owner: store.node }), make.admit(null, usd(1), { owner: 400 })]
    for (const call of [own, gone]) await store.post(call)
    await store.write([store.sql.updateTable('nodes').set({ lease_until: 0n })])
    expect(await orphansFor(store, false)).toEqual([])
    expect(await orphansFor(store, true)).toEqual([gone.id])
  })

  test('that takes a while after a start, and again after the clock of the database was set', async () => {
    let ahead = 0
    const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + ahead }
    const store = await openPostgres({ url: backend.place, clock, random: systemRandom, leaseMs: 600 })
    expect(store.standing()).toBe('new')
    ahead = 60_000
    expect(store.standing()).toBe('settled')
    // Its own steady clock and that of the database are a minute further apart than they were.
    await until(() => store.standing() === 'new')
    await store.close()
  })

  test('who has lost its number posts nothing any more, and says so', async () => {
    const store = await openPostgres({
      ...{ url: backend.place, clock: systemClock, random: systemRandom },
      leaseMs: 600,
    })
    const make = commandsAt(() => backend.clock.now(), store.ids)
    const named = store.sql.updateTable('nodes').set({ name: 'another' }).where('id', '=', BigInt(store.node))
    await backend.store.write([named])
    await until(() => store.standing() === 'lost')
    await expect(store.post(make.admit(null, usd(1)))).rejects.toThrow(StoreAway)
    await store.close()
  })
})

describe('what one process changes and another has in memory', () => {
  let backend: Backend
  let here: Store | undefined
  let there: Store | undefined
  beforeAll(async () => {
    backend = await openPostgresBackend()
    here = await open(backend.place)
    there = await open(backend.place)
  })
  afterAll(async () => {
    for (const node of [here, there]) await node?.close()
    await backend?.close()
  })
  const pair = () => {
    if (!here || !there) throw new Error('both are open')
    return { here, there }
  }
  /** The next change that a node hears of. */
  const heard = (store: Store) => new Promise((resolve) => store.onChange(resolve))

  test('is told at once, to the others alone', async () => {
    const { here, there } = pair()
    const own: unknown[] = []
    here.onChange((change) => own.push(change))
    for (const change of [
      { kind: 'key', hash: 'ab' },
      { kind: 'keys' },
      { kind: 'cards' },
      { kind: 'budgets', organisationId: 7n },
      { kind: 'credentials', organisationId: 7n },
    ] as const) {
      const next = heard(there)
      here.announce(change)
      expect(await next).toEqual(change)
    }
    expect(own).toEqual([])
  })

  test('a disabled key stops working on the other process without a look at the database', async () => {
    const { here, there } = pair()
    const keyId = await backend.key({ organisationId: await backend.organisation() })
    const [row] = await here.rows(here.sql.selectFrom('api_keys').select('code').where('id', '=', keyId))
    const hash = hashSecret(row?.code ?? '')
    await here.write([here.sql.updateTable('api_keys').set({ hash }).where('id', '=', keyId)])
    const book = (store: Store) =>
      createKeys({
        ...{ store, clock: { now: () => 0 }, operator: { secret: 'another', organisationId: 1n } },
        lastUse: { seen() {} },
      })
    const [mine, theirs] = [book(here), book(there)]
    for (const keys of [mine, theirs]) await keys.authenticate(row?.code, '127.0.0.1')
    const told = heard(there)
    await here.write([here.sql.updateTable('api_keys').set({ disabled: 1n }).where('id', '=', keyId)])
    // Their clock stands still: by itself it would never look again.
    await theirs.authenticate(row?.code, '127.0.0.1')
    mine.forget(hash)
    await told
    for (const keys of [mine, theirs])
      await expect(keys.authenticate(row?.code, '127.0.0.1')).rejects.toMatchObject({ code: 'invalid_api_key' })
  })

  test('one leads; when its connection breaks another does, and both know that they may have missed something', async () => {
    const nodes = [backend.store, ...Object.values(pair())]
    const leaders = () => nodes.filter((node) => node.leads())
    await until(() => leaders().length === 1)
    const missed = Promise.all(nodes.map(heard))
    await query(
      backend.place,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()`,
    )
    expect(await missed).toEqual(nodes.map(() => ({ kind: 'everything' })))
    await until(() => leaders().length === 1)
  })
})

test('starts at the same moment migrate once', async () => {
  const url = await freshDatabase()
  const stores = await Promise.all([open(url), open(url), open(url)])
  expect(new Set(stores.map(({ node }) => node)).size).toBe(3)
  await Promise.all(stores.map((store) => store.close()))
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await systemClock.sleep(20)
}

const open = (url: string, log?: Log) =>
  openPostgres({ url, clock: systemClock, random: systemRandom, ...(log ? { log } : {}) })

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}
