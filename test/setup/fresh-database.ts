/** A test file's own empty PostgreSQL database, on the one server of the run. Throws where there is none: no suite is skipped for want of it. */
import { inject } from 'vitest'
import { createDatabase } from './postgres.ts'
import type {} from './postgres-global.ts'

export async function freshDatabase(): Promise<string> {
  const { address, word } = inject('postgresDoor')
  const answer = await fetch(address, { headers: { authorization: word } })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`no PostgreSQL for this suite: ${text}`)
  return createDatabase(text)
}
