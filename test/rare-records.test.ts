/** Lists of calls that few records answer: they skip the time in which nobody said what is asked for, and lose nothing. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFolds } from '../src/jobs/fold.ts'
import { exportedPage, type RecordFilter, recordCount, recordPage, type Walk } from '../src/store/generation-list.ts'
import type { Narrow } from '../src/store/report-columns.ts'
import { endUsers, numbered, tagSets } from '../src/store/report-values.ts'
import { type Api, openApi } from './api-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { createOwners, happened, MODELS, type Owners, USERS, write } from './usage-history.ts'

/** Of the records too, and in the name of the tests: `FC_SEED` repeats a run. */
const { FC_SEED = String(Date.now() % 2 ** 31) } = process.env
const seed = { seed: Number(FC_SEED) }
const DAY = 86_400_000
/** So little at once that a few dozen records are walked as millions would be. */
const SMALL: Walk = { newest: 3, first: 1, most: 4 }
const WITHIN_MS = 20_000

const STORES: readonly (readonly [string, () => Promise<Api>])[] = [
  ['SQLite', () => openApi()],
  ['PostgreSQL', async () => openApi(undefined, { env: { TURNPIKE_DATABASE_URL: await freshDatabase() } })],
]

type Asked = {
  readonly users: readonly string[] | undefined
  readonly tags: readonly string[] | undefined
  readonly keys: readonly (number | null)[] | undefined
  readonly model: string | undefined
  readonly status: string | undefined
  readonly minLatencyMs: number | undefined
  readonly limit: number
  readonly offset: number
  readonly span: readonly [start: number, end: number]
}

const some = <T>(...values: T[]) =>
  fc.option(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 1 })
const instant = fc.integer({ min: 0, max: 50 * DAY })
const asking: fc.Arbitrary<Asked> = fc.record({
  users: some('', 'nobody', ...USERS),
  tags: some('', 'team:red', 'env:prod', 'a:b:c","team":"red', 'none:such'),
  keys: some<number | null>(0, 1, 2, null),
  model: fc.option(fc.constantFrom(...MODELS), { nil: undefined }),
  status: fc.option(fc.constantFrom('ok', 'error'), { nil: undefined }),
  minLatencyMs: fc.option(fc.constant(2_000), { nil: undefined }),
  limit: fc.integer({ min: 5, max: 30 }),
  offset: fc.constantFrom(0, 0, 3),
  span: fc.oneof(
    fc.constant([0, 60 * DAY] as const),
    fc.tuple(instant, instant).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const),
  ),
})

describe.each(STORES)(`records that few say on %s, seed ${FC_SEED}`, (_name, open) => {
  let api: Api
  let owners: Owners
  let from: number
  beforeAll(async () => {
    api = await open()
    owners = await createOwners(api)
    from = Math.floor(api.store.now() / DAY) * DAY - 60 * DAY
  })
  afterAll(() => api.close())

  const organisationId = () => api.turnpike.server.organisation.id
  const hash = (texts: readonly string[]) => api.turnpike.server.gateway.hashDetails(texts)
  let added = 0
  const add = (number: number) =>
    write(api, owners, fc.sample(happened(from), { numRuns: number, seed: seed.seed + added++ }))
  const fold = () => createFolds({ store: api.store, hashDetails: hash }).run()
  const filterOf = async ({ users, tags, keys, model, status, minLatencyMs, span }: Asked): Promise<RecordFilter> => {
    const narrow: Partial<Record<Narrow, readonly string[]>> = {
      ...(model === undefined ? {} : { model: [model] }),
      ...(status === undefined ? {} : { status: [status] }),
    }
    const folded = {
      ...(users ? { end_user: await endUsers(api.store, hash, organisationId(), users) } : {}),
      ...(tags ? { tag: await tagSets(api.store, organisationId(), tags) } : {}),
      ...(keys ? { api_key: numbered(keys.map((n) => (n === null ? null : (owners.keys[n]?.id ?? null)))) } : {}),
    }
    return { narrow, folded, start: from + span[0], end: from + span[1], minLatencyMs }
  }
  const every = { narrow: {}, folded: {}, start: 0, end: 2 ** 50 }
  const all = () =>
    exportedPage(api.store, organisationId(), every, { limit: 10_000, offset: 0, before: undefined }, WITHIN_MS)
  /** The filter by hand, over each record. */
  const matching = async ({ users, tags, keys, model, status, minLatencyMs, span }: Asked) =>
    (await all()).filter((record) => {
      const pairs = Object.entries(record.tags ? (JSON.parse(record.tags) as Record<string, string>) : {})
      const said = pairs.length === 0 ? [''] : pairs.map(([key, value]) => `${key}:${value}`)
      return (
        record.occurredAt >= from + span[0] &&
        record.occurredAt < from + span[1] &&
        (!users || users.includes(record.endUser ?? '')) &&
        (!tags || tags.some((tag) => said.includes(tag))) &&
        (!keys || keys.some((n) => (n === null ? null : owners.keys[n]?.hash) === record.keyHash)) &&
        (model === undefined || record.model === model) &&
        (status === undefined || record.status === status) &&
        (minLatencyMs === undefined || (record.latencyMs ?? -1) >= minLatencyMs)
      )
    })
  const listed = async (asked: Asked, filter: RecordFilter) => {
    const ids: bigint[] = []
    for (let before: { occurredAt: number; id: bigint } | undefined; ; ) {
      const page = { limit: asked.limit, offset: before ? 0 : asked.offset, before }
      const rows = await recordPage(api.store, organisationId(), filter, page, WITHIN_MS, SMALL)
      ids.push(...rows.map(({ id }) => id))
      const last = rows.at(-1)
      if (!last || rows.length < asked.limit) return ids
      before = { occurredAt: last.occurredAt, id: last.id }
    }
  }
  const agrees = async (asked: Asked) => {
    const filter = await filterOf(asked)
    const found = (await matching(asked)).map(({ id }) => id)
    expect(await listed(asked, filter)).toEqual(found.slice(asked.offset))
    expect(await recordCount(api.store, organisationId(), filter, WITHIN_MS, SMALL)).toBe(found.length)
  }
  const ask = (numRuns: number) => fc.assert(fc.asyncProperty(asking, agrees), { numRuns, ...seed })

  test('their pages are the filter applied to all records: unfolded, folded, and with records that came late', async () => {
    await add(80)
    await ask(5)
    await fold()
    await ask(15)
    await add(20)
    await ask(10)
    await fold()
    await ask(5)
  })

  test('beside folds and calls that come late, nothing that was there is missing and nothing is told twice', async () => {
    await fc.assert(
      fc.asyncProperty(asking, async (asked) => {
        const filter = await filterOf({ ...asked, offset: 0 })
        const known = (await matching(asked)).map(({ id }) => id)
        const [ids] = await Promise.all([listed({ ...asked, offset: 0 }, filter), add(6).then(fold), fold()])
        expect(new Set(ids).size).toBe(ids.length)
        expect(known.filter((id) => !ids.includes(id))).toEqual([])
      }),
      { numRuns: 3, ...seed },
    )
  })

  test('the sums of a person whose name was taken away still lead to what others say of themselves', async () => {
    await fold()
    await api.store.write([api.store.sql.deleteFrom('dimension_values').where('dimension', '=', 'end_user')])
    await ask(6)
    await api.store.write([
      api.store.sql.updateTable('call_details').set({ end_user: null }).where('end_user', '=', USERS[0]),
    ])
    await ask(6)
  })
})
