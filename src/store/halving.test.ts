import { expect, test } from 'vitest'
import type { Command, Outcome } from '../core/ledger-commands.ts'
import { halving, halvingOverNetwork } from './halving.ts'
import { StoreAway } from './store.ts'

const commands = Array.from(
  { length: 7 },
  (_, index): Command => ({
    type: 'cancel',
    organisationId: 1n,
    at: index,
    reservationId: BigInt(index),
    actor: 'test',
  }),
)
const done = ({ at }: Command): Outcome => ({ ok: true, result: { kind: 'changed', expiresAt: at } })

/** Refuses every batch that holds the culprit; keeps the order in which the others went through. */
function database(culprit: number, error: Error) {
  const through: number[] = []
  const run = (batch: readonly Command[]) => {
    if (batch.some(({ at }) => at === culprit)) throw error
    through.push(...batch.map(({ at }) => at))
    return batch.map(done)
  }
  return { through, run }
}

const others = [0, 1, 2, 3, 5, 6]

test('the command that the database refuses fails alone, the others go through in their order', async () => {
  const here = database(4, new Error('refused'))
  const there = database(4, new Error('refused'))
  const answers = [halving(here.run, commands), await halvingOverNetwork(async (batch) => there.run(batch), commands)]
  for (const outcomes of answers) {
    expect(outcomes[4]).toMatchObject({ ok: false, failure: expect.stringContaining('refused') })
    expect(outcomes.filter((outcome) => 'ok' in outcome && outcome.ok)).toHaveLength(6)
  }
  expect(here.through).toEqual(others)
  expect(there.through).toEqual(others)
})

test('a database that is out of reach is not asked again, and what it committed before keeps its outcome', async () => {
  const away = new StoreAway('gone')
  let asked = 0
  const run = async (batch: readonly Command[]) => {
    asked++
    if (asked === 1) throw new Error('refused')
    if (asked === 3) throw away
    return batch.map(done)
  }
  const outcomes = await halvingOverNetwork(run, commands)
  expect(asked).toBe(3)
  expect(outcomes.slice(0, 3)).toEqual(commands.slice(0, 3).map(done))
  expect(outcomes.slice(3)).toEqual([away, away, away, away])
})
