/** The disk of a SQLite ledger is full, and has room again: no call is lost, none is charged twice, and people are told. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { chanceFrom, seedOfRun } from './chance.ts'
import { callAtRandom, ledgerOf, modelsAt, modelsYaml, type Seen } from './load-kit.ts'
import { newHome, startProcess } from './turnpike-process.ts'

const MODELS = modelsAt(['near'])
const CLIENTS = 16

test('a disk that fills up refuses calls with 503; afterwards each call that was answered is charged as it was told', async () => {
  const seed = seedOfRun()
  const home = newHome(`providers:\n  near: { type: simulator }\n${modelsYaml(MODELS)}`)
  const first = await startProcess({ home })
  first.signal('SIGTERM')
  await first.ended
  // No file may grow above this, as on a disk that is full.
  const turnpike = await startProcess({ home, fileBytes: 2 * 1_048_576 })
  const [seen, refused] = [[] as Seen[], { times: 0 }]
  const ready = async () => (await fetch(`${turnpike.url}/readyz`)).json() as Promise<{ checks: { store: string } }>
  const chance = chanceFrom(seed)
  const models = MODELS.map(({ id }) => id)
  const call = () => callAtRandom({ url: turnpike.url, key: first.demoKey, models, chance })
  const clients = Array.from({ length: CLIENTS }, async () => {
    for (; refused.times < CLIENTS; ) {
      const reply = await call().catch(() => undefined)
      if (reply) seen.push(reply)
      else if ((await ready()).checks.store === 'unwritable') refused.times++
    }
  })
  await Promise.all(clients)
  const refusal = await fetch(`${turnpike.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${first.demoKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: models[0], messages: [{ role: 'user', content: 'hi' }] }),
  })
  expect([refusal.status, refusal.headers.get('retry-after')]).toEqual([503, '1'])
  expect(turnpike.stderr()).toContain('nothing can be written')
  turnpike.signal('SIGKILL')
  await turnpike.ended

  const again = await startProcess({ home })
  const file = join(home, 'data/turnpike.db')
  const store = await openSqlite({ file, clock: systemClock, random: systemRandom, readonly: true })
  const ledger = await ledgerOf(store)
  expect(seen.length).toBeGreaterThan(0)
  for (const { id, cost } of seen) expect(ledger.records.get(id)?.cost, `${id}, FC_SEED=${seed}`).toBe(cost)
  expect(ledger.pending).toEqual([])
  expect(ledger.reservedNanos).toBe(0n)
  expect(ledger.recordCount).toBe(ledger.records.size)
  expect(await verifyLedger(store)).toEqual([])
  await store.close()
  again.signal('SIGTERM')
  await again.ended
  rmSync(home, { recursive: true, force: true })
}, 120_000)
