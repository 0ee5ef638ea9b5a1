/** A thread of the SQLite store as the main thread sees it. */

import { Worker } from 'node:worker_threads'
import { beside } from '../lib/beside.ts'
import type { Answer, Request, ThreadOptions } from './sqlite-serve.ts'
import { StoreAway, StoreFailed, StoreUnusable } from './store.ts'

type Role = 'writer' | 'reader'

export type Thread = {
  ask(request: Request): Promise<unknown>
  /** Ends it where it stands, whoever still waits. */
  leave(): void
  stop(): Promise<void>
}

const awayWith = (reason: string) => new StoreAway(`the disk does not do what it should: ${reason}`, { unsure: true })

export const noWriter: Thread = {
  ask: () => Promise.reject(new StoreFailed('this store was opened to be read')),
  leave: () => {},
  stop: () => Promise.resolve(),
}

export async function startThread(
  role: Role,
  options: ThreadOptions,
  onBatch?: (commands: number) => void,
): Promise<Thread> {
  const worker = new Worker(beside(import.meta.url, `sqlite-${role}`), { workerData: options })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let next = 1
  let dead: Error | undefined
  const fail = (error: Error) => {
    dead = error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const ready = new Promise<unknown>((resolve, reject) => waiting.set(0, { resolve, reject }))
  worker.on('message', (answers: Answer[]) => {
    for (const { id, value, error, away, batch } of answers) {
      if (batch !== undefined) onBatch?.(batch)
      const asked = waiting.get(id)
      waiting.delete(id)
      if (error === undefined) asked?.resolve(value)
      else asked?.reject(id === 0 ? new StoreUnusable(error) : away ? awayWith(error) : new StoreFailed(error))
    }
  })
  worker.on('error', fail)
  worker.on('exit', (code) => fail(new StoreFailed(`the ${role} of ${options.file} ended (${code})`)))
  await ready
  const ask = (request: Request) =>
    new Promise<unknown>((resolve, reject) => {
      if (dead) return reject(dead)
      const id = next++
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, request })
    })
  return {
    ask,
    leave: () => void worker.terminate(),
    async stop() {
      await ask({ kind: 'close' })
      await worker.terminate()
    },
  }
}
