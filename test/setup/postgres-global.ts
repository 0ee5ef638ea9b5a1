/**
 * Vitest's global set-up: at most one PostgreSQL for the whole run, started by the first test file that asks for a
 * database (see fresh-database.ts), so that a run without such a file doesn't pay for it. Test files run in processes
 * of their own; they ask through a loopback port that answers only those that know the word.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { TestProject } from 'vitest/node'
import { type Postgres, startPostgres } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresDoor: { address: string; word: string }
  }
}

export default async function setup({ provide }: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const word = randomBytes(16).toString('hex')
  let started: Promise<Postgres> | undefined
  const door = createServer(async (request, response) => {
    if (request.headers.authorization !== word) return response.writeHead(401).end()
    started ??= startPostgres()
    const [status, answer] = await started.then(
      ({ url }) => [200, url] as const,
      (failure: unknown) => [500, String(failure)] as const,
    )
    return response.writeHead(status, { connection: 'close' }).end(answer)
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  const address = door.address()
  if (address === null || typeof address === 'string') throw new Error('the door to PostgreSQL has no port')
  provide('postgresDoor', { address: `http://127.0.0.1:${address.port}`, word })
  return async () => {
    door.close()
    await started?.then(
      ({ stop }) => stop(),
      () => {},
    )
  }
}
