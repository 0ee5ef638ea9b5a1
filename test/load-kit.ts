/** Calls of every form at random, what their clients saw, and what the ledger says of them. */
import { randomUUID } from 'node:crypto'
import { lateKey } from '../src/core/ledger-adjust.ts'
import { generationId } from '../src/lib/id.ts'
import { nanosNumber } from '../src/lib/money.ts'
import type { Store } from '../src/store/store.ts'
import type { Chance } from './chance.ts'

/** A reply that a client read to its end. `cost` undefined: it told none. */
export type Seen = { readonly id: string; readonly cost: number | undefined }

/** Nothing here depends on the number of tokens, so any count will do. */
export const lettersAsTokens = {
  countTokens: async (text: string) => Math.ceil(text.length / 4),
  countPrompt: async () => 10,
}

const BEHAVIOURS = ['sentences', 'slow-first-token-150', 'slow-20', 'exact', 'no-usage', 'cut-stream-4']

/** Each behaviour of the simulator at each of the providers. */
export const modelsAt = (providers: readonly string[]) =>
  providers.flatMap((provider) => BEHAVIOURS.map((upstream) => ({ id: `${provider}/${upstream}`, provider, upstream })))

export const modelsYaml = (models: ReturnType<typeof modelsAt>): string => `models:
${models
  .map(
    ({ id, provider, upstream }) =>
      `  - id: ${id}
    contextLength: 10000
    maxOutputTokens: 400
    endpoints: [{ provider: ${provider}, model: ${upstream}, prices: { input: "0.20", cache_read: "0.05", output: "0.50" } }]
`,
  )
  .join('')}`

type Calling = {
  readonly url: string
  readonly key: string
  readonly models: readonly string[]
  readonly chance: Chance
}

/** One call in any form; undefined where there is no complete reply. */
export async function callAtRandom({ url, key, models, chance }: Calling): Promise<Seen | undefined> {
  const stream = chance.below(2) === 0
  const leaves = chance.below(8) === 0
  const response = await fetch(`${url}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ model: models[chance.below(models.length)], stream },
      messages: [{ role: 'user', content: randomUUID() }],
    }),
    ...(leaves ? { signal: AbortSignal.timeout(20 + chance.below(200)) } : {}),
  })
  const text = await response.text()
  if (response.status !== 200) return undefined
  return stream ? lastOf(text) : seenIn(JSON.parse(text))
}

/** Of a stream that came to its end. */
function lastOf(text: string): Seen | undefined {
  if (!text.endsWith('data: [DONE]\n\n')) return undefined
  const events = text.split('\n\n').filter((event) => event.startsWith('data: {'))
  return events.map((event) => seenIn(JSON.parse(event.slice('data: '.length)))).findLast((seen) => seen !== undefined)
}

function seenIn(body: { id?: string; usage?: { cost?: number } }): Seen | undefined {
  return body.id !== undefined && body.usage !== undefined ? { id: body.id, cost: body.usage.cost } : undefined
}

type Record = {
  readonly status: string
  readonly source: string
  /** With what put an estimate right. */
  readonly cost: number
  readonly account: bigint | null
}

/** What lies in a database. */
export type Ledger = {
  /** Admitted and not yet settled. */
  readonly pending: readonly string[]
  readonly records: ReadonlyMap<string, Record>
  readonly recordCount: number
  /** Of the provider outside of the process. */
  readonly farCount: number
  readonly chargedNanos: bigint
  readonly postedNanos: bigint
  readonly reservedNanos: bigint
}

export async function ledgerOf(store: Pick<Store, 'rows' | 'sql'>): Promise<Ledger> {
  const { sql } = store
  const pending = await store.rows(sql.selectFrom('reservations').select('code').where('kind', '=', 'gateway'))
  const records = await store.rows(
    sql
      .selectFrom('usage_records')
      .select(['code', 'kind', 'provider', 'status', 'source', 'charge_nanos', 'account_id', 'dedupe_key']),
  )
  const calls = records.filter(({ kind }) => kind === 'original')
  const late = new Map(records.map(({ dedupe_key, charge_nanos }) => [dedupe_key, charge_nanos]))
  const accounts = await store.rows(sql.selectFrom('accounts').select(['posted_nanos', 'reserved_nanos']))
  const sum = (amounts: readonly (bigint | null)[]) => amounts.reduce<bigint>((all, each) => all + (each ?? 0n), 0n)
  return {
    pending: pending.map(({ code }) => generationId(code)),
    records: new Map(
      calls.map(({ code, status, source, charge_nanos, account_id }) => [
        generationId(code),
        { status, source, cost: nanosNumber(sum([charge_nanos, late.get(lateKey(code)) ?? 0n])), account: account_id },
      ]),
    ),
    recordCount: calls.length,
    farCount: calls.filter(({ provider }) => provider === 'far').length,
    chargedNanos: sum(records.map(({ charge_nanos }) => charge_nanos)),
    postedNanos: sum(accounts.map(({ posted_nanos }) => posted_nanos)),
    reservedNanos: sum(accounts.map(({ reserved_nanos }) => reserved_nanos)),
  }
}
