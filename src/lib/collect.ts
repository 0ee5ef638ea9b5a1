/**
 * Gathers concurrent calls into batches without a timer: when idle, a call starts at once; whatever arrives while a
 * batch runs goes together in the next. So batches grow with the load and cost no waiting without it.
 */
import { assert } from './assert.ts'

type Collector<I, O> = {
  add(item: I): Promise<O>
  /** How many items wait; those of the running batch are not among them. */
  readonly size: number
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>
}

/** So many items wait already that one more is refused. */
export class CollectorFull extends Error {
  override readonly name = 'CollectorFull'
}

/**
 * `run` gets at most `most` items in the order of their arrival and answers with one result for each; one batch runs at
 * a time. If it rejects, the items of that batch reject, and the next batch runs all the same. Above `capacity` waiting
 * items `add` rejects with {@link CollectorFull}.
 */
export function createCollector<I, O>({ run, most, capacity }: CollectorOptions<I, O>): Collector<I, O> {
  let waiting: Waiting<I, O>[] = []
  let running = false
  const whenIdle: (() => void)[] = []

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most)
      waiting = waiting.slice(most)
      await runBatch(run, batch)
    }
    running = false
    for (const resolve of whenIdle.splice(0)) resolve()
  }

  return {
    add(item) {
      if (waiting.length >= capacity) return Promise.reject(new CollectorFull(`${capacity} items wait already`))
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        if (running) return
        running = true
        // Items that are added in the same turn share the first batch.
        queueMicrotask(work)
      })
    },
    get size() {
      return waiting.length
    },
    idle: () => (running ? new Promise((resolve) => whenIdle.push(resolve)) : Promise.resolve()),
  }
}

type CollectorOptions<I, O> = { run: (batch: I[]) => Promise<O[]>; most: number; capacity: number }
type Waiting<I, O> = { item: I; resolve: (result: O) => void; reject: (reason: unknown) => void }

async function runBatch<I, O>(run: (batch: I[]) => Promise<O[]>, batch: readonly Waiting<I, O>[]): Promise<void> {
  try {
    const results = await run(batch.map(({ item }) => item))
    assert(results.length === batch.length, `a batch of ${batch.length} was answered with ${results.length} results`)
    for (const [index, { resolve }] of batch.entries()) resolve(results[index] as O)
  } catch (reason) {
    for (const { reject } of batch) reject(reason)
  }
}
