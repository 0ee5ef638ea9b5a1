/** Who a secret is, over time: rotation, expiry, changes by other nodes, floods of secrets that nobody has. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NO_DEFAULTS } from '../src/core/caller.ts'
import { createKeys } from '../src/gateway/keys.ts'
import { createLastUse } from '../src/gateway/last-use.ts'
import { createUnknownKeys, MOST_UNKNOWN_A_MINUTE } from '../src/gateway/unknown-keys.ts'
import { createLog } from '../src/lib/log.ts'
import { systemRandom } from '../src/lib/random.ts'
import { hashSecret, newSecret } from '../src/lib/secret.ts'
import {
  createApiKey,
  deleteApiKey,
  findApiKey,
  rotateApiKey,
  type StoredApiKey,
  updateApiKey,
} from '../src/store/api-keys.ts'
import { auditQuery } from '../src/store/audit-log.ts'
import { keyHashes } from '../src/store/keys.ts'
import { saveLastUse } from '../src/store/last-use.ts'
import type { Store } from '../src/store/store.ts'
import { type Backend, openPostgresBackend, openSqliteBackend } from './backends.ts'

const HOME = '192.0.2.1'
const OPERATOR = 'mk-tp-of-the-operator-0123456789'

describe.each([
  ['SQLite', openSqliteBackend],
  ['PostgreSQL', openPostgresBackend],
])('keys on %s', (name, open) => {
  let backend: Backend
  let organisationId: bigint
  beforeAll(async () => {
    const opened = await open()
    // Both databases go by the clock that the test moves.
    backend = { ...opened, store: { ...opened.store, now: () => opened.clock.now() } }
    organisationId = await backend.organisation()
  })
  afterAll(() => backend.close())

  /** The memory of keys of one more process, with how often it asked the store. */
  function node(expected: readonly string[] = []) {
    const { store, clock } = backend
    let asked = 0
    const counting: Store = {
      ...store,
      rows: (query) => {
        asked++
        return store.rows(query)
      },
    }
    const lastUse = createLastUse({ store, clock, log: createLog({ level: 'silent' }) })
    const operator = { secret: OPERATOR, organisationId }
    const keys = createKeys({ store: counting, clock, operator, lastUse, expected })
    /** `ok`, or the code of the refusal. */
    const as = (secret: string, address = HOME): Promise<string> =>
      keys.authenticate(secret, address).then(
        () => 'ok',
        (error: { code: string }) => error.code,
      )
    return { keys, as, lastUse, asked: () => asked }
  }

  const audit = () =>
    auditQuery(backend.store, {
      ...{ organisationId, actor: 'test', action: 'test.change', target: 'it', before: null, after: null },
      ...{ requestId: null, at: backend.store.now() },
    })
  const by = () => ({ organisationId, at: backend.store.now(), audit: audit() })
  const reload = async ({ id }: Pick<StoredApiKey, 'id'>): Promise<StoredApiKey> => {
    const found = await findApiKey(backend.store, organisationId, { id })
    if (!found) throw new Error('the key is there')
    return found
  }

  async function newKey(more: { expiresAt?: number } = {}) {
    const { store } = backend
    const secret = newSecret('sk-tp', systemRandom)
    const made = { ...store.ids.next(), hash: hashSecret(secret), organisationId, at: store.now(), expiresAt: null }
    const plain = { name: 'n', label: 'l', accountId: null, allowedModels: null, defaults: NO_DEFAULTS }
    await createApiKey(store, { ...made, ...plain, includeByokInLimit: false, limit: null, ...more }, audit())
    return { secret, key: await reload(made) }
  }

  async function rotate(key: StoredApiKey, graceMs: number): Promise<string> {
    const secret = newSecret('sk-tp', systemRandom)
    await rotateApiKey(backend.store, key, { hash: hashSecret(secret), label: 'r', graceMs }, by())
    return secret
  }

  test('the secret before a rotation works until its grace is over, and only that one', async () => {
    const { keys, as } = node()
    const { secret, key } = await newKey()
    expect(await as(secret)).toBe('ok')
    const second = await rotate(key, 60_000)
    keys.forget(key.hash)
    expect([await as(secret), await as(second)]).toEqual(['ok', 'ok'])
    const [before, after] = [await keys.authenticate(secret, HOME), await keys.authenticate(second, HOME)]
    expect(before).toEqual(after)
    backend.clock.forward(59_999)
    expect(await as(secret)).toBe('ok')
    backend.clock.forward(1)
    expect([await as(secret), await as(second)]).toEqual(['invalid_api_key', 'ok'])
    const third = await rotate(await reload(key), 60_000)
    const fourth = await rotate(await reload(key), 60_000)
    for (const each of [secret, second, third, fourth]) keys.forget(hashSecret(each))
    const all = [await as(secret), await as(second), await as(third), await as(fourth)]
    expect(all).toEqual(['invalid_api_key', 'invalid_api_key', 'ok', 'ok'])
    const last = await rotate(await reload(key), 0)
    for (const each of [third, fourth]) keys.forget(hashSecret(each))
    expect([await as(third), await as(fourth), await as(last)]).toEqual(['invalid_api_key', 'invalid_api_key', 'ok'])
  })

  test('a key ends at its instant, although it is in memory, and with it the secret before', async () => {
    const { keys, as } = node()
    const { secret, key } = await newKey({ expiresAt: backend.store.now() + 5_000 })
    const second = await rotate(key, 60_000)
    keys.forget(key.hash)
    expect([await as(secret), await as(second)]).toEqual(['ok', 'ok'])
    backend.clock.forward(5_000)
    expect([await as(secret), await as(second)]).toEqual(['invalid_api_key', 'invalid_api_key'])
  })

  test.runIf(name === 'PostgreSQL')('a change by another node holds within a second', async () => {
    const { as, asked } = node()
    const { secret, key } = await newKey()
    expect(await as(secret)).toBe('ok')
    const before = asked()
    backend.clock.forward(999)
    expect([await as(secret), asked()]).toEqual(['ok', before])
    await updateApiKey(backend.store, key, { disabled: true }, by())
    backend.clock.forward(1)
    expect(await as(secret)).toBe('invalid_api_key')
  })

  test.runIf(name === 'SQLite')('one process asks the store once for a key', async () => {
    const { as, asked } = node()
    const { secret } = await newKey()
    await as(secret)
    const before = asked()
    backend.clock.forward(3_600_000)
    for (let times = 0; times < 100; times++) expect(await as(secret)).toBe('ok')
    expect(asked()).toBe(before)
  })

  test('a flood of unknown keys is refused without asking the store, and lasts a minute', async () => {
    const { keys, as, asked } = node()
    for (let times = 0; times < MOST_UNKNOWN_A_MINUTE; times++)
      expect(await as(`sk-tp-${times}`)).toBe('invalid_api_key')
    backend.clock.forward(20_000)
    const before = asked()
    for (let times = 0; times < 500; times++) expect(await as(`sk-tp-more-${times}`)).toBe('rate_limit_exceeded')
    await expect(keys.authenticate('sk-tp-x', HOME)).rejects.toMatchObject({ extras: { retryAfterMs: 40_000 } })
    expect(asked()).toBe(before)
    expect(await as('sk-tp-elsewhere', '192.0.2.2')).toBe('invalid_api_key')
    backend.clock.forward(40_000)
    expect(await as('sk-tp-later')).toBe('invalid_api_key')
  })

  test('a flood does not touch keys that there are, wherever they were last used', async () => {
    const [used, unused] = [await newKey(), await newKey()]
    const { keys, as } = node(await keyHashes(backend.store))
    const fresh = await newKey()
    keys.forget(fresh.key.hash)
    expect(await as(used.secret)).toBe('ok')
    for (let times = 0; times <= MOST_UNKNOWN_A_MINUTE; times++) await as(`sk-tp-flood-${times}`)
    expect(await as('sk-tp-flood')).toBe('rate_limit_exceeded')
    for (const { secret } of [used, unused, fresh]) expect(await as(secret)).toBe('ok')
    expect(await as(OPERATOR)).toBe('ok')
    keys.forget(used.key.hash)
    expect(await as(used.secret)).toBe('ok')
    await deleteApiKey(backend.store, used.key, by())
    keys.forget(used.key.hash)
    expect(await as(used.secret)).toBe('invalid_api_key')
  })

  test('one wrong key that is repeated without end is an error, and no flood', async () => {
    const { as, asked } = node()
    for (let second = 0; second < 120; second++) {
      expect(await as('sk-tp-wrong')).toBe('invalid_api_key')
      expect(await as('sk-tp-wrong')).toBe('invalid_api_key')
      backend.clock.forward(1_000)
    }
    expect(asked()).toBeLessThanOrEqual(2 * 60)
  })

  test('addresses beyond what is kept begin anew, the longest unseen first', () => {
    const bound = createUnknownKeys(backend.clock)
    for (let times = 0; times < MOST_UNKNOWN_A_MINUTE; times++) bound.count('10.0.0.1')
    expect(() => bound.admit('10.0.0.1')).toThrow()
    for (let index = 0; index < 10_000; index++) bound.count(`10.1.${index >> 8}.${index & 255}`)
    expect(() => bound.admit('10.0.0.1')).not.toThrow()
  })

  test('addresses of one IPv6 network count as one', async () => {
    const { as } = node()
    for (let times = 0; times <= MOST_UNKNOWN_A_MINUTE; times++) await as(`sk-tp-v6-${times}`, `2001:db8::${times + 1}`)
    expect(await as('sk-tp-v6', '2001:db8::ffff')).toBe('rate_limit_exceeded')
    expect(await as('sk-tp-v6', '2001:db8:0:1::1')).toBe('invalid_api_key')
  })

  test('the last use is written behind the calls, and never goes back', async () => {
    const { as, lastUse } = node()
    const [one, other] = [await newKey(), await newKey()]
    const first = backend.store.now()
    await as(one.secret)
    await as(other.secret)
    expect((await reload(one.key)).lastUsedAt).toBeNull()
    backend.clock.forward(5_000)
    await as(one.secret)
    await lastUse.flush()
    expect((await reload(one.key)).lastUsedAt).toBe(first + 5_000)
    expect((await reload(other.key)).lastUsedAt).toBe(first)
    await saveLastUse(backend.store, 'api_keys', [{ id: one.key.id, at: first }])
    expect((await reload(one.key)).lastUsedAt).toBe(first + 5_000)
    expect((await reload(one.key)).updatedAt).toBeNull()
    const many = Array.from({ length: 1_200 }, (_, index) => ({ id: BigInt(index + 1), at: first }))
    await saveLastUse(backend.store, 'management_keys', many)
  })
})
