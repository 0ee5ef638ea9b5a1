import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { commandsAt } from '../../test/commands.ts'
import type { Outcome, Settle } from '../core/ledger-commands.ts'
import { systemClock } from '../lib/clock.ts'
import { createIds } from '../lib/id.ts'
import { createLog } from '../lib/log.ts'
import { systemRandom } from '../lib/random.ts'
import { openSettleJournal, type SettleJournal } from './settle-journal.ts'
import { createSettlements } from './settlements.ts'
import { type Store, StoreAway, StoreFailed } from './store.ts'

const log = createLog({ level: 'silent' })
const make = commandsAt(systemClock.now, createIds({ clock: systemClock, random: systemRandom }))
const settle = (): Settle => make.settle(make.admit(null, 1n), 1n)
const idsIn = (journal: SettleJournal) => journal.waiting(100).map(({ command }) => command?.record.id)

let folder: string
const open: SettleJournal[] = []
const journalHere = (mostBytes?: number) => {
  const journal = openSettleJournal(folder, log, mostBytes)
  open.push(journal)
  return journal
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnpike-journal-'))
})
afterEach(() => {
  for (const journal of open.splice(0)) journal.close()
  rmSync(folder, { recursive: true, force: true })
})

test('what was appended is there after a new start, as it was and in its order', () => {
  const settles = [settle(), settle(), settle()]
  const first = journalHere()
  first.append(settles)
  expect(statSync(join(folder, 'settle-journal-1.db')).mode & 0o077).toBe(0)
  first.close()
  open.pop()
  expect(
    journalHere()
      .waiting(100)
      .map(({ command }) => command),
  ).toEqual(settles)
})

test('two processes on one folder have a journal each, and the next start finds what both left', () => {
  const [one, other] = [journalHere(), journalHere()]
  const settles = [settle(), settle()]
  one.append(settles.slice(0, 1))
  other.append(settles.slice(1))
  expect([one.size, other.size]).toEqual([1, 1])
  for (const journal of open.splice(0)) journal.close()
  expect(idsIn(journalHere()).sort()).toEqual(settles.map(({ record }) => record.id).sort())
  expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toEqual(['settle-journal-1.db'])
})

test('it is bounded: half of it is for new calls, the rest for those under way, and what does not fit is refused whole', () => {
  const journal = journalHere(400_000)
  const few = Array.from({ length: 20 }, settle)
  let rounds = 0
  expect(() => {
    for (; rounds < 1_000; rounds++) journal.append(few)
  }).toThrow(/full/)
  expect(journal.size).toBe(rounds * few.length)
  expect(journal.hasRoom).toBe(false)
  for (let entries = journal.waiting(100); entries.length > 0; entries = journal.waiting(100)) journal.remove(entries)
  expect(journal.hasRoom).toBe(true)
})

test('a file that is no journal is kept under another name', () => {
  writeFileSync(join(folder, 'settle-journal-1.db'), 'something else, long enough to be looked at'.repeat(200))
  expect(journalHere().size).toBe(0)
  expect(readdirSync(folder)).toContain('settle-journal-1.db.broken')
})

test('while the database is away settles wait; what it refuses for good is set aside, and the others go in', async () => {
  const settles = [settle(), settle(), settle()]
  const poisoned = settles[1]?.record.id
  const taken: bigint[] = []
  let isAway = true
  const post = async (command: Settle): Promise<Outcome> => {
    if (isAway) throw new StoreAway('away')
    if (command.record.id === poisoned) throw new StoreFailed('a constraint')
    taken.push(command.record.id)
    return { ok: true, result: { kind: 'settled', state: 'settled', overQuote: false } }
  }
  const store = { now: systemClock.now, post } as unknown as Store
  const journal = openSettleJournal(folder, log)
  const aside: bigint[] = []
  const settlements = createSettlements({
    ...{ store, journal, log, clock: systemClock, waitMs: 0 },
    onSetAside: ({ record }) => void aside.push(record.id),
  })
  expect(await Promise.all(settles.map(settlements.post))).toEqual(['waiting', 'waiting', 'waiting'])
  await settlements.replay()
  expect(settlements.waiting).toBe(3)
  isAway = false
  for (let round = 0; round < 3; round++) await settlements.replay()
  expect(taken).toEqual([settles[0]?.record.id, settles[2]?.record.id])
  expect(aside).toEqual([poisoned])
  expect(settlements.waiting).toBe(0)
  await settlements.close()
})
