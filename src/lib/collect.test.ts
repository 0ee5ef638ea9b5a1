import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CollectorFull, createCollector } from './collect.ts'

const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}

/** A `run` whose batches end when the test says so. */
function held() {
  const batches: { items: number[]; finish: () => void; fail: (reason: unknown) => void }[] = []
  const run = (items: number[]) =>
    new Promise<number[]>((resolve, fail) => {
      batches.push({ items, finish: () => resolve(items.map((item) => 10 * item)), fail })
    })
  return { run, batches, items: () => batches.map((batch) => batch.items) }
}

/** Lets every microtask that is due run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('createCollector', () => {
  test('an item starts in the same turn when idle, and those added with it share the batch', async () => {
    const { run, batches, items } = held()
    const collector = createCollector({ run, most: 10, capacity: 10 })
    const answers = Promise.all([collector.add(1), collector.add(2)])
    expect(items()).toEqual([])
    await Promise.resolve()
    expect(items()).toEqual([[1, 2]])
    batches[0]?.finish()
    expect(await answers).toEqual([10, 20])
  })

  test('whatever waits while a batch runs goes next, in order, at most so many at once', async () => {
    const { run, batches, items } = held()
    const collector = createCollector({ run, most: 3, capacity: 10 })
    const answers = [collector.add(1)]
    await turn()
    for (const item of [2, 3, 4, 5]) answers.push(collector.add(item))
    expect(collector.size).toBe(4)
    await turn()
    expect(items()).toEqual([[1]])
    batches[0]?.finish()
    await turn()
    expect(items()).toEqual([[1], [2, 3, 4]])
    expect(collector.size).toBe(1)
    batches[1]?.finish()
    await turn()
    expect(items()).toEqual([[1], [2, 3, 4], [5]])
    batches[2]?.finish()
    expect(await Promise.all(answers)).toEqual([10, 20, 30, 40, 50])
  })

  test('an item above the capacity is refused, and there is room again once a batch has gone', async () => {
    const { run, batches } = held()
    const collector = createCollector({ run, most: 2, capacity: 2 })
    const first = collector.add(1)
    await turn()
    const waiting = [collector.add(2), collector.add(3)]
    await expect(collector.add(4)).rejects.toBeInstanceOf(CollectorFull)
    batches[0]?.finish()
    await first
    await turn()
    waiting.push(collector.add(5))
    batches[1]?.finish()
    await turn()
    batches[2]?.finish()
    expect(await Promise.all(waiting)).toEqual([20, 30, 50])
  })

  test('a batch that fails rejects its own items, and the next one runs', async () => {
    const { run, batches } = held()
    const collector = createCollector({ run, most: 2, capacity: 10 })
    const answers = Promise.allSettled([collector.add(1), collector.add(2), collector.add(3)])
    await turn()
    const failure = new Error('the disk is full')
    batches[0]?.fail(failure)
    await turn()
    batches[1]?.finish()
    expect(await answers).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 30 },
    ])
  })

  test('a run that throws, or gives another number of results, rejects its batch', async () => {
    const throwing = createCollector<number, number>({
      run: () => {
        throw new Error('at once')
      },
      most: 5,
      capacity: 5,
    })
    await expect(throwing.add(1)).rejects.toThrow('at once')
    const short = createCollector<number, number>({ run: async () => [1], most: 5, capacity: 5 })
    const answers = await Promise.allSettled([short.add(1), short.add(2)])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await short.add(3)).toBe(1)
  })

  test('idle comes when nothing waits and nothing runs', async () => {
    const { run, batches } = held()
    const collector = createCollector({ run, most: 1, capacity: 5 })
    await collector.idle()
    let idle = false
    const answers = [collector.add(1), collector.add(2)]
    const done = collector.idle().then(() => {
      idle = true
    })
    await turn()
    batches[0]?.finish()
    await turn()
    expect(idle).toBe(false)
    batches[1]?.finish()
    await Promise.all([...answers, done])
    expect(idle).toBe(true)
  })

  test('each item gets its own answer and the batches keep the order of arrival, however calls arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), async (pauses, most) => {
        const seen: number[] = []
        const collector = createCollector<number, string>({
          async run(batch) {
            expect(batch.length).toBeLessThanOrEqual(most)
            seen.push(...batch)
            for (let i = 0; i < batch.length; i++) await Promise.resolve()
            return batch.map(String)
          },
          most,
          capacity: 100,
        })
        const answers: Promise<string>[] = []
        for (const [index, pause] of pauses.entries()) {
          for (let i = 0; i < pause; i++) await Promise.resolve()
          answers.push(collector.add(index))
        }
        const order = pauses.map((_, index) => index)
        expect(await Promise.all(answers)).toEqual(order.map(String))
        expect(seen).toEqual(order)
        await collector.idle()
        expect(collector.size).toBe(0)
      }),
      seed,
    )
  })
})
