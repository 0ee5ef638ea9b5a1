/**
 * A batch that the database refuses is halved until the command is found that it refuses: that one fails alone, the
 * others go through.
 */
import type { Command, Outcome } from '../core/ledger-commands.ts'
import { StoreAway } from './store.ts'

export function halving(run: (commands: readonly Command[]) => Outcome[], commands: readonly Command[]): Outcome[] {
  try {
    return run(commands)
  } catch (error) {
    if (commands.length <= 1) return commands.map(() => failed(error))
    return halves(commands).flatMap((half) => halving(run, half))
  }
}

/** Where the database went out of reach, each command of that part answers so; parts that were committed keep their outcomes. */
export async function halvingOverNetwork(
  run: (commands: readonly Command[]) => Promise<Outcome[]>,
  commands: readonly Command[],
): Promise<(Outcome | StoreAway)[]> {
  try {
    return await run(commands)
  } catch (error) {
    if (error instanceof StoreAway) return commands.map(() => error)
    if (commands.length <= 1) return commands.map(() => failed(error))
    const outcomes: (Outcome | StoreAway)[] = []
    for (const half of halves(commands)) outcomes.push(...(await halvingOverNetwork(run, half)))
    return outcomes
  }
}

/** In the order of their arrival: the second half sees what the first left. */
function halves(commands: readonly Command[]): (readonly Command[])[] {
  const middle = commands.length >> 1
  return [commands.slice(0, middle), commands.slice(middle)]
}

const failed = (error: unknown): Outcome => ({
  ok: false,
  failure: error instanceof Error ? (error.stack ?? error.message) : String(error),
})
