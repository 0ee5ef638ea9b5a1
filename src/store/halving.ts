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
    if (error instanceof StoreAway) throw error
    if (commands.length <= 1) return commands.map((command) => failed(error, command))
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
    if (commands.length <= 1) return commands.map((command) => failed(error, command))
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

function failed(error: unknown, { type }: Command): Outcome {
  // What a model call came to is written whatever it is; anything else that a sum cannot hold is refused.
  if (isOverflow(error) && type !== 'settle') return { ok: false, refusal: { code: 'out_of_range', details: {} } }
  return { ok: false, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

/** A sum would pass 64 bits: PostgreSQL says so by a code, SQLite by the column that it would have made a float of. */
const isOverflow = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error && error.code === '22003') || /cannot store REAL value in INTEGER column/.test(error.message))
