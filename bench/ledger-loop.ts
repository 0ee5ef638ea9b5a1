/** Callers side by side, each of which reserves and settles, over and over, and what their pairs took. */
import type { Command, Outcome } from '../src/core/ledger-commands.ts'
import { systemClock } from '../src/lib/clock.ts'
import type { Pair } from './ledger-pairs.ts'
import { createSamples, type Summary } from './statistics.ts'

/** Commands of one transaction, in order: twice the number of the pair, and one more where it is the settle. */
export type Batch = number[]
export type LoopResult = { perSecond: number; pair: Summary; batches: Batch[] }

export async function loop(
  post: (command: Command) => Promise<Outcome>,
  pairs: readonly Pair[],
  callers: number,
): Promise<LoopResult> {
  const samples = createSamples(pairs.length)
  const { batches, answered } = recorder()
  let next = 0
  const call = async () => {
    for (let n = next++; n < pairs.length; n = next++) {
      const { reserve, settle } = pairs[n] as Pair
      const start = systemClock.elapsed()
      accept(await post(reserve))
      answered(2 * n)
      accept(await post(settle))
      answered(2 * n + 1)
      samples.add(systemClock.elapsed() - start)
    }
  }
  const start = systemClock.elapsed()
  const callersOf = (count: number) => Array.from({ length: count }, call)
  const early = callersOf(callers >> 1)
  // The others begin a step later: else reservations and settles would go in batches apart for ever.
  await systemClock.sleep(0)
  await Promise.all([...early, ...callersOf(callers - early.length)])
  const seconds = (systemClock.elapsed() - start) / 1000
  return { perSecond: pairs.length / seconds, pair: samples.summary(), batches }
}

/** What a store answers within one turn was one transaction: its answers come together. */
function recorder() {
  const batches: Batch[] = []
  let open: Batch | undefined
  const answered = (command: number) => {
    if (open) return void open.push(command)
    open = [command]
    batches.push(open)
    // Ticks run when all promises of the turn have been followed.
    process.nextTick(() => {
      open = undefined
    })
  }
  return { batches, answered }
}

function accept(outcome: Outcome): void {
  if (!outcome.ok)
    throw new Error(`the ledger refused: ${'refusal' in outcome ? outcome.refusal.code : outcome.failure}`)
}
