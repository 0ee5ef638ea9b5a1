import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, openPostgresBackend, openSqliteBackend } from '../../test/backends.ts'
import { createLog } from '../lib/log.ts'
import { systemRandom } from '../lib/random.ts'
import { createSealer } from '../lib/sealer.ts'
import { UpstreamFailure } from '../providers/provider.ts'
import {
  createCredential,
  findCredential,
  listCredentials,
  type StoredCredential,
  sealFor,
} from '../store/credentials.ts'
import type { Credential } from './credential.ts'
import { type Credentials, createCredentials } from './credentials.ts'
import { ordered } from './with-credentials.ts'

const sealer = createSealer('s'.repeat(64), systemRandom)
const refusal = (status: number, retryAfterMs?: number, code?: string) =>
  new UpstreamFailure('status', 'no', {
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(code === undefined ? {} : { code }),
  })

describe.each([
  ['SQLite', openSqliteBackend],
  ['PostgreSQL', openPostgresBackend],
])('on %s', (_name, open) => {
  let backend: Backend
  let organisationId: bigint
  beforeAll(async () => {
    backend = await open()
    organisationId = await backend.organisation()
  })
  afterAll(() => backend.close())

  const openBook = (): Credentials =>
    createCredentials({ store: backend.store, clock: backend.clock, log: createLog({ level: 'silent' }), sealer })

  async function stored(more: Partial<StoredCredential> = {}): Promise<StoredCredential> {
    const owner = { ...backend.store.ids.next(), organisationId }
    const credential: StoredCredential = {
      ...owner,
      ...{ provider: 'acme', name: 'mine', label: '...6789', sealed: sealFor(sealer, owner, 'sk-0123456789') },
      ...{ sealedBy: sealer.keyId, accountId: null, apiKeyIds: null, weight: 1, priority: 1, fallback: false },
      ...{ disabled: false, coolingUntil: null, coolingReason: null, lastUsedAt: null },
      ...{ createdAt: backend.clock.now(), updatedAt: null },
      ...more,
    }
    await createCredential(backend.store, credential, [])
    return credential
  }
  const heldIn = async (book: Credentials, { id }: StoredCredential): Promise<Credential> => {
    const found = (await book.of(organisationId)).find((held) => held.stored.id === id)
    if (!found?.credential) throw new Error('it is held and can be read')
    return found.credential
  }

  test('a row comes back as it was written, and pages walk by number', async () => {
    const apiKeyIds = [await backend.key({ organisationId }), await backend.key({ organisationId })]
    const accountId = await backend.account({ organisationId })
    const made = await stored({
      apiKeyIds,
      accountId,
      coolingUntil: 5,
      coolingReason: 'refused',
      lastUsedAt: 4,
      updatedAt: 3,
    })
    expect(await findCredential(backend.store, organisationId, made.code)).toEqual(made)
    expect(await findCredential(backend.store, organisationId + 1n, made.code)).toBeUndefined()
    const page = { limit: 1, offset: 0, before: undefined }
    const { credentials, total } = await listCredentials(backend.store, organisationId, { accountId }, page)
    expect({ credentials, total }).toEqual({ credentials: [made], total: 1 })
  })

  test('each refusal rests a credential for its time, and a hint of the provider is honoured', async () => {
    const book = openBook()
    const credential = await heldIn(book, await stored())
    const seconds: [UpstreamFailure, number][] = [
      [refusal(401), 60],
      [refusal(403), 60],
      [refusal(402), 300],
      [refusal(429), 10],
      [refusal(429, undefined, 'insufficient_quota'), 300],
      [refusal(429, 7_000), 7],
      [refusal(401, 90_000), 90],
      [refusal(429, 24 * 3_600_000), 3_600],
    ]
    for (const [failure, rests] of seconds) {
      book.refused(credential, failure)
      backend.clock.forward(rests * 1000 - 1)
      expect(book.isCooling(credential)).toBe(true)
      backend.clock.forward(1)
      expect(book.isCooling(credential)).toBe(false)
    }
  })

  test('another process learns of it, and of when it was used', async () => {
    const [book, other] = [openBook(), openBook()]
    const made = await stored()
    const credential = await heldIn(book, made)
    const from = backend.store.now()
    book.used(credential)
    book.refused(credential, refusal(429, 20_000))
    const until = backend.store.now()
    await book.flush()
    expect(other.isCooling(credential)).toBe(false)
    await other.of(organisationId)
    expect(other.isCooling(credential)).toBe(true)
    const kept = await findCredential(backend.store, organisationId, made.code)
    const within = (instant: number | null | undefined) => instant != null && instant >= from && instant <= until
    expect([kept?.coolingReason, within(kept?.lastUsedAt), within((kept?.coolingUntil ?? 0) - 20_000)]).toEqual([
      'rate limited',
      true,
      true,
    ])
  })

  test('what is kept is read again after a change here, or a while after one elsewhere', async () => {
    const book = openBook()
    const before = (await book.of(organisationId)).length
    await stored()
    expect(await book.of(organisationId)).toHaveLength(before)
    book.forget(organisationId)
    expect(await book.of(organisationId)).toHaveLength(before + 1)
    await stored()
    backend.clock.forward(5_000)
    expect(await book.of(organisationId)).toHaveLength(before + 2)
  })

  test('one that cannot be read is held without its secret', async () => {
    const book = openBook()
    const made = await stored({ sealed: createSealer('t'.repeat(64), systemRandom).seal('x', 'y') })
    const held = (await book.of(organisationId)).find(({ stored: { id } }) => id === made.id)
    expect(held).toMatchObject({ credential: undefined })
  })
})

describe('the order of credentials', () => {
  const named = (id: string, more: Partial<Credential> = {}): Credential => ({
    ...{ id, label: '...', secret: id, weight: 1, priority: 1 },
    ...more,
  })
  const firstOf = (all: Credential[], cooling: string[] = []) =>
    ordered({ credentials: { isCooling: ({ id }) => cooling.includes(id) } as Credentials, random: systemRandom }, all)

  test('is by priority, with those that rest behind all others', () => {
    const all = [named('c', { priority: 3 }), named('a'), named('b', { priority: 2 })]
    expect(firstOf(all).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(firstOf(all, ['a', 'b']).map(({ id }) => id)).toEqual(['c', 'a', 'b'])
  })

  test('among equals is by chance, as often as the weights say', () => {
    const all = [named('light', { weight: 1 }), named('heavy', { weight: 3 })]
    let heavy = 0
    for (let draws = 0; draws < 4_000; draws++) if (firstOf(all)[0]?.id === 'heavy') heavy++
    // 3000 on average, 27 of deviation.
    expect(heavy).toBeGreaterThan(2_750)
    expect(heavy).toBeLessThan(3_250)
  })

  test('never holds more than a call could try', () => {
    expect(firstOf(Array.from({ length: 40 }, (_, index) => named(`c${index}`)))).toHaveLength(5)
  })
})
