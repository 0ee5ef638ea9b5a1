/** What must hold after every kill, whenever it came. */
import { expect } from 'vitest'
import { seedOfRun } from './chance.ts'
import { DEMO_CREDIT_NANOS, killRounds, type Round } from './kill-rounds.ts'

/** Fails with the seed that the kills of this run came from. */
export async function expectKillsSurvived(rounds: number): Promise<void> {
  const seed = seedOfRun()
  const past: Round[] = []
  const check = (round: Round) => {
    past.push(round)
    checkRound(round)
  }
  await killRounds({ rounds, seed, check }).catch((failure: unknown) => {
    throw new Error(`round ${past.length} of FC_SEED=${seed}`, { cause: failure })
  })
  expect(past.some(({ seen }) => seen.length > 0)).toBe(true)
  expect(past.some(({ killed }) => killed.pending.length > 0)).toBe(true)
}

function checkRound(round: Round): void {
  const { seen, killed, after } = round
  expect(after.pending, 'no reservation stays behind').toEqual([])
  expect(after.reservedNanos, 'nothing stays reserved').toBe(0n)
  expect(after.recordCount, 'one record for each generation').toBe(after.records.size)
  for (const { id, cost } of seen)
    expect(after.records.get(id)?.cost, `the cost that the client of ${id} was told`).toBe(cost)
  for (const id of killed.pending)
    expect(after.records.get(id), `the record of ${id}, which was under way`).toMatchObject({
      status: 'interrupted',
      source: 'estimated',
    })
  for (const [id, record] of killed.records)
    expect(after.records.get(id), `the record of ${id}, which had been settled`).toEqual(record)
  expect(after.recordCount, 'each admitted call has a record, and no other').toBe(
    killed.recordCount + killed.pending.length,
  )
  expect(after.farCount, 'nothing went upstream without admission').toBeGreaterThanOrEqual(round.sentUpstream)
  expect(after.postedNanos, 'the balance is what was given less what was charged').toBe(
    DEMO_CREDIT_NANOS - after.chargedNanos,
  )
  if (!round.killedAgain && killed.pending.length > 0)
    expect(round.welcome).toContain(`Settled ${killed.pending.length} call`)
  expect(round.verify, 'verify finds nothing').toMatchObject({ code: 0 })
}
