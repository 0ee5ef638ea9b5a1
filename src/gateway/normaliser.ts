/**
 * OpenRouter's normalised counts: the same texts by one tokenizer, for every model. Nobody is billed by them, so they are
 * made beside the calls, within a budget, and are missing (null) where a busy server had no time for them.
 */
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import { type NormalisedCount, saveNormalised } from '../store/token-counts.ts'
import type { TokenCount } from '../tokens/token-counter.ts'
import type { Admission } from './admit.ts'
import { countPrompt } from './estimate.ts'
import type { Gateway } from './gateway.ts'

export type Normaliser = {
  /** Whether there is time for one more; takes it if so. */
  take(): boolean
  /** The counts of a generation, once they are there. */
  save(count: NormalisedCount): void
}

/** Calls counted a second: what a small part of one core does. */
const PER_SECOND = 100
const WRITE_EVERY_MS = 250

export function createNormaliser({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Normaliser {
  let second = 0
  let taken = 0
  let waiting: NormalisedCount[] = []
  const write = () => {
    const counts = waiting
    waiting = []
    saveNormalised(store, counts).catch((error: unknown) =>
      log.warn({ error }, 'normalised token counts were not saved'),
    )
  }
  return {
    take() {
      const now = Math.floor(clock.elapsed() / 1000)
      if (now !== second) {
        second = now
        taken = 0
      }
      return taken++ < PER_SECOND
    },
    save(count) {
      if (waiting.push(count) === 1) clock.after(WRITE_EVERY_MS, write)
    },
  }
}

/** Counts a call's texts, if there is time; false: there is none, and `completion` was not asked for. */
export function normalise(
  { normaliser, tokens, log }: Gateway,
  { id, caller, call }: Admission,
  completion: () => Promise<TokenCount>,
): boolean {
  if (!normaliser.take()) return false
  const exact = (count: TokenCount): number | null => (count.exact ? count.tokens : null)
  Promise.all([countPrompt(tokens, call), completion()]).then(
    ([prompt, output]) =>
      normaliser.save({
        usageRecordId: id.id,
        organisationId: caller.organisationId,
        prompt: exact(prompt),
        completion: exact(output),
      }),
    (error: unknown) => log.warn({ error }, 'a call was not counted'),
  )
  return true
}
